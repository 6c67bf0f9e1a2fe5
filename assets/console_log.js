/* The log of an incident in words: who did what and when (commandcenter/records/chain.py names the steps). */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  const level = (name) => cc.make("b", { class: name }, desk.words.level(name));
  const until = ({ until }) => (until ? cc.sinceText(Date.parse(until), cc.now()) : "");

  // What a row says; the parts are texts and marks. Who took the step stands after it.
  const SAYS = {
    opened: ({ note, facts }) => [cc.word("opened: {title}", { title: note }), facts.level && " · ", facts.level && level(facts.level)],
    changed: ({ facts, note }) => (facts.level === facts.before ? [note] : [
      rises(facts) ? cc.word("raised to") : cc.word("lowered to"),
      " ",
      level(facts.level),
    ]),
    again: () => [cc.word("happened once more")],
    reopened: ({ facts, note }) => [cc.word("opened again"), facts.via ? "" : `: ${note}`],
    flapping: () => [cc.word("goes up and down: marked as flapping")],
    calm: () => [cc.word("calm again")],
    affected: ({ note }) => [cc.word("{n} others affected", { n: note })],
    merged: ({ note }) => [cc.word("merged into: {title}", { title: note })],
    acknowledged: () => [cc.word("acknowledged")],
    working: () => [cc.word("work began")],
    resolved: ({ facts, note }) => (facts.via ? [cc.word(
      "resolved: {cause}",
      { cause: desk.words.cause(facts.cause) },
    )] : [cc.word("recovered by itself"), note && `: ${note}`]),
    closed: () => [cc.word("closed")],
    shelved: ({ facts }) => [cc.word("shelved until {clock}", { clock: until(facts) })],
    unshelved: () => [cc.word("shelving ended")],
    expired: ({ note }) => [cc.word("the acknowledgement of {who} ended", { who: note })],
    assigned: ({ facts }) => [cc.word("assigned to {who}", { who: desk.words.whom(facts.assignee) })],
    handed_over: ({ facts }) => [cc.word("handed over by {who}", { who: facts.before })],
    note: () => [cc.word("note")],
    undone: () => [cc.word("the last step taken back")],
    escalated: ({ facts, note }) => [cc.word("escalated to {who}", { who: facts.role || note })],
  };
  const VIA = {
    key: () => cc.word("by key"),
    bulk: () => cc.word("several at once"),
    link: () => cc.word("by a link in a message"),
    api: () => "API",
  };

  const rises = ({ level }) => level === "critical";

  // Newest last, as it happened; a line for each new day.
  desk.timeline = function (log) {
    let day = cc.day(cc.now());
    return log.flatMap((row) => {
      const at = Date.parse(row.at);
      const line = cc.day(at) === day ? [] : [cc.make("p", { class: "new-day" }, cc.day(at))];
      day = cc.day(at);
      return [...line, step(row, at)];
    });
  };

  function step(row, at) {
    const says = SAYS[row.step] ? SAYS[row.step](row) : [row.step, row.note && `: ${row.note}`];
    const by = [row.facts.via && row.who, VIA[row.facts.via] && VIA[row.facts.via]()].filter(Boolean).join(", ");
    const told = cc.make(
      "span",
      { class: "says" },
      says,
      by && cc.make("small", null, ` · ${by}`),
      row.facts.via && row.note && cc.make("q", null, row.note),
    );
    return cc.make("div", { class: "step", "data-step": row.step }, cc.make("span", { class: "when" }, cc.clock(at, true)), told);
  }
})(window.commandcenter);
