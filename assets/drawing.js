/* From what the server tells to what the page shows: the newest drawing of every card, in turns that
   leave the page time for all else. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const AT_ONCE = 12; // ms of drawing, after which the page has a turn for all else

  const known = {}; // panel -> its newest drawing, shown or not; as many as there are cards
  const pending = new Set(); // panels whose newest drawing is not shown yet: a busy page skips, it never queues
  const charts = new Set(); // panels whose newest figure is not shown yet
  let stage = null; // a stage that is not shown yet
  let cast = new Set(); // the panels of the newest stage
  let resting = false; // since something was shown, until the page had a turn for all else

  cc.handed = {}; // panel -> version of the drawing that its card was handed (assets/endurance.js)

  const channel = new MessageChannel(); // a task without setTimeout's clamp of 4 ms
  channel.port1.onmessage = again;

  function again() {
    resting = false;
    show();
  }

  // At once when the page is idle; what comes while it is busy replaces what waits.
  function show() {
    if (resting || !(pending.size || charts.size || stage)) return;
    resting = true;
    const ready = document.getElementById("page") && window.dash_clientside && dash_clientside.set_props;
    if (!ready) return void setTimeout(again, 10);
    const began = performance.now();
    const late = () => performance.now() - began > AT_ONCE;
    let missing = false; // the page itself is not drawn yet
    // A new scene appears when its cards are filled; a chart can only be drawn where it is seen.
    const work = [
      ...[...pending].map((panel) => () => hand(panel) && pending.delete(panel)),
      () => !stage || pending.size || setStage(),
      ...[...charts].map((panel) => () => stage || (chart(panel) && charts.delete(panel))),
    ];
    try {
      for (const piece of work) if (late()) break; else missing = !piece() || missing;
    } finally {
      if (missing) setTimeout(again, 10);
      else channel.port2.postMessage(0);
    }
  }

  function setStage() {
    if (!drawn("stage", { stage })) return false;
    if (stage.guests) forget();
    stage = null;
    return true;
  }

  // What guests must not see stays in no card, not in one that this scene hides, either.
  function forget() {
    for (const panel of Object.keys(known)) {
      if (cast.has(panel) || !known[panel].body) continue;
      known[panel] = {};
      charts.delete(panel);
      cc.clearChart("chart-" + panel);
      pending.add(panel);
    }
  }

  function drawn(id, props) {
    if (!document.getElementById(id === "stage" ? "wall" : id)) return false;
    dash_clientside.set_props(id, props);
    return true;
  }

  function hand(panel) {
    const { figure, ...drawing } = known[panel];
    if (!drawn("panel-" + panel, { drawing })) return false;
    cc.handed[panel] = drawing.v;
    return true;
  }

  function chart(panel) {
    const place = "chart-" + panel; // a panel may draw a figure that no card of this page has room for
    return !document.getElementById(place) || cc.drawChart(place, known[panel].figure);
  }

  // False when a patch does not fit what we have: the server must begin anew.
  cc.take = function (message) {
    if (message.stage) {
      stage = message.stage;
      cast = new Set(Object.keys(message.panels));
    }
    for (const [panel, told] of Object.entries(message.panels)) {
      const drawing = told.patch ? patched(known[panel], told) : told;
      if (!drawing) return false;
      if (drawing.figure && drawing.figure !== (known[panel] || {}).figure) charts.add(panel);
      known[panel] = drawing;
      pending.add(panel);
    }
    show();
    return true;
  };

  // See commandcenter/web/patch.py. What no step touches stays the very same array (assets/card.js).
  function patched(old, { patch, ...told }) {
    if (!old || old.v !== told.v - 1) return null;
    return { ...old, ...told, body: patch.reduce(step, old.body) };
  }

  function step(node, [path, value, kind]) {
    if (!path.length) return become(node, value, kind);
    const [place, ...rest] = path;
    const copy = node.slice();
    copy[place + 2] = step(copy[place + 2], [rest, value, kind]);
    return copy;
  }
  function become(node, value, kind) {
    if (kind === "attributes") return [node[0], value, ...node.slice(2)];
    if (kind !== "children") return value;
    return [node[0], node[1], ...value.map((child) => (typeof child === "number" ? node[child + 2] : child))];
  }
})(window.commandcenter);
