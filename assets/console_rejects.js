/* Rejected input: what came and could not be used, by source and reason; the input itself is for
   administrators, and asked for one by one. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.addSection("rejected", () => cc.word("Rejected input"), async (body) => {
    const { groups, kept, lists } = await desk.get("/console/rejects");
    cc.fill(body, [
      Object.keys(lists).length > 0 && wrongLists(lists),
      groups.length > 0 && cc.make("p", { class: "dim" }, cc.word("{n} are kept; the oldest make room for new ones", { n: kept })),
      groups.map(group),
      !groups.length && cc.make("p", { class: "none" }, cc.word("Nothing was rejected")),
    ]);
  });

  const wrongLists = (lists) =>
    cc.make(
      "section",
      { class: "box", "data-lists": "" },
      cc.make("h2", null, cc.word("Mistakes in lists")),
      cc.make("p", { class: "dim" }, cc.word("Correct them in the file itself; it is read again by itself.")),
      Object.entries(lists).map(([feed, mistakes]) => [cc.make("h3", null, source(feed)), cc.make("ul", null, mistakes.map((one) => cc.make("li", null, one)))]),
    );

  function group(told) {
    const times = told.count === 1 ? cc.dayClock(Date.parse(told.last_at)) : cc.word("{first} to {last}", { first: cc.dayClock(Date.parse(told.first_at)), last: cc.dayClock(Date.parse(told.last_at)) });
    return cc.make(
      "details",
      { class: "box", "data-reject": `${told.feed} ${told.source}` },
      cc.make(
        "summary",
        null,
        cc.make("b", { class: "count" }, cc.word("{n}×", { n: told.count })),
        cc.make("div", null, cc.make("strong", null, told.reason), cc.make("small", null, `${source(told.feed)} · ${told.source} · ${times}`)),
      ),
      cc.make("ol", { class: "entries" }, told.newest.map(entry)),
      told.count > told.newest.length && cc.make("p", { class: "dim" }, cc.word("and {n} more", { n: told.count - told.newest.length })),
    );
  }

  function entry({ id, at, reason, size }) {
    const show = desk.facts.me.admin && size > 0;
    const shown = cc.make("pre", { hidden: true });
    const button = cc.button(cc.word("Show the input"), () => open(id, shown, button), { class: "quiet" });
    return cc.make("li", null, cc.make("small", null, `${cc.dayClock(Date.parse(at))} · ${cc.word("{n} bytes", { n: size })}`), cc.make("span", null, reason), show && button, shown);
  }

  async function open(id, shown, button) {
    try {
      const { body, size } = await desk.get(`/console/rejects/${id}`);
      shown.textContent = body.length < size ? `${body} …` : body;
      shown.hidden = false;
      button.remove();
    } catch (error) {
      desk.toast({ text: error.message, bad: true });
    }
  }

  const source = (feed) => (desk.facts.domains.find((one) => one.feed === feed) || { word: feed }).word;
})(window.commandcenter);
