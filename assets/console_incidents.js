/* The section of incidents: chips, filters, the list, what is said of an empty one, and several at once. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const parts = {};
  let list = null;
  let due = ""; // how the list is to be shown with the next picture

  desk.sections.incidents = function () {
    const title = cc.make("h1", null, cc.word("Incidents"));
    parts.chips = cc.make("div", { class: "chips", role: "group", "aria-label": cc.word("State") });
    parts.told = cc.make("p", { class: "loading", role: "status" });
    parts.empty = cc.make("div", { class: "none" });
    parts.above = cc.button("", () => list.toTop(), { class: "above" });
    parts.rows = cc.make(
      "div",
      { class: "rows", role: "listbox", tabindex: 0, "aria-label": cc.word("Incidents"), "aria-multiselectable": "true", click: press },
    );
    list = desk.list = new desk.List(parts.rows, { ...desk.row, above });
    const frame = cc.make("div", { class: "frame" }, parts.rows, parts.empty, parts.above);
    return cc.make(
      "section",
      { class: "work", "data-of": "incidents" },
      cc.make("header", null, title, parts.chips),
      desk.filterLine(),
      parts.told,
      frame,
      desk.bulk(),
      desk.hints(),
    );
  };

  // --- from the ledger to the page -------------------------------------------------------------
  desk.on("begin", () => {
    soon("anew");
    new MutationObserver(told).observe(desk.host, { attributeFilter: ["data-state"] });
  });
  desk.on("filters", () => soon("anew"));
  desk.on("ledger", ({ news }) => soon(news ? "news" : "loading"));
  desk.on("busy", () => list && list.paint());

  // Once for all that came since the last picture.
  function soon(what) {
    if (!desk.host) return;
    if (!due) requestAnimationFrame(look);
    due = due === "anew" || due === "loading" ? due : what;
  }

  function look() {
    const seen = desk.look();
    desk.unmark(seen.rows);
    chips(seen.chips);
    list.show(seen.rows, due);
    due = "";
    told();
    empty(seen);
    desk.tell("looked", seen);
  }

  // What the list lacks. When the whole server is silent, the banner says so (assets/live.js).
  function told() {
    const old = desk.host.dataset.state === "stale";
    const since = old ? cc.sinceText(Number(desk.host.dataset.at), cc.now()) : "";
    if (old) cc.say(parts.told, cc.word("These incidents are as they were at {clock}: watch is silent", { clock: since }));
    else cc.say(parts.told, desk.rest ? cc.word("{n} more are coming", { n: desk.rest }) : "");
  }

  function chips(counts) {
    const word = {
      open: (n) => cc.word("Unacknowledged {n}", { n }),
      working: (n) => cc.word("In work {n}", { n }),
      shelved: (n) => cc.word("Shelved {n}", { n }),
      resolved: (n) => cc.word("Resolved {n}", { n }),
    };
    if (!parts.chips.children.length) parts.chips.append(...desk.chips.map(chip));
    for (const button of parts.chips.children) {
      const name = button.dataset.chip;
      cc.say(button, word[name](counts[name] || 0));
      button.ariaPressed = String(desk.filters.state === name);
    }
  }

  const chip = (name) => cc.button("", () => desk.filter({ state: desk.filters.state === name ? "" : name }), { class: "chip", "data-chip": name });

  function empty({ rows, hidden }) {
    parts.empty.hidden = rows.length > 0;
    if (rows.length) return;
    if (desk.rest !== 0) cc.fill(parts.empty, cc.make("p", null, cc.word("Loading the incidents")));
    else if (!hidden) cc.fill(parts.empty, cc.make("p", null, nothing()));
    else parts.empty.replaceChildren(
      cc.make("p", null, cc.word("Nothing fits; {n} others are hidden by the filters", { n: hidden })),
      cc.button(cc.word("Show all"), desk.unfilter),
    );
  }

  function nothing() {
    if (desk.filters.state === "shelved") return cc.word("No incident is shelved");
    if (desk.filters.state === "resolved") return cc.word("Nothing was resolved within the last half hour; the rest is in the history");
    return desk.filters.state === "open" ? cc.word("Nobody has to be waited for") : cc.word("No open incidents");
  }

  function above(fresh, pushed) {
    parts.above.hidden = !fresh && !pushed;
    if (fresh) cc.say(parts.above, cc.word("{n} new above ↑", { n: fresh }));
    else if (pushed) cc.say(parts.above, cc.word("{n} above ↑", { n: pushed }));
  }

  // --- the hand --------------------------------------------------------------------------------
  function press(event) {
    const element = event.target.closest("[data-incident]");
    if (!element) return;
    const number = Number(element.dataset.incident);
    if (event.shiftKey) desk.markTo(number);
    else if (event.target.closest("[data-pick]")) desk.turnMark(number);
    else desk.open(number, true);
  }
})(window.commandcenter);
