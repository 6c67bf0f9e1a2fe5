/* The end of a shift: what is handed over, to whom, and what waits to be taken. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.addSection("handover", () => cc.word("Hand over"), async (body, again) => {
    const who = desk.who();
    const { summary, waiting, past } = await desk.get("/console/handover");
    const mine = cc.make(
      "div",
      null,
      waiting.map((one) => asked(one, again)),
      desk.box(cc.word("Your shift since {clock}", { clock: cc.dayClock(Date.parse(summary.since)) }), told(summary)),
    );
    cc.put(body, cc.make("div", { class: "beside" }, mine, give(who, again)), before(past));
  });

  // --- the summary -----------------------------------------------------------------------------
  function told(summary) {
    const sum = (levels) => Object.values(levels || {}).reduce((all, n) => all + n, 0);
    const figures = summary.counts && [
      [cc.word("unacknowledged"), sum(summary.counts.open)],
      [cc.word("in work"), sum(summary.counts.acknowledged) + sum(summary.counts.working)],
      [cc.word("shelved"), sum(summary.counts.shelved)],
      [cc.word("opened in this shift"), summary.opened],
      [cc.word("resolved in this shift"), summary.resolved],
    ];
    return [
      figures && cc.make("div", { class: "sums" }, figures.map(([word, n]) => cc.make("p", null, cc.make("b", null, cc.number(n)), word))),
      named(cc.word("Critical"), summary.critical),
      named(cc.word("Assigned to the one who hands over"), summary.mine),
      named(cc.word("Shelving ends within 12 hours"), summary.shelved),
      summary.maintenance.length > 0 && [
        cc.make("h3", null, cc.word("Maintenance within 12 hours")),
        cc.make(
          "ul",
          null,
          summary.maintenance.map((one) => cc.make("li", null, one.title, cc.make("small", null, ` ${cc.dayClock(Date.parse(one.starts_at))}`))),
        ),
      ],
    ].flat();
  }

  const named = (title, rows) => rows.length > 0 && [cc.make("h3", null, title), cc.make("ul", null, rows.map(row))];

  const row = (one) =>
    cc.make(
      "li",
      null,
      desk.mark(one),
      " ",
      cc.button(one.title, () => desk.visit(one.number), { class: "link" }),
      cc.make("small", null, ` ${one.assignee ? desk.words.whom(one.assignee) : cc.word("nobody")}`),
    );

  // --- giving and taking -----------------------------------------------------------------------
  function give(who, again) {
    const others = desk.facts.people.filter(({ name }) => name !== who);
    const to = cc.make(
      "select",
      { name: "to", required: true },
      cc.option("", cc.word("Choose who takes over")),
      others.map(({ name }) => cc.option(name, name)),
    );
    const note = cc.make("textarea", { name: "note", rows: 5, maxlength: 2000, placeholder: cc.word("What the next shift has to know") });
    const form = desk.form("/console/handover", [
      cc.field(cc.word("To"), to),
      cc.field(cc.word("Note"), note),
    ], cc.word("Hand over now"), async ({ handover }) => {
      desk.toast({ text: cc.word("Handed over; {who} has to confirm it", { who: handover.to_who }) });
      await again();
    });
    return desk.box(cc.word("Hand over"), form);
  }

  function asked(one, again) {
    const done = async ({ stays }) => {
      const text = cc.word("Taken over from {who}", { who: one.from_who });
      desk.toast({ text: stays ? `${text}. ${stays}` : text });
      await again();
    };
    const take = cc.button(cc.word("I take it over"), () => desk.busily(take, `/console/handover/${one.id}/take`, {}, done), { class: "main" });
    const not = cc.button(cc.word("Not yet"), () => refuse(one, not, again));
    return cc.make(
      "section",
      { class: "box waits", "data-handover": one.id },
      cc.make("h2", null, cc.word("{who} hands over to you", { who: one.from_who })),
      one.note && cc.make("blockquote", null, one.note),
      told(one.summary),
      cc.make("footer", null, not, take),
    );
  }

  async function refuse(one, button, again) {
    const note = cc.make(
      "textarea",
      { rows: 3, maxlength: 500, "aria-label": cc.word("What is missing?"), placeholder: cc.word("What is missing?") },
    );
    if (await desk.confirm(cc.word("Not yet"), cc.word("Say so"), note)) await desk.busily(
      button,
      `/console/handover/${one.id}/refuse`,
      { note: note.value.trim() },
      again,
    );
  }

  // --- before ----------------------------------------------------------------------------------
  function before(past) {
    const state = { taken: () => cc.word("taken over"), refused: () => cc.word("refused"), waiting: () => cc.word("waits") };
    const line = (one) =>
      cc.make(
        "details",
        { class: "box" },
        cc.make(
          "summary",
          null,
          cc.make("span", null, `${one.from_who} → ${one.to_who}`),
          cc.make("small", null, ` ${cc.dayClock(Date.parse(one.given_at))} · ${state[one.state]()}`),
        ),
        one.note && cc.make("blockquote", null, one.note),
        told(one.summary),
      );
    return past.length > 0 && cc.make("div", { class: "before" }, cc.make("h2", null, cc.word("Before")), past.map(line));
  }
})(window.commandcenter);
