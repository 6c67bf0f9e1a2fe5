/* The page that shows a code (/wall without a token): fetches a code, renews it before it expires,
   and asks for its token until somebody has entered it. Nobody ever has to touch it. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const page = document.querySelector("main.pairing");
  if (!page) return;

  const KEPT = "commandcenter.pairing"; // the code outlives a power cut, and so does its secret
  const PAIRED = "commandcenter.paired";
  const EVERY = Number(page.dataset.every); // ms between questions
  const LONGEST_WAIT = 5 * EVERY; // while the server does not answer
  const ANSWER = 5000; // ms that an answer may take
  const RENEW = 20000; // ms before the end of a code, when a new one is fetched

  let wait = EVERY;
  let silentSince = null;

  function kept() {
    try {
      return JSON.parse(localStorage.getItem(KEPT));
    } catch (error) {
      return null;
    }
  }
  const keep = (asked) => localStorage.setItem(KEPT, JSON.stringify(asked));
  const forget = () => localStorage.removeItem(KEPT);
  const pixels = (length) => Math.round(length * devicePixelRatio);

  async function post(path, body) {
    const answer = await fetch("/wall/pairing" + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER),
    });
    return { status: answer.status, told: await answer.json() };
  }

  async function ask() {
    const asked = kept();
    if (asked && (asked.claimed || asked.until - cc.now() > RENEW)) {
      return hear(await post("/collect", { secret: asked.secret }), asked);
    }
    const size = { width: pixels(innerWidth), height: pixels(innerHeight) };
    return hear(await post("", { ...size, secret: asked ? asked.secret : "" }), asked);
  }

  // Whether the server did what was asked.
  function hear({ status, told }, asked) {
    cc.hearClock(told.now);
    silentSince = null;
    if (told.build !== document.querySelector("meta[name=build]").content) location.reload();
    else if (told.paired) begin();
    else if (status === 200) keep({ code: told.code, secret: told.secret, from: told.now, until: told.expires_at });
    else if (status === 404 || status === 410) forget();
    else if (status === 409) keep({ ...asked, claimed: true });
    else if (status !== 202) {
      say("refused", "warn", cc.word("The server cannot pair now: {why}; trying again", { why: told.why }));
      return false;
    }
    if (!told.paired && status !== 404 && status !== 410) waitForOperator();
    return true;
  }

  function begin() {
    forget();
    sessionStorage.setItem(PAIRED, String(Date.now()));
    say("paired", "ok", cc.word("The code was entered; the wall begins"));
    location.reload();
  }

  function waitForOperator() {
    const lost = Date.now() - Number(sessionStorage.getItem(PAIRED)) < 60000;
    if (lost && !page.querySelector(".revoked")) {
      say("waiting", "warn", cc.word("This browser kept no cookie; allow cookies here, then pair it again"));
    } else say("waiting", "ok", cc.word("Waiting for an operator to enter the code"));
  }

  function fail() {
    silentSince = silentSince || cc.now();
    const clock = cc.clockWithZone(silentSince, true);
    say("silent", "bad", cc.word("No answer from the server since {clock}; trying again", { clock }));
  }

  function say(state, level, text) {
    page.dataset.state = state;
    document.querySelector("#told .mark").className = "mark " + level;
    document.querySelector("#told span").textContent = text;
  }

  async function loop() {
    let well = false;
    try {
      well = await ask();
    } catch (error) {
      fail();
    } finally {
      show();
      wait = well ? EVERY : Math.min(wait * 1.7, LONGEST_WAIT);
      // With jitter: after an outage not all displays of a house knock in the same instant.
      setTimeout(loop, wait * (0.75 + Math.random() / 2));
    }
  }

  function show() {
    const asked = kept();
    const left = asked ? Math.max(0, asked.until - cc.now()) : 0;
    const code = left ? asked.code : "";
    const whole = code.slice(0, 3) + "-" + code.slice(3);
    const shown = document.getElementById("code");
    shown.setAttribute("aria-label", code ? whole : "");
    shown.querySelectorAll("b").forEach((place, index) => set(place, code[index] || ""));
    const part = left ? left / (asked.until - asked.from) : 0;
    document.querySelector("#time span").style.transform = `scaleX(${part.toFixed(3)})`;
    set(document.getElementById("holds"), left ? cc.word("This code holds for another {t}", { t: minutes(left) }) : "");
    set(document.getElementById("size"), `${location.host} · ${pixels(innerWidth)} × ${pixels(innerHeight)}`);
  }
  function set(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }
  function minutes(ms) {
    const seconds = Math.floor(ms / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  cc.hearClock(Number(page.dataset.now));
  setInterval(show, 1000);
  loop();
})(window.commandcenter);
