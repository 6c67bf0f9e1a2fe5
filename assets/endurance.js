/* A wall is not touched for weeks: it is loaded anew when it no longer works well, or at its quiet
   hour, and its picture wanders a little so that nothing burns in. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const EVERY = 2000; // ms between looks
  const MINUTE = 60000;
  const LATE = 10000; // ms that a look may be late; more is a stall
  const TOO_LATE = MINUTE; // one such stall is enough,
  const STALLS = 3; // or so many
  const WITHIN = 10 * MINUTE; // in this time
  const BLIND = 10; // looks (20 s) without a frame, or with a drawing that does not arrive
  const ERRORS = 20; // in a minute
  const APART = 5 * MINUTE; // between two reloads
  const YOUNG = 10 * MINUTE; // since the page was loaded
  const KEPT = "commandcenter.reloaded"; // when
  const ANSWER = 5000; // ms that the server may take

  const here = () => document.getElementById("wall") !== null;
  const seen = () => document.visibilityState === "visible"; // else a browser lets pages rest

  // --- loading anew -------------------------------------------------------------------------

  // Never when the server does not answer: the browser's error page would stay for ever.
  let asking = false;
  async function reload(why) {
    if (asking || !here() || recently()) return;
    asking = true;
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(ANSWER) });
      if (!answer.ok) return;
      sessionStorage.setItem(KEPT, String(Date.now()));
      console.info("loaded anew: " + why);
      location.reload();
    } catch (error) {
      // it is asked again when there is still a reason
    } finally {
      asking = false;
    }
  }
  const recently = () => Math.abs(Date.now() - Number(sessionStorage.getItem(KEPT))) < APART;

  // --- the watchdog -------------------------------------------------------------------------

  // Moments of the last so many ms.
  function recent(span) {
    let moments = [];
    return function (more) {
      const now = performance.now();
      moments = moments.filter((moment) => now - moment < span);
      if (more) moments.push(now);
      return moments.length;
    };
  }

  // The event loop: a look that comes late could not come earlier.
  const stalls = recent(WITHIN);
  let stalled = 0; // since the page was loaded
  let lookedAt = performance.now();
  cc.stalls = () => stalled;
  function watchLoop() {
    const late = performance.now() - lookedAt - EVERY;
    lookedAt = performance.now();
    if (late < LATE || !seen()) return;
    stalled += 1;
    if (stalls(true) >= STALLS || late > TOO_LATE) reload(`the page stood still for ${Math.round(late / 1000)} s`);
  }
  document.addEventListener("visibilitychange", () => (lookedAt = performance.now()));

  // The picture: frames must come. Looks are counted, not seconds, so that a stall is not taken
  // for this as well.
  let framesMissed = 0;
  let frameAsked = false;
  function watchFrames() {
    framesMissed = seen() ? framesMissed + 1 : 0;
    if (framesMissed > BLIND) reload("the browser draws no frames");
    // A new page did not help: the wall PC's own watchdog (setup/kiosk) gives us a new browser.
    if (framesMissed > 3 * BLIND) document.documentElement.dataset.restart = "it draws no frames";
    if (frameAsked) return;
    frameAsked = true;
    requestAnimationFrame(() => {
      frameAsked = false;
      framesMissed = 0;
    });
  }

  // The drawings: what assets/drawing.js handed over (cc.handed: panel -> version) must arrive. A card
  // that changes at all is alive.
  const missing = new Map(); // panel -> [version on the page, looks]
  function watchDrawings() {
    for (const [panel, version] of Object.entries(cc.handed || {})) {
      const card = document.getElementById("panel-" + panel);
      const shown = card ? String(card.dataset.version) : "no card";
      const [before, looks] = missing.get(panel) || [shown, 0];
      missing.delete(panel);
      if (shown === String(version)) continue;
      missing.set(panel, [shown, shown === before ? looks + 1 : 0]);
      if (looks > BLIND) reload(`${panel} is not drawn`);
    }
  }

  const errors = recent(MINUTE);
  function fault(event) {
    const harmless = String(event.message).includes("ResizeObserver loop"); // only says "later"
    if (!harmless && errors(true) > ERRORS) reload("one error after another");
  }
  addEventListener("error", fault);
  addEventListener("unhandledrejection", fault);

  // --- the quiet hour -----------------------------------------------------------------------

  // Once a day, because a page is too young for as long as the quiet hour's window is open.
  const delay = Math.random() * 5; // minutes: not all walls of a house at once
  function watchHour() {
    const hour = cc.stage.reloadAt;
    if (!hour || performance.now() < YOUNG || document.body.dataset.connection !== "live") return;
    const past = (minutes(cc.clock(cc.now(), true)) - minutes(hour) + 1440) % 1440;
    if (past >= delay && past < YOUNG / MINUTE) reload("the quiet hour");
  }
  function minutes(clock) {
    const [hour, minute, second = 0] = clock.split(":").map(Number);
    return hour * 60 + minute + second / 60;
  }

  // --- against burn-in ----------------------------------------------------------------------

  // A step a minute on an ellipse that needs an hour, inside the wall's own margin. By the clock,
  // so that neighbouring displays move together, and none begins anew after a reload. Also for
  // those who asked for less motion: a pixel a minute is none that anybody sees.
  const ASIDE = 0.35; // rem, to both sides
  const UP = 0.33; // rem, and never down: there are the corner's signs
  let minute = 0;
  function wander() {
    const now = Math.floor(cc.now() / MINUTE);
    if (now === minute) return;
    minute = now;
    const turn = (2 * Math.PI * (minute % 60)) / 60;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const move = (axis, rems) => document.body.style.setProperty("--wander-" + axis, `${Math.round(rems * rem)}px`);
    move("x", Math.sin(turn) * ASIDE);
    move("y", ((Math.cos(turn) - 1) / 2) * UP);
  }

  function look() {
    watchLoop();
    if (!here() || !cc.stage) return;
    watchFrames();
    watchDrawings();
    watchHour();
    wander();
  }
  setInterval(look, EVERY);
})(window.commandcenter);
