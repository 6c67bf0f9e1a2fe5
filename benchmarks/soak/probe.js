/* What the page claims, ten times a second, beside the truth: the clock of this machine. Told to
   the soak and forgotten at once, so that the probe itself does not grow the page. */
(() => {
  "use strict";

  const EVERY = 100; // ms
  let drawings = 0; // messages with drawings that came
  let looked = performance.now();
  let lookedAt = Date.now();

  window.WebSocket = class extends WebSocket {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", (event) => {
        if (event.data.includes('"panels":{"')) drawings += 1;
      });
    }
  };

  // For how long each has said fresh wrongly, judged from look to look. The longest of one look is
  // told; a lie that begins between two looks is taken to have begun as early as it can have.
  class Lies {
    constructor() {
      this.since = new Map();
    }
    longest(found, now) {
      const before = this.since;
      this.since = new Map(found.map(([who, from]) => [who, before.get(who) ?? Math.max(from, lookedAt)]));
      return [...this.since].reduce((worst, [who, from]) => (now - from > worst[0] ? [now - from, who] : worst), [0, ""]);
    }
  }
  const cards = new Lies();
  const pictures = new Lies();
  const who = (d) => (d.figure && `figure ${d.figure}`) || (d.camera && `camera ${d.camera}`) || `panel ${d.panel}`;

  // Cards, figures and cameras that say fresh though their moment to turn late has passed.
  function overdue(now) {
    return [...document.querySelectorAll('[data-state="fresh"][data-late-at]')]
      .filter((element) => now > Number(element.dataset.lateAt) && element.checkVisibility())
      .map((element) => [who(element.dataset), Number(element.dataset.lateAt)]);
  }

  // Cameras that say fresh while the picture that is seen is older than a fresh one may be. The
  // number in a picture's address is when it was taken, in µs.
  function outdated(now) {
    return [...document.querySelectorAll('[data-camera][data-state="fresh"] canvas[data-shown]')]
      .filter((canvas) => canvas.checkVisibility())
      .map((canvas) => {
        const camera = canvas.closest("[data-camera]").dataset;
        const taken = Number(canvas.dataset.shown.match(/\/(\d+)$/)[1]) / 1000;
        return [camera.camera, taken + Number(camera.lateAt) - Date.parse(camera.at)];
      })
      .filter(([, lateAt]) => now > lateAt);
  }

  function pulse() {
    const shown = document.querySelector('[data-panel="pulse"]');
    const told = shown && /@(\d+)@/.exec(shown.textContent);
    return told ? Number(told[1]) : 0;
  }

  function look() {
    const began = performance.now();
    const now = Date.now();
    const staged = document.querySelector("[data-scene]");
    window.soakTold(
      JSON.stringify({
        at: now,
        life: Math.round(performance.timeOrigin),
        gap: began - looked - EVERY,
        connection: (document.body && document.body.dataset.connection) || "",
        scene: (staged && staged.dataset.scene) || "",
        pulse: pulse(),
        drawings,
        card: cards.longest(overdue(now), now),
        picture: pictures.longest(outdated(now), now),
      }),
    );
    looked = began;
    lookedAt = now;
  }
  setInterval(look, EVERY);

  // Nodes, text included, that may differ between equal states: the ticks of an axis come and go
  // with the time, and a card that is not on the stage keeps what it last showed.
  window.soakLoose = () => {
    const count = (root) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_ALL);
      let nodes = 1;
      while (walker.nextNode()) nodes += 1;
      return nodes;
    };
    const cards = [...document.querySelectorAll("[data-panel]")];
    const hidden = cards.filter((card) => !card.checkVisibility());
    const charts = [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => !hidden.some((card) => card.contains(chart)));
    const staged = document.querySelector("[data-scene]");
    return {
      scene: (staged && staged.dataset.scene) || "",
      nodes: [...hidden, ...charts].map(count).reduce((sum, n) => sum + n, 0),
    };
  };
})();
