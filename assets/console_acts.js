/* What can be done with an incident, and what has to be asked before it is. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const MAY = {
    open: ["acknowledge", "resolve", "shelve", "assign", "note"],
    acknowledged: ["work", "resolve", "shelve", "assign", "note"],
    working: ["resolve", "shelve", "assign", "note"],
    shelved: ["unshelve", "resolve", "assign", "note"],
    resolved: ["reopen", "close", "note"],
    closed: ["note"],
  };

  // Whoever only reads may do nothing with any of them; the server refuses it, too.
  desk.acts = (row) => (desk.facts.me.acts && MAY[row.state]) || [];
  desk.may = (act, row) => desk.acts(row).includes(act);

  // The same for a button, a key and many at once: asks, then steps. Whether all of it was done.
  desk.act = async function (act, rows, { via = "page", skipped = 0 } = {}) {
    if (!rows.length) return void desk.toast({ text: cc.word("This cannot be done with it now"), bad: true });
    if (act === "note") return desk.writeNote(rows[0].number);
    const told = await asked(act, rows, skipped);
    if (!told) return false;
    const done = await desk.step(act, rows, { ...told, via: rows.length > 1 ? "bulk" : via });
    if (done && act === "resolve") rows.forEach((row) => desk.forgetDraft(row.number));
    return done;
  };

  async function asked(act, rows, skipped) {
    const summary = rows.length > 1 || skipped ? desk.summary(rows, skipped) : [];
    if (act === "shelve") return desk.askUntil(titled(rows, cc.word("Shelve"), many("shelve", rows)), summary);
    if (act === "assign") {
      const assignee = await desk.askAssignee(titled(rows, cc.word("Assign"), many("assign", rows)), summary);
      return assignee && { assignee };
    }
    if (act === "resolve") return cause(rows, summary);
    if (rows.length > 1) return (await desk.confirm(many(act, rows), cc.word("Acknowledge"), ...summary)) && {};
    return {};
  }

  // With a cause chosen beside the incident, and nothing half written, there is nothing to ask.
  function cause(rows, summary) {
    const draft = rows.length === 1 ? desk.draft(rows[0].number) : {};
    const told = { cause: draft.cause || "", note: draft.note || "" };
    if (told.cause && !told.note) return told;
    return desk.askCause(titled(rows, cc.word("Resolve"), many("resolve", rows)), summary, told);
  }

  const titled = (rows, one, several) => (rows.length > 1 ? several : `${one}: ${rows[0].title}`);

  function many(act, rows) {
    const n = rows.length;
    if (act === "shelve") return cc.word("Shelve {n} incidents", { n });
    if (act === "assign") return cc.word("Assign {n} incidents", { n });
    if (act === "resolve") return cc.word("Resolve {n} incidents", { n });
    return cc.word("Acknowledge {n} incidents", { n });
  }
})(window.commandcenter);
