/* How it looked when it happened: stills (console_stills.js), and lines of what was measured before. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const [WIDE, HIGH] = [320, 96]; // of the drawing's own units
  const SVG = "http://www.w3.org/2000/svg";
  const desk = cc.desk;

  desk.showEvidence = function (box, told, row) {
    const pieces = told ? told.evidence : [];
    box.hidden = !pieces.length;
    const [stills, others, file] = parts(box.lastElementChild, row.number);
    desk.showStills(stills, pieces.filter(({ kind }) => kind === "picture"), row);
    // Of what was measured what is there stays, what is new is added.
    for (const piece of pieces) {
      if (piece.kind === "picture" || others.querySelector(`[data-evidence="${piece.id}"]`)) continue;
      others[piece.kind === "reading" ? "append" : "prepend"](show(piece, row));
    }
    const address = `/console/incidents/${row.number}/evidence.zip`;
    cc.fill(file, cc.make("a", { href: address, download: true }, cc.word("Download the evidence (ZIP)")));
  };

  function parts(holder, number) {
    if (holder.dataset.number !== String(number)) {
      holder.replaceChildren(...["stills", "told", "file"].map((name) => cc.make("div", { class: name })));
    }
    holder.dataset.number = number;
    return holder.children;
  }

  function show(piece, row) {
    const figure = cc.make("figure", { "data-evidence": piece.id }, cc.make("figcaption", null, cc.dayClock(Date.parse(piece.at))));
    fetchInto(figure, piece, row);
    return figure;
  }

  async function fetchInto(figure, piece, row) {
    try {
      const told = await desk.get(`/console/evidence/${piece.id}`);
      figure.prepend(...(piece.kind === "series" ? lines(told, row) : [values(told)]));
    } catch (error) {
      figure.prepend(cc.make("p", { class: "dim" }, error.message));
    }
  }

  // Under the names that rules use: for whoever wants to know exactly, and out of the others' way.
  function values(told) {
    const plain = Object.entries(told).filter(([, value]) => ["string", "number"].includes(typeof value) && value !== "");
    const list = plain.map(([key, value]) => [cc.make("dt", null, key), cc.make("dd", null, written(key, value))]);
    return cc.make("details", null, cc.make("summary", null, cc.word("What its source told")), cc.make("dl", null, list));
  }

  function written(key, value) {
    if (key.endsWith("_at")) return cc.dayClock(Date.parse(value));
    return typeof value === "number" && !Number.isInteger(value) ? cc.number(value, 1) : String(value);
  }

  // What was measured, with its unit; a figure of a feed of your own keeps its name.
  function named(figure) {
    if (figure === "rtt_ms") return cc.word("Round trip, ms");
    if (figure === "loss_percent") return cc.word("Packet loss, %");
    if (figure === "in_bps") return cc.word("Incoming, bit/s");
    if (figure === "out_bps") return cc.word("Outgoing, bit/s");
    if (figure === "latency_ms") return cc.word("Time to answer, ms");
    return figure === "present" ? cc.word("People present") : figure;
  }

  // --- lines -------------------------------------------------------------------------------------
  // One small drawing for each name: their units differ.
  function lines(points, row) {
    const groups = Map.groupBy ? Map.groupBy(points, (point) => point.name) : grouped(points);
    return [...groups].map(([name, some]) => line(name, some.map(({ at, value }) => [Date.parse(at), value]), row)).filter(Boolean);
  }

  function grouped(points) {
    const found = new Map();
    for (const point of points) found.set(point.name, [...(found.get(point.name) || []), point]);
    return found;
  }

  function line(name, all, row) {
    const points = all.filter(([, value]) => Number.isFinite(value));
    if (points.length < 2) return null;
    const [times, heights] = [points.map(([at]) => at), points.map(([, value]) => value)];
    const [low, high] = [Math.min(0, ...heights), Math.max(...heights)];
    const [from, to] = [times[0], times.at(-1)];
    const x = (at) => (WIDE * (at - from)) / (to - from || 1);
    const y = (value) => HIGH - (HIGH * (value - low)) / (high - low || 1);
    const fell = x(Date.parse(row.opened_at));
    const drawing = svg(
      "svg",
      {
        viewBox: `-2 -4 ${WIDE + 4} ${HIGH + 8}`,
        role: "img",
        "aria-label": `${named(name)}: ${cc.number(heights.at(-1), 1)}`,
        preserveAspectRatio: "none",
      },
    );
    if (fell >= 0 && fell <= WIDE) drawing.append(svg("line", { class: "fell", x1: fell, x2: fell, y1: 0, y2: HIGH }));
    drawing.append(svg("path", { d: path(all, x, y) }));
    const ends = cc.make(
      "p",
      { class: "ends" },
      cc.make("span", null, cc.clock(from)),
      cc.make("b", null, `${named(name)} · ${cc.number(low, 1)} – ${cc.number(high, 1)}`),
      cc.make("span", null, cc.clock(to)),
    );
    return cc.make("div", { class: "plot" }, drawing, ends);
  }

  // Where nothing was measured the line is broken: a gap is not a value.
  function path(all, x, y) {
    let pen = "M";
    return all
      .map(([at, value]) => {
        const piece = Number.isFinite(value) ? `${pen}${x(at).toFixed(1)} ${y(value).toFixed(1)}` : "";
        pen = piece ? "L" : "M";
        return piece;
      })
      .join("");
  }

  function svg(name, attributes) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }
})(window.commandcenter);
