/* The live connection: one WebSocket, a banner when it is gone, and back within two seconds of the
   server's return after any outage. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const SILENCE = 3000; // ms without a word (the server speaks at least every second)
  const LONGEST_WAIT = 1200; // ms between attempts at most, jitter included
  const ATTEMPT = 2500; // ms that one attempt may take
  const JUMP = 2000; // ms that the display's clock goes on or back by itself

  let socket = null;
  let heardAt = 0; // by performance.now(): our own clock may jump
  let heardClock = null; // the same moment by the server's clock
  let apart = 0; // the display's clock and the steady one, at the same moment
  let busLost = null;
  let wait = 100;

  function hear(event) {
    const message = JSON.parse(event.data);
    if (message.t !== "hello" && jumped()) return void drop(event.target);
    apart = Date.now() - performance.now();
    heardAt = performance.now();
    heardClock = message.now;
    cc.hearClock(message.now);
    if (message.bus !== undefined) busLost = message.bus;
    if (message.t === "hello") {
      wait = 100;
      const build = document.querySelector("meta[name=build]");
      if (build && build.content !== message.build) return void location.reload();
    }
    if (message.t === "revoked" || message.t === "reload") return void location.reload();
    if (message.panels && !cc.take(message)) event.target.send("again");
    if (message.t === "rows") cc.takeRows(message);
    if (message.t === "beat" && message.ask) event.target.send(cc.report ? cc.report() : "here");
    banner();
  }

  // The machine has slept, or its clock was set. After a sleep the old connection still brings what
  // came before it, and calls that now; only a new one tells what is.
  const jumped = () => Math.abs(Date.now() - performance.now() - apart) > JUMP;

  function connect() {
    const address = new URL("/live", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.searchParams.set("page", location.pathname);
    const language = new URLSearchParams(location.search).get("lang");
    if (language) address.searchParams.set("lang", language);
    const attempt = new WebSocket(address);
    const impatience = setTimeout(() => drop(attempt), ATTEMPT);
    socket = attempt;
    attempt.onmessage = hear;
    attempt.onopen = () => {
      clearTimeout(impatience);
      attempt.openedAt = performance.now();
    };
    attempt.onclose = () => {
      clearTimeout(impatience);
      drop(attempt);
    };
  }

  function drop(which) {
    if (which !== socket) return;
    socket = null;
    which.onmessage = which.onclose = which.onopen = null;
    which.close();
    if (!which.openedAt) refused();
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 1.7, LONGEST_WAIT);
  }

  // A browser does not tell why a socket was refused. A display that was revoked while it was away
  // is refused everything, and so is whoever was signed out: the page loads itself anew and is shown
  // a code, or where to sign in. A server that is away refuses nothing.
  let refusals = 0;
  async function refused() {
    refusals += 1;
    if (refusals % 4) return;
    const address = "/_dash-layout?" + new URLSearchParams({ page: location.pathname });
    const answer = await fetch(address, { signal: AbortSignal.timeout(ATTEMPT) }).catch(() => null);
    if (answer && (answer.status === 401 || answer.status === 403)) location.reload();
  }

  // Not part of the layout: it must be there also when the layout never came.
  function newBanner() {
    const strip = document.createElement("div");
    strip.id = "banner";
    strip.setAttribute("role", "status");
    return document.body.appendChild(strip);
  }

  function banner() {
    const strip = document.getElementById("banner") || newBanner();
    const lost = performance.now() - heardAt > SILENCE;
    const state = lost ? "lost" : busLost ? "bus" : "live";
    if (document.body.dataset.connection !== state) document.body.dataset.connection = state;
    const since = lost ? heardClock : busLost;
    let text = "";
    if (lost && since === null) text = cc.word("No connection to the server yet");
    else if (lost) text = cc.word("Disconnected since {clock}", { clock: cc.clockWithZone(since, true) });
    else if (busLost) text = cc.word("No data since {clock}: the message bus is away", { clock: cc.clockWithZone(since, true) });
    if (strip.textContent !== text) strip.textContent = text;
  }

  setInterval(function () {
    const silent = performance.now() - heardAt > SILENCE;
    if (socket && socket.readyState === 1 && silent && performance.now() - socket.openedAt > SILENCE) drop(socket);
    banner();
  }, 250);

  // A page that was loaded while the server was going away never gets its layout: load it again.
  // But only from a server that answers: nothing leads back from the browser's own error page.
  setInterval(async function () {
    if (document.getElementById("page")) return;
    const answer = await fetch("/healthz", { signal: AbortSignal.timeout(ATTEMPT) }).catch(() => null);
    if (answer && answer.ok) location.reload();
  }, 15000);

  connect();
})(window.commandcenter);
