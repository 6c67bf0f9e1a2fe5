/* One incident, beside the list or, on a narrow screen, over it: fetched when it is opened and whenever
   its row has changed. What is being typed here stays. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const SOON = 120; // ms that the cursor rests on a row before it is fetched
  const AGAIN = 3000; // ms after a fetch that failed
  const desk = cc.desk;
  const parts = {};
  let opened = null; // number
  let told = null; // what the server said of it last
  let trouble = "";
  let fetching = false;
  let timer = 0;

  desk.side = function () {
    parts.back = cc.button(cc.word("‹ Incidents"), desk.shut, { class: "back" });
    parts.head = cc.make("header");
    parts.actions = cc.make("div", { class: "actions" });
    parts.causes = card(cc.word("Cause"), "causes");
    parts.notes = desk.notesCard();
    parts.affected = card(cc.word("Also affected"), "affected");
    parts.evidence = card(cc.word("When it fell"), "evidence");
    parts.log = card(cc.word("Timeline"), "log");
    parts.facts = card(cc.word("Facts"), "facts-of");
    parts.similar = card(cc.word("Similar before"), "similar");
    parts.empty = cc.make("p", { class: "none" }, cc.word("Choose an incident from the list"));
    const { back, empty, ...rest } = parts;
    parts.body = cc.make("div", { class: "detail", hidden: true }, Object.values(rest));
    return cc.make("aside", { class: "side", "data-of": "incidents", "aria-label": cc.word("Detail") }, back, empty, parts.body);
  };

  const card = (title, name) => cc.make("section", { class: `box ${name}`, hidden: true }, cc.make("h2", null, title), cc.make("div"));

  // --- which one -------------------------------------------------------------------------------
  desk.opened = () => opened;

  // `atOnce` for a press; the keyboard may only be passing by. `sheet`: over the list, where it is narrow.
  desk.open = function (number, atOnce) {
    if (atOnce) desk.host.dataset.sheet = "open";
    desk.list.point(number, !atOnce);
    if (number !== opened) begin(number);
    clearTimeout(timer);
    timer = setTimeout(fetchIt, atOnce ? 0 : SOON);
  };

  desk.shut = () => delete desk.host.dataset.sheet;

  // Whether a person sees it: in the list, or beside it. Keys act on nothing else.
  desk.isSeen = (number) =>
    desk.list.rows().some((row) => row.number === number) || (number === opened && parts.body.offsetParent !== null);

  // Another domain, state or search was chosen, and the list no longer has it: nobody looks at it.
  desk.on("filters", () => {
    if (opened === null || desk.look().rows.some((row) => row.number === opened)) return;
    clearTimeout(timer);
    delete desk.host.dataset.sheet;
    begin(null);
    address();
  });

  function begin(number) {
    [opened, told, trouble] = [number, null, ""];
    parts.body.parentElement.scrollTop = 0;
    desk.turnNotes(number);
    show();
  }

  // What is known of it: the list and the server's answer, whichever is newer.
  desk.openedRow = function () {
    const [row, fetched] = [desk.rows.get(opened), told && told.incident];
    return row && fetched ? (fetched.revision > row.revision ? fetched : row) : row || fetched;
  };

  async function fetchIt() {
    const number = opened;
    if (number === null || fetching) return;
    fetching = true;
    try {
      const answer = await desk.get(`/console/incidents/${number}`);
      if (number === opened) [told, trouble] = [answer, ""];
    } catch (error) {
      if (number === opened) trouble = error.message;
      if (!error.status) timer = setTimeout(fetchIt, AGAIN);
    } finally {
      fetching = false;
    }
    address();
    show();
    if (number !== opened || outdated()) timer = setTimeout(fetchIt, SOON);
  }

  const outdated = () => told && desk.rows.has(opened) && desk.rows.get(opened).revision > told.incident.revision;

  // The address names it: a reload, or whoever is sent the address, finds it again.
  function address() {
    const here = new URL(location);
    if (here.searchParams.get("incident") === String(opened)) return;
    if (opened === null) here.searchParams.delete("incident");
    else here.searchParams.set("incident", opened);
    history.replaceState(history.state, "", here);
  }

  desk.on("begin", () => {
    const asked = Number(new URLSearchParams(location.search).get("incident"));
    if (asked > 0) desk.open(asked, true);
  });
  desk.on("ledger", ({ changes, gone }) => {
    if (opened === null || !(gone.includes(opened) || changes.some(([, row]) => row.number === opened))) return;
    show();
    clearTimeout(timer);
    timer = setTimeout(fetchIt, SOON);
  });
  desk.on("busy", () => opened !== null && show());

  // --- what is seen ----------------------------------------------------------------------------
  function show() {
    const row = desk.openedRow();
    parts.empty.hidden = Boolean(row);
    parts.body.hidden = !row;
    if (opened === null) return cc.say(parts.empty, cc.word("Choose an incident from the list"));
    if (!row) return cc.say(parts.empty, trouble || cc.word("Loading"));
    cc.fill(parts.head, head(row));
    cc.fill(parts.actions, buttons(row));
    parts.actions.classList.toggle("busy", desk.busy(row.number));
    causes(row);
    inside(parts.facts, [facts(row)]);
    desk.showNotes(told ? told.log : []);
    inside(parts.affected, told ? told.affected.map(affected) : []);
    desk.showEvidence(parts.evidence, told, row);
    inside(parts.log, told ? desk.timeline(told.log) : []);
    inside(parts.similar, told ? told.similar.map(similar) : []);
    cc.tick(parts.body);
  }

  function inside(box, content) {
    cc.fill(box.lastElementChild, content);
    box.hidden = !content.length;
  }

  function head(row) {
    const since = cc.word("since {clock}", { clock: cc.dayClock(Date.parse(row.opened_at)) });
    return [
      cc.make("h1", null, row.title),
      cc.make("p", { class: "dim" }, `${desk.code(row)} · `, cc.make("b", { class: row.level }, desk.words.level(row.level)), ` · ${since}`),
      desk.words.detail(row) && cc.make("p", { class: "about" }, desk.words.detail(row)),
      cc.make("p", { class: "now", "data-state": row.state }, desk.mark(row), desk.words.state(row), runbook(row)),
    ];
  }

  const KEYS = { acknowledge: "T", work: "W", resolve: "S", shelve: "Z", assign: "A", note: "C" };

  function buttons(row) {
    const word = {
      acknowledge: cc.word("Acknowledge"),
      work: cc.word("Begin work"),
      resolve: cc.word("Resolve"),
      shelve: cc.word("Shelve…"),
      unshelve: cc.word("End shelving"),
      assign: cc.word("Assign…"),
      note: cc.word("Note"),
      reopen: cc.word("Open again"),
      close: cc.word("Close for good"),
    };
    const press = (event) => desk.act(event.currentTarget.dataset.act, [desk.openedRow()]);
    return desk.acts(row).map((act, n) => cc.button(
      word[act],
      press,
      { "data-act": act, class: n === 0 && act !== "note" ? "main" : null, "aria-keyshortcuts": KEYS[act] },
    ));
  }

  // Chosen here, the cause is told with S; of an incident that is over, what it was.
  function causes(row) {
    parts.causes.hidden = !desk.may("resolve", row) || !desk.facts.causes.length;
    const holder = parts.causes.lastElementChild;
    if (holder.dataset.number === String(row.number)) return;
    holder.dataset.number = row.number;
    holder.replaceChildren(desk.causeChips(desk.draft(row.number).cause, (cause) => desk.keepDraft(row.number, { cause })));
  }

  function facts(row) {
    const told = [
      [cc.word("Domain"), desk.words.domain(row)],
      [cc.word("Office"), desk.words.office(row)],
      [cc.word("Kecamatan"), row.kecamatan],
      [cc.word("Provider"), row.provider],
      [cc.word("Owner"), row.owner],
      [cc.word("Assigned to"), row.assignee && desk.words.whom(row.assignee)],
      [cc.word("Events"), row.count > 1 && cc.word("{n}, the last at {clock}", { n: row.count, clock: cc.dayClock(Date.parse(row.last_seen_at)) })],
      [cc.word("Acknowledged until"), row.acknowledged_until && row.state === "acknowledged" && cc.dayClock(Date.parse(row.acknowledged_until))],
      [cc.word("Maintenance"), windows()],
      ...sender(),
    ];
    const list = told.filter(([, value]) => value).map(([word, value]) => [cc.make("dt", null, word), cc.make("dd", null, value)]);
    return cc.make("dl", null, list);
  }

  // What another system told of its alert: who, when on its own clock, where to look, its labels.
  function sender() {
    const said = told && told.sender;
    if (!said || !said.labels) return [];
    const labels = Object.entries(said.labels).map(([name, value]) => `${name}=${value}`).join(", ");
    const links = Object.entries(said.links).filter(([, href]) => /^https?:\/\//.test(href)).map(([name, href]) => [
      cc.make("a", { href, target: "_blank", rel: "noopener noreferrer" }, `${where(name)} ↗`),
      " ",
    ]);
    return [
      [cc.word("Sender"), said.sender],
      [cc.word("Began, on its clock"), said.began_at && cc.dayClock(Date.parse(said.began_at))],
      [cc.word("At the sender"), links.length && cc.make("span", null, links.flat())],
      [cc.word("Labels"), labels],
    ];
  }

  const where = (name) => ({
    source: cc.word("source"),
    silence: cc.word("silence"),
    dashboard: cc.word("dashboard"),
    panel: cc.word("panel"),
    sender: cc.word("sender"),
  }[name] || name);

  const windows = () => told && told.maintenance && told.maintenance.map((one) => one.title).join(", ");

  // Only what leads to a page: an address may also be a script.
  function runbook(row) {
    if (!row.runbook) return null;
    if (!/^(https?:\/\/|\/)/.test(row.runbook)) return cc.make("span", { class: "runbook" }, row.runbook);
    return cc.make("a", { class: "runbook", href: row.runbook, target: "_blank", rel: "noopener noreferrer" }, cc.word("Runbook ↗"));
  }

  const affected = (thing) => cc.make(
    "p",
    { class: "pair-of" },
    cc.make("span", null, thing.name || thing.key),
    cc.make("span", { class: "dim" }, thing.word),
  );

  function similar(past) {
    const ended = [
      past.cause ? desk.words.cause(past.cause) : cc.word("recovered by itself"),
      past.who === "watch" ? "" : past.who,
      past.minutes === null ? "" : cc.span(past.minutes * 60000),
    ];
    const open = cc.button(past.title, () => desk.open(past.number, true), { class: "link", "data-past": past.number });
    return cc.make(
      "div",
      { class: "past" },
      open,
      cc.make("small", null, [cc.day(Date.parse(past.opened_at)), ...ended].filter(Boolean).join(" · ")),
      past.note && cc.make("q", null, past.note),
    );
  }
})(window.commandcenter);
