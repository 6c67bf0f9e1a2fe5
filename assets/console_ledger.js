/* What the server's ledger says of incidents (commandcenter/web/ledger.py): the newest state of each. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const RANK = { open: 0, acknowledged: 1, working: 1, shelved: 2, resolved: 3 };
  const APART = 1e14; // ms: more than any moment

  const rows = (desk.rows = new Map()); // number -> row
  desk.rest = null; // rows still to come; null: nothing has come yet
  desk.totals = {};
  let ordered = null; // null: to be sorted anew
  let fresh = null; // numbers of a whole ledger that is still coming
  let complete = false; // what comes from now on is news

  cc.takeRows = function (told) {
    if (told.whole) fresh = new Set();
    const changes = told.rows.map((row) => [take(row), row]);
    for (const number of told.gone || []) rows.delete(number);
    if (told.totals) totals(told.totals);
    desk.rest = told.rest || 0;
    if (fresh && !desk.rest) forget();
    ordered = null;
    desk.tell("ledger", { changes, gone: told.gone || [], news: complete });
    complete = complete || !desk.rest;
  };

  // How old all of it is is judged by the page's own clock (assets/clock.js), as of every card.
  function totals(told) {
    desk.totals = told;
    if (!desk.host) return;
    Object.assign(desk.host.dataset, { at: told.at || "", lateAt: told.late_at || "", staleAt: told.stale_at || "", base: told.state || "" });
    if (!told.state) delete desk.host.dataset.base;
    cc.tick();
  }
  desk.on("begin", () => desk.totals.at && totals(desk.totals));

  // What it was before.
  function take(row) {
    const before = rows.get(row.number);
    if (fresh) fresh.add(row.number);
    row.order = (2 * (RANK[row.state] ?? 0) + (row.level === "critical" ? 0 : 1)) * APART + moment(row);
    rows.set(row.number, row);
    return before;
  }

  // The oldest first; of those that are over, the newest.
  const moment = (row) => (row.state === "resolved" ? APART - Date.parse(row.resolved_at) : Date.parse(row.opened_at));

  // Until a whole ledger has come, what was there before stays on the page.
  function forget() {
    for (const number of [...rows.keys()]) if (!fresh.has(number)) rows.delete(number);
    fresh = null;
  }

  // All rows, those that need a person most on top (commandcenter/vocabulary.py, urgency).
  desk.ordered = function () {
    ordered = ordered || [...rows.values()].sort((a, b) => a.order - b.order || a.number - b.number);
    return ordered;
  };
})(window.commandcenter);
