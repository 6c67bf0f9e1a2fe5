/* The history: incidents that are over, their figures, as a table, a file, or a page to print. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const MONTH = 30 * 86400000; // ms
  const desk = cc.desk;
  const search = { from: "", to: "", text: "", feed: "", office: "", cause: "", page: 1 };

  desk.addSection("history", () => cc.word("History and reports"), async (body, again) => {
    search.to = search.to || cc.isoDay(cc.now());
    search.from = search.from || cc.isoDay(cc.now() - MONTH);
    const asked = new URLSearchParams(search);
    const told = await desk.get(`/console/history?${asked}`);
    asked.delete("page");
    if (!body.querySelector("form")) body.replaceChildren(form(again), cc.make("div", { class: "found" }));
    const found = told.total ? table(told) : cc.make("p", { class: "none" }, cc.word("Nothing was found in this time"));
    cc.put(body.lastElementChild, period(), figures(told), tools(asked), found, pages(told, again));
  });

  function form(again) {
    const choice = (name, all, values) => cc.make("select", { name }, cc.option("", all), values);
    const fields = [
      cc.field(cc.word("From"), cc.make("input", { type: "date", name: "from", value: search.from })),
      cc.field(cc.word("Until"), cc.make("input", { type: "date", name: "to", value: search.to })),
      cc.field(cc.word("Search"), cc.make("input", { type: "search", name: "text" })),
      cc.field(cc.word("Domain"), choice("feed", cc.word("All domains"), desk.facts.domains.map(({ feed, word }) => cc.option(feed, word)))),
      cc.field(cc.word("Office"), choice("office", cc.word("All offices"), desk.facts.offices.map(({ code, name }) => cc.option(code, name)))),
      cc.field(cc.word("Cause"), choice("cause", cc.word("All causes"), desk.facts.causes.map(({ id, word }) => cc.option(id, word)))),
    ];
    const send = (event) => {
      event.preventDefault();
      Object.assign(search, Object.fromEntries(new FormData(made)), { page: 1 });
      again();
    };
    const made = cc.make(
      "form",
      { class: "search", submit: send, change: () => made.requestSubmit() },
      fields,
      cc.make("button", null, cc.word("Search")),
    );
    return made;
  }

  // On paper the form is not there: the time that it asks for has to be.
  const period = () => cc.make(
    "p",
    { class: "period" },
    `${desk.facts.region.name} · ${[search.from, search.to].map((day) => cc.day(Date.parse(`${day}T12:00:00Z`))).join(" – ")}`,
  );

  function figures({ total, causes, minutes_to_acknowledge: taken, minutes_to_resolve: ended }) {
    const median = (minutes) => (minutes === null ? "–" : cc.span(minutes * 60000));
    const told = [
      [cc.word("incidents"), cc.number(total)],
      [cc.word("until acknowledged (median)"), median(taken)],
      [cc.word("until resolved (median)"), median(ended)],
      ...Object.entries(causes).sort((a, b) => b[1] - a[1]).map(([cause, n]) => [
        cause ? desk.words.cause(cause) : cc.word("without a cause"),
        cc.number(n),
      ]),
    ];
    return cc.make("div", { class: "sums" }, told.map(([word, n]) => cc.make("p", null, cc.make("b", null, n), word)));
  }

  const tools = (asked) => cc.make(
    "p",
    { class: "tools-of" },
    cc.make("a", { class: "press", href: `/console/history.csv?${asked}` }, cc.word("Table as a file (CSV)")),
    cc.button(cc.word("Print"), () => window.print()),
  );

  function table({ incidents }) {
    const head = [cc.word("Number"), cc.word("Incident"), cc.word("Domain"), cc.word("Opened"), cc.word("Lasted"), cc.word("Cause"), cc.word("By")];
    return cc.make(
      "div",
      { class: "table" },
      cc.make(
        "table",
        null,
        cc.make("thead", null, cc.make("tr", null, head.map((word) => cc.make("th", { scope: "col" }, word)))),
        cc.make("tbody", null, incidents.map(line)),
      ),
    );
  }

  function line(row) {
    const open = cc.button(row.title, () => desk.visit(row.number), { class: "link" });
    const cells = [
      desk.code(row),
      [desk.mark(row), " ", open, cc.make("small", null, row.detail), row.note && cc.make("q", null, row.note)],
      desk.words.domain(row),
      cc.dayClock(Date.parse(row.opened_at)),
      cc.span(row.minutes * 60000),
      row.cause ? desk.words.cause(row.cause) : "–",
      row.who === "watch" ? cc.word("by itself") : row.who,
    ];
    return cc.make("tr", null, cells.map((cell) => cc.make("td", null, cell)));
  }

  function pages({ page, pages }, again) {
    const turn = (by) => () => {
      search.page = page + by;
      again();
    };
    return pages > 1 && cc.make(
      "p",
      { class: "turns" },
      cc.button("‹", turn(-1), { disabled: page <= 1, "aria-label": cc.word("Newer") }),
      cc.word("Page {n} of {m}", { n: page, m: pages }),
      cc.button("›", turn(1), { disabled: page >= pages, "aria-label": cc.word("Older") }),
    );
  }

  // An incident, seen from another section.
  desk.visit = function (number) {
    location.hash = "";
    desk.open(number, true);
  };
})(window.commandcenter);
