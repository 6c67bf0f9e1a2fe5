/* One incident as a row of the list: state as shape, word and colour; who; how old. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.words = {
    level: (level) => (level === "critical" ? cc.word("critical") : cc.word("warning")),
    domain: ({ feed }) => (desk.facts.domains.find((one) => one.feed === feed) || { word: feed }).word,
    office: (row) => (desk.facts.offices.find((one) => one.code === row.office) || { name: row.office }).name,
    // An assignee is a person, or an office by its code.
    whom: (name) => desk.words.office({ office: name }),
    cause: (cause) => (desk.facts.causes.find((one) => one.id === cause) || { word: cause }).word,
    state: (row) => {
      if (row.state === "acknowledged") return cc.word("acknowledged by {who}", { who: row.acknowledged_by });
      if (row.state === "working") return cc.word("{who} · in work", { who: desk.words.whom(row.assignee || row.acknowledged_by) });
      if (row.state === "shelved") return cc.word("shelved until {clock}", { clock: cc.sinceText(Date.parse(row.shelved_until), cc.now()) });
      if (row.state === "resolved") return row.cause ? cc.word(
        "resolved: {cause}",
        { cause: desk.words.cause(row.cause) },
      ) : cc.word("recovered by itself");
      return row.state === "closed" ? cc.word("closed") : cc.word("unacknowledged");
    },
    // What stands under a title.
    detail: (row) =>
      [
        row.source === "rule" ? "" : row.source,
        row.detail,
        row.affected ? cc.word("{n} others affected", { n: row.affected }) : "",
        row.count > 1 ? cc.word("{n} events as one", { n: row.count }) : "",
      ]
        .filter(Boolean)
        .join(" · "),
  };

  desk.mark = (row, word) => {
    const name = row.level === "critical" ? "bad" : "warn";
    return cc.make("i", { class: `mark ${name}`, role: "img", "aria-label": word || desk.words.level(row.level) });
  };

  // In few words, for a row: whoever has it, or what it waits for.
  function who(row) {
    if (row.state === "acknowledged") return row.acknowledged_by;
    return desk.words.state(row);
  }

  const signs = (row) => [
    row.flapping && cc.make("span", { class: "sign warn" }, "≈ ", cc.word("flapping")),
    row.maintenance && cc.make("span", { class: "sign" }, "◇ ", cc.word("maintenance")),
    row.escalated > 0 && cc.make("span", { class: "sign warn" }, "⇧ ", cc.word("escalated")),
    row.assignee && cc.make("span", { class: "sign" }, "→ ", desk.words.whom(row.assignee)),
  ];

  desk.row = {
    make: (row) => cc.make("div", { class: "item", role: "option", id: `row-${row.number}`, "data-incident": row.number }),

    fill(element, row, { place, count, cursor }) {
      const state = `${desk.marked.has(row.number)} ${desk.busy(row.number)} ${cursor}`;
      if (element.row !== row) content(element, row);
      if (element.state !== state) dress(element, row, cursor);
      element.row = row;
      element.state = state;
      element.setAttribute("aria-posinset", place + 1);
      element.setAttribute("aria-setsize", count);
    },
  };

  function content(element, row) {
    element.dataset.level = row.level;
    element.dataset.state = row.state;
    cc.fill(
      element,
      cc.make("span", { class: "pick", "data-pick": true }, cc.make("i")),
      desk.mark(row),
      cc.make(
        "span",
        { class: "what" },
        cc.make("strong", { title: row.title }, row.title),
        cc.make("small", null, signs(row), desk.words.detail(row)),
      ),
      cc.make("span", { class: "domain" }, desk.words.domain(row)),
      cc.make("span", { class: "who" }, who(row)),
      row.state === "resolved" ? cc.time(row.resolved_at, "ago") : cc.time(row.opened_at, "since"),
    );
    cc.tick(element);
  }

  function dress(element, row, cursor) {
    element.ariaSelected = String(cursor);
    element.ariaChecked = String(desk.marked.has(row.number));
    element.ariaBusy = String(desk.busy(row.number));
  }
})(window.commandcenter);
