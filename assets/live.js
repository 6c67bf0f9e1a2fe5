/* The live connection: one WebSocket, a banner when it is gone, and back within two seconds of the
   server's return after any outage. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const SILENCE = 3500; // ms without a word (the server speaks at least every second)
  const LONGEST_WAIT = 1200; // ms between attempts at most, jitter included
  const ATTEMPT = 2500; // ms that one attempt may take

  let socket = null;
  let heardAt = 0; // by performance.now(): our own clock may jump
  let heardClock = null; // the same moment by the server's clock
  let busLost = null;
  let wait = 100;
  let pending = {}; // panel -> newest drawing not yet shown: a busy page skips, it never queues
  let resting = false; // since a drawing was shown, until the page had a turn for all else

  const channel = new MessageChannel(); // a task without setTimeout's clamp of 4 ms
  channel.port1.onmessage = again;

  function page() {
    return document.getElementById("page");
  }

  function again() {
    resting = false;
    show();
  }

  // At once when the page is idle; what comes while it is busy replaces what waits.
  function show() {
    if (resting || !Object.keys(pending).length) return;
    resting = true;
    if (!page() || !window.dash_clientside || !window.dash_clientside.set_props) {
      return void setTimeout(again, 10);
    }
    const drawings = pending;
    pending = {};
    try {
      draw(drawings);
    } finally {
      if (Object.keys(pending).length) setTimeout(again, 50); // the page itself is not drawn yet
      else channel.port2.postMessage(0);
    }
  }

  function draw(drawings) {
    for (const [panel, drawing] of Object.entries(drawings)) {
      if (!document.getElementById("panel-" + panel)) {
        if (!(panel in pending)) pending[panel] = drawing;
        continue;
      }
      const { figure, ...rest } = drawing;
      dash_clientside.set_props("panel-" + panel, { drawing: rest });
      if (figure && document.getElementById("chart-" + panel)) {
        dash_clientside.set_props("chart-" + panel, { figure: scaled(figure) });
      }
    }
  }

  // A chart is drawn in pixels, everything around it in parts of the screen.
  function scaled(figure) {
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const font = figure.layout && figure.layout.font;
    if (font) font.size = Math.max(8, font.size * scale);
    for (const trace of figure.data || []) if (trace.line) trace.line.width *= scale;
    return figure;
  }

  function take(panels) {
    Object.assign(pending, panels);
    show();
  }

  function hear(event) {
    const message = JSON.parse(event.data);
    heardAt = performance.now();
    heardClock = message.now;
    cc.hearClock(message.now);
    if (message.bus !== undefined) busLost = message.bus;
    if (message.t === "hello") {
      wait = 100;
      const build = document.querySelector("meta[name=build]");
      if (build && build.content !== message.build) return void location.reload();
    }
    if (message.panels) take(message.panels);
    if (message.t === "beat" && message.ask) event.target.send("here");
    banner();
  }

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
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 1.7, LONGEST_WAIT);
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
  setInterval(function () {
    if (!page() && performance.now() > 15000) location.reload();
  }, 15000);

  connect();
})(window.commandcenter);
