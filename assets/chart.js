/* A chart is Plotly's. To draw all of it costs twice as much as to move its lines, and axes, colours
   and size seldom change: between those changes only the lines move. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const CONFIG = { displayModeBar: false, staticPlot: true, responsive: true }; // as in pages.py
  const AT_ONCE = { mode: "immediate", transition: { duration: 0 }, frame: { duration: 0, redraw: false } };
  const frames = new WeakMap(); // plot -> all of its figure but the values of its lines

  // False while dcc.Graph, whose plot it is, has not drawn itself for the first time.
  cc.drawChart = function (id, figure) {
    const plot = document.querySelector(`#${CSS.escape(id)} .js-plotly-plot`);
    if (!plot || !window.Plotly) return false;
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const frame = JSON.stringify([scale, figure.layout, figure.data.map(({ x, y, ...rest }) => rest)]);
    if (frames.get(plot) === frame) move(plot, figure);
    else draw(plot, scaled(figure, scale));
    frames.set(plot, frame);
    return true;
  };

  cc.clearChart = function (id) {
    const plot = document.querySelector(`#${CSS.escape(id)} .js-plotly-plot`);
    if (plot && frames.delete(plot)) Plotly.react(plot, [], {}, CONFIG);
  };

  // It rejects when the next one comes before it was painted: then that one is painted.
  function move(plot, figure) {
    const data = figure.data.map(({ x, y }) => ({ x, y }));
    Plotly.animate(plot, { data, traces: data.map((_, index) => index) }, AT_ONCE).catch(() => {});
  }

  // What still waits to be moved is older than this.
  function draw(plot, figure) {
    Plotly.animate(plot, [], AT_ONCE).catch(() => {});
    Plotly.react(plot, figure.data, figure.layout, CONFIG).catch(() => frames.delete(plot));
  }

  // A chart is drawn in pixels, everything around it in parts of the screen.
  function scaled(figure, scale) {
    const times = (sizes) => Object.fromEntries(Object.entries(sizes || {}).map(([of, size]) => [of, size * scale]));
    const { font, margin } = figure.layout;
    const layout = { ...figure.layout, margin: times(margin), font: { ...font, size: Math.max(8, font.size * scale) } };
    const thick = (line) => ({ ...line, width: line.width * scale });
    return { layout, data: figure.data.map((trace) => (trace.line ? { ...trace, line: thick(trace.line) } : trace)) };
  }
})(window.commandcenter);
