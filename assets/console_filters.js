/* Which incidents are seen: by state (the chips), domain (the navigation), and the line above the list. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const NONE = { state: "", domain: "", text: "", level: "", office: "", place: "", mine: false };
  const SEEN = {
    "": ["open", "acknowledged", "working"],
    open: ["open"],
    working: ["acknowledged", "working"],
    shelved: ["shelved"],
    resolved: ["resolved"],
  };

  desk.chips = ["open", "working", "shelved", "resolved"];
  desk.filters = { ...NONE };

  desk.filter = function (changes) {
    Object.assign(desk.filters, changes);
    desk.tell("filters");
  };
  desk.unfilter = () => desk.filter(NONE);

  // The rows to show; how many each chip would show; how many are waiting and open in each domain;
  // how many this chip hides because of the other filters.
  desk.look = function () {
    const found = { rows: [], chips: {}, domains: {}, waiting: 0, hidden: 0 };
    const fits = test(desk.filters);
    const seen = SEEN[desk.filters.state];
    for (const row of desk.ordered()) {
      const fit = fits(row);
      const chip = desk.chips.find((name) => SEEN[name].includes(row.state));
      if (fit) found.chips[chip] = (found.chips[chip] || 0) + 1;
      if (row.state === "open") found.waiting += 1;
      if (SEEN[""].includes(row.state)) count(found.domains, row.feed);
      if (seen.includes(row.state)) fit ? found.rows.push(row) : (found.hidden += 1);
    }
    return found;
  };

  const count = (counts, name) => (counts[name] = (counts[name] || 0) + 1);

  function test({ domain, text, level, office, place, mine }) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const who = desk.who();
    return (row) =>
      (!domain || row.feed === domain) &&
      (!level || row.level === level) &&
      (!office || row.office === office) &&
      (!place || row.provider === place || row.kecamatan === place) &&
      (!mine || row.assignee === who || row.acknowledged_by === who) &&
      words.every((word) => searched(row).includes(word));
  }

  function searched(row) {
    const all = [
      desk.code(row),
      row.title,
      row.detail,
      row.about,
      row.office,
      row.kecamatan,
      row.provider,
      row.owner,
      row.assignee,
      row.acknowledged_by,
    ];
    row.searched = row.searched || all.join("\n").toLowerCase();
    return row.searched;
  }

  // INS-2026-0412: by the year in which it was opened, and its number.
  desk.code = (row) => `INS-${row.opened_at.slice(0, 4)}-${String(row.number).padStart(4, "0")}`;

  // What the rows have to choose from.
  desk.values = (name) => [...new Set([...desk.rows.values()].map((row) => row[name]).filter(Boolean))].sort();
})(window.commandcenter);
