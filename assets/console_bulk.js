/* Several incidents at once: marked by box, X or shift and click; taken with one confirmation. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const NAMED = 5; // titles that the question names
  const marked = (desk.marked = new Set()); // numbers; only ever of rows that are seen
  let last = null; // where a range begins
  let bar = null;

  desk.turnMark = function (number) {
    if (!desk.facts.me.acts || !desk.list.rows().some((row) => row.number === number)) return;
    marked.has(number) ? marked.delete(number) : marked.add(number);
    last = number;
    changed();
  };

  desk.markTo = function (number) {
    if (!desk.facts.me.acts) return;
    const rows = desk.list.rows();
    const places = [last, number].map((one) => rows.findIndex((row) => row.number === one));
    const [from, to] = [Math.min(...places), Math.max(...places)];
    for (const row of rows.slice(from < 0 ? to : from, to + 1)) marked.add(row.number);
    last = number;
    changed();
  };

  desk.unmarkAll = function () {
    marked.clear();
    changed();
  };

  // What is no longer seen is no longer marked: nobody takes what they do not see.
  desk.unmark = function (rows) {
    if (!marked.size) return;
    const seen = new Set(rows.map((row) => row.number));
    for (const number of [...marked]) if (!seen.has(number)) marked.delete(number);
    changed();
  };

  function changed() {
    desk.list.paint();
    show();
  }

  // --- the bar -----------------------------------------------------------------------------------
  desk.bulk = () => (bar = cc.make("div", { class: "bulk", role: "group", "aria-label": cc.word("Marked incidents"), hidden: true }));

  function show() {
    bar.hidden = !marked.size;
    const all = desk.list.rows().length;
    cc.fill(
      bar,
      cc.button(cc.word("Acknowledge {n} incidents…", { n: marked.size }), () => together("acknowledge"), { class: "main" }),
      cc.button(cc.word("Shelve…"), () => together("shelve")),
      cc.button(cc.word("Assign…"), () => together("assign")),
      cc.button(cc.word("Resolve…"), () => together("resolve")),
      marked.size < all && cc.button(cc.word("Mark all {n}", { n: all }), markAll, { class: "quiet" }),
      cc.button(cc.word("Unmark"), desk.unmarkAll, { class: "quiet" }),
    );
  }

  desk.together = together;

  function markAll() {
    for (const row of desk.list.rows()) marked.add(row.number);
    changed();
  }

  // One question, then a step with each; with whom it cannot be taken is left out.
  async function together(act) {
    const rows = desk.list.rows().filter((row) => marked.has(row.number));
    const fit = rows.filter((row) => desk.may(act, row));
    if (await desk.act(act, fit, { skipped: rows.length - fit.length })) desk.unmarkAll();
  }

  // What the one question says of them: how many of each level, and the first titles.
  desk.summary = function (rows, skipped) {
    const counts = ["critical", "warning"].map((level) => [level, rows.filter((row) => row.level === level).length]);
    const levels = counts.filter(([, n]) => n).map(([level, n]) => cc.make("li", null, desk.mark({ level }), ` ${n} ${desk.words.level(level)}`));
    const titles = rows.slice(0, NAMED).map((row) => cc.make("li", null, row.title));
    const rest = rows.length - titles.length;
    if (rest > 0) titles.push(cc.make("li", { class: "dim" }, cc.word("and {n} more", { n: rest })));
    return [
      cc.make("ul", { class: "levels" }, levels),
      cc.make("ul", { class: "titles" }, titles),
      skipped > 0 && cc.make("p", { class: "dim" }, cc.word("{n} are left out: this cannot be done with them", { n: skipped })),
    ];
  };
})(window.commandcenter);
