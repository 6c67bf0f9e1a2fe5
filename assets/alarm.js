/* The sound of a wall: two soft tones while a critical incident waits for somebody. At once when
   there is one, once a minute at most, silent as soon as all are taken. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const EVERY = 60000; // ms between chimes
  const PATIENCE = 1000; // ms that the browser may take to let us sound
  const KEPT = "commandcenter.chimed"; // when; survives a reload, which must not sound again
  const TONES = [659.26, 523.25]; // Hz: E5 and C5, the falling third of a door bell
  const APART = 0.45; // s between them
  const FADES = 2.2; // s until a tone is gone
  const SOON = 0.02; // s before the first
  const LOUD = 0.3; // of full scale

  let context = null; // one for ever: a browser has only a few
  let master = null;
  let askedAt = 0;
  let allowed = false; // by the browser
  let chimes = 0;
  let ringing = 0; // which chime; otherwise the context rests, and with it the sound card

  const wanted = () => Boolean(cc.stage && cc.stage.sound);
  // Not while disconnected: whether somebody took it meanwhile cannot be known here.
  const calls = () => wanted() && cc.stage.alarms > 0 && document.body.dataset.connection === "live";
  const blocked = () => context !== null && !allowed && performance.now() - askedAt > PATIENCE;
  cc.sound = () => (!wanted() ? "off" : blocked() ? "blocked" : "on");

  function look() {
    if (!cc.sign) return; // the page is still being loaded
    if (wanted() && !context) open();
    cc.sign("sound", wanted() && blocked() ? cc.word("The browser blocks sound") : "");
    if (!calls()) hush();
    else if (allowed && due()) chime();
  }

  function due() {
    const since = Date.now() - Number(localStorage.getItem(KEPT));
    return since >= EVERY || since < 0; // below 0 the display's own clock was set back
  }

  // As soon as this display may sound at all: whoever sets it up sees at once whether it can, and
  // not only when an alarm was not heard.
  function open() {
    context = new AudioContext();
    master = context.createGain();
    master.connect(context.destination);
    context.onstatechange = begun;
    ask();
  }
  function ask() {
    askedAt = performance.now();
    context.resume().catch(() => {}); // while it is blocked it answers nothing
  }
  function begun() {
    if (context.state !== "running") return;
    allowed = true;
    look();
    if (!ringing) context.suspend();
  }

  async function chime() {
    localStorage.setItem(KEPT, String(Date.now()));
    const mine = (ringing = chimes += 1);
    // While it is being suspended a browser may leave this promise open for ever.
    await Promise.race([context.resume(), new Promise((late) => setTimeout(late, PATIENCE))]);
    master.gain.cancelScheduledValues(0);
    master.gain.setValueAtTime(calls() ? LOUD : 0, context.currentTime + SOON);
    strike(context, master).onended = () => {
      if (ringing !== mine) return; // the next one sounds already, or is about to
      ringing = 0;
      context.suspend();
    };
  }

  // Both tones, one after the other; the last of them.
  const strike = (context, into) => TONES.map((tone, n) => sound(context, into, tone, context.currentTime + SOON + n * APART)).pop();

  // The same for the console, which has a context of its own and nothing to be hushed.
  cc.strike = function (context) {
    const volume = new GainNode(context, { gain: LOUD });
    volume.connect(context.destination);
    return strike(context, volume);
  };

  // A sine, struck softly. What has ended and is held by nobody is let go by the browser.
  function sound(context, into, tone, at) {
    const source = new OscillatorNode(context, { frequency: tone });
    const bell = new GainNode(context, { gain: 0 });
    source.connect(bell).connect(into);
    bell.gain.setValueAtTime(0, at);
    bell.gain.linearRampToValueAtTime(1, at + 0.015);
    bell.gain.exponentialRampToValueAtTime(0.001, at + FADES);
    source.start(at);
    source.stop(at + FADES);
    return source;
  }

  function hush() {
    if (ringing) master.gain.setTargetAtTime(0, context.currentTime, 0.03);
  }

  const gesture = () => context && !allowed && ask();
  addEventListener("keydown", gesture);
  addEventListener("pointerdown", gesture);
  document.addEventListener("stage", look);
  setInterval(look, 1000);
})(window.commandcenter);
