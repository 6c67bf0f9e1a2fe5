/* The one way to take a step with incidents: for buttons, keys and many at once (commandcenter/records/life.py).

   Nothing is shown as done before the server said that it is written. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const MANY = 60000; // ms that thousands may take
  const ARRIVES = 3000; // ms in which what was done also comes as a row
  const UNDOABLE = ["acknowledge", "work", "resolve", "close", "reopen", "shelve", "unshelve", "assign"];
  const desk = cc.desk;
  const asking = new Map(); // number -> the act of which the server has not yet said that it was done
  const written = new Map(); // number -> version that the server has, and the page not yet

  desk.busy = (number) => asking.has(number) || written.has(number);

  // Whether all of it was done.
  desk.step = async function (act, rows, told = {}) {
    if (rows.every((row) => asking.get(row.number) === act)) return false; // impatience is one step
    await settled(rows);
    const free = rows.filter((row) => !desk.busy(row.number));
    if (!free.length) return refuse(cc.word("Not done: the step before is still being written"));
    if (!desk.live()) return refuse(cc.word("Not done: what is seen here is not the present"));
    free.forEach((row) => asking.set(row.number, act));
    desk.tell("busy");
    try {
      const body = { via: "page", act, note: "", cause: "", until_minutes: null, assignee: "", ...told };
      const incidents = free.map(({ number, version }) => ({ number, version }));
      const answer = await desk.post("/console/steps", { ...body, incidents }, free.length > 200 ? MANY : 0);
      return taken(act, free, answer);
    } catch (error) {
      return refuse(error.message);
    } finally {
      free.forEach((row) => asking.delete(row.number));
      desk.tell("busy");
    }
  };

  // Until the steps before are written. The row may be seen here a moment before the answer comes,
  // and whoever is quick means the next step with it: it must not be lost.
  function settled(rows) {
    const written = () => rows.some((row) => !desk.busy(row.number));
    if (written()) return null;
    return new Promise((resolve) => {
      setTimeout(resolve, ARRIVES);
      desk.on("busy", () => written() && resolve());
    });
  }

  function refuse(why) {
    desk.toast({ text: why, bad: true });
    return false;
  }

  function taken(act, rows, { done, refused }) {
    for (const { number, version } of done) expect(number, version);
    if (done.length) desk.toast({ text: said(act, done, rows), ...undo(act, done) });
    if (refused.length) desk.toast({ text: no(refused), bad: true });
    desk.tell("stepped", { act, done, refused });
    return !refused.length;
  }

  // Until the row itself comes, its old version must not be stepped upon.
  function expect(number, version) {
    const row = desk.rows.get(number);
    if (!row || row.version >= version) return;
    written.set(number, version);
    setTimeout(() => written.delete(number) && desk.tell("busy"), ARRIVES);
  }
  desk.on("ledger", ({ changes }) => {
    for (const [, row] of changes) if (written.get(row.number) <= row.version) written.delete(row.number);
  });

  const undo = (act, done) => (UNDOABLE.includes(act) ? { undo: () => desk.step("undo", done), seconds: desk.facts.undo_seconds || 10 } : {});

  function said(act, done, rows) {
    const one = desk.rows.get(done[0].number) || rows.find((row) => row.number === done[0].number);
    const what = done.length === 1 && one.title ? one.title : cc.word("{n} incidents", { n: done.length });
    return `${DONE[act]()}: ${what}`;
  }

  const DONE = {
    acknowledge: () => cc.word("Acknowledged"),
    work: () => cc.word("In work"),
    resolve: () => cc.word("Resolved"),
    close: () => cc.word("Closed"),
    reopen: () => cc.word("Opened again"),
    shelve: () => cc.word("Shelved"),
    unshelve: () => cc.word("No longer shelved"),
    assign: () => cc.word("Assigned"),
    note: () => cc.word("Noted"),
    undo: () => cc.word("Undone"),
  };

  function no(refused) {
    const first = refused[0].why;
    return refused.length === 1 ? first : cc.word("{n} not done. The first: {why}", { n: refused.length, why: first });
  }
})(window.commandcenter);
