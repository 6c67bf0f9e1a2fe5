/* The stills around a fall: of every camera one from before, one from then, one from after it. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const AGAIN = 10000; // ms until those that are still to come are asked for again
  const ROLES = ["before", "at", "after"];
  const desk = cc.desk;
  const settled = new Map(); // by id: what is not awaited any more; the rest of the page may know less
  let timer = 0;

  desk.showStills = function (holder, told, row) {
    for (const piece of told) if (piece.state !== "wanted") settled.set(piece.id, piece);
    const pieces = told.map((piece) => settled.get(piece.id) || piece);
    const groups = grouped(pieces);
    const kept = groups.flat().filter(({ state }) => state === "kept");
    const falls = new Set(pieces.map(({ fell_at }) => fell_at)).size;
    cc.fill(holder, groups.map((some) => group(some, kept, row, falls > 1)));
    if (pieces.some(({ state }) => state === "wanted")) askAgain(holder, row);
  };

  // No step of the incident tells that a still has come.
  function askAgain(holder, row) {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (!holder.isConnected) return;
      try {
        const { evidence } = await desk.get(`/console/incidents/${row.number}`);
        if (holder.isConnected) desk.showStills(holder, evidence.filter(({ kind }) => kind === "picture"), row);
      } catch {
        askAgain(holder, row);
      }
    }, AGAIN);
  }

  // Of one fall and camera together, in the order of their roles.
  function grouped(pieces) {
    const found = new Map();
    for (const piece of pieces) {
      const name = `${piece.fell_at} ${piece.camera}`;
      found.set(name, [...(found.get(name) || []), piece]);
    }
    return [...found.values()].map((some) => some.sort((a, b) => place(a) - place(b)));
  }

  const role = (piece) => piece.role || "at";
  const place = (piece) => ROLES.indexOf(role(piece));

  function group(pieces, kept, row, several) {
    const [first] = pieces;
    const fall = several && first.fell_at && cc.make("small", null, ` ${cc.dayClock(Date.parse(first.fell_at))}`);
    return cc.make(
      "section",
      { "data-camera-of": first.camera },
      first.name && cc.make("h3", null, first.name, fall),
      cc.make("div", { class: "around" }, pieces.map((piece) => still(piece, kept, row))),
    );
  }

  function still(piece, kept, row) {
    const there = piece.state === "kept";
    return cc.make(
      "figure",
      { "data-evidence": piece.id, "data-role": role(piece), "data-state": piece.state },
      there ? opener(piece, kept, row) : cc.make("p", { class: "absent", title: piece.sha256 && `SHA-256 ${piece.sha256}` }, absent(piece)),
      cc.make("figcaption", null, caption(piece, row)),
    );
  }

  const opener = (piece, kept, row) => cc.button(picture(piece, row), () => enlarge(kept, kept.indexOf(piece), row), {
    class: "still",
    "aria-label": cc.word("Enlarge: {what}", { what: `${piece.name} · ${roleWord(piece)}` }),
  });

  function picture(piece, row) {
    const word = cc.word("Picture of {title}", { title: piece.name || row.title });
    return cc.make("img", { src: `/console/evidence/${piece.id}`, alt: `${word} · ${roleWord(piece)}`, loading: "lazy" });
  }

  function roleWord(piece) {
    if (role(piece) === "before") return cc.word("Before the fall");
    return role(piece) === "at" ? cc.word("At the fall") : cc.word("After the fall");
  }

  // Of one that is not there the time would be that of nothing.
  function caption(piece, row) {
    const dated = piece.state === "kept" || piece.state === "forgotten";
    return [
      cc.make("b", null, roleWord(piece)),
      dated && cc.make("span", null, cc.dayClock(Date.parse(piece.at))),
      dated && cc.make("span", null, distance(piece, row)),
      piece.state === "forgotten" && cc.make("code", null, `SHA-256 ${piece.sha256.slice(0, 12)}…`),
    ];
  }

  function distance(piece, row) {
    const ms = Date.parse(piece.at) - Date.parse(piece.fell_at || row.opened_at);
    const t = exactly(Math.abs(ms));
    if (Math.abs(ms) < 1000) return cc.word("in the second of the fall");
    return ms < 0 ? cc.word("{t} before it", { t }) : cc.word("{t} after it", { t });
  }

  // "1 min 35 s": a minute alone may be nearly two.
  const exactly = (ms) => (ms < 60000 || ms >= 3600000 ? cc.span(ms) : `${cc.span(ms)} ${cc.span(ms % 60000)}`);

  function absent(piece) {
    if (piece.state === "wanted") return cc.word("Expected from {clock}", { clock: cc.dayClock(Date.parse(piece.at)) });
    if (piece.state === "missed") return cc.word("The camera sent no picture");
    return cc.word("Kept until {clock}", { clock: cc.dayClock(Date.parse(piece.forgotten_at)) });
  }

  // --- large -------------------------------------------------------------------------------------
  // Arrows lead through all that are kept, Escape back.
  async function enlarge(pieces, from, row) {
    let index = from;
    const frame = cc.make("figure", { class: "large" });
    const show = (piece) => cc.put(
      frame,
      picture(piece, row),
      cc.make("figcaption", null, cc.make("b", null, piece.name), caption(piece, row), cc.make("code", null, `SHA-256 ${piece.sha256}`)),
    );
    const go = (by) => {
      index = (index + by + pieces.length) % pieces.length;
      show(pieces[index]);
    };
    const press = ({ key }) => (key === "ArrowLeft" ? go(-1) : key === "ArrowRight" && go(1));
    document.addEventListener("keydown", press);
    await desk.ask(row.title, (answer) => {
      show(pieces[index]);
      const steps = [cc.button(`‹ ${cc.word("Previous")}`, () => go(-1)), cc.button(`${cc.word("Next")} ›`, () => go(1))];
      const shut = cc.button(cc.word("Close"), () => answer(null), { class: "main", autofocus: true });
      return [frame, cc.make("footer", null, pieces.length > 1 && steps, shut)];
    });
    document.removeEventListener("keydown", press);
  }
})(window.commandcenter);
