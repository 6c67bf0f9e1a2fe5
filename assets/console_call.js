/* A new critical incident calls: with two tones and a notification of the browser, once, if somebody
   asked for it; and the title of the page says how many wait. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const KEPT = "commandcenter.calls";
  const desk = cc.desk;
  const called = new Set(); // numbers that have called, or were there when the page came
  let context = null; // of the sound
  let button = null;

  desk.callButton = () => (button = cc.button("", turn, { class: "call" }));

  const wanted = () => localStorage.getItem(KEPT) === "on";
  const mayNotify = () => window.Notification && Notification.permission === "granted";

  // The browser is asked because somebody pressed here, and never else.
  async function turn() {
    localStorage.setItem(KEPT, wanted() ? "off" : "on");
    if (wanted()) {
      sound();
      if (window.Notification && Notification.permission === "default") await Notification.requestPermission();
    }
    show();
  }

  function show() {
    if (!button) return;
    button.ariaPressed = String(wanted());
    const half = wanted() && !mayNotify();
    cc.say(
      button,
      half ? cc.word("Sound on; notifications are blocked") : wanted() ? cc.word("Sound and notifications on") : cc.word("Sound and notify"),
    );
  }
  desk.on("begin", () => {
    show();
    title();
  });

  // --- what calls ------------------------------------------------------------------------------
  desk.on("ledger", ({ changes, gone, news }) => {
    const calls = changes.map(([, row]) => row).filter((row) => isNew(row));
    for (const row of calls) called.add(row.number);
    for (const [, row] of changes) if (row.state === "resolved") called.delete(row.number);
    for (const number of gone) called.delete(number);
    title();
    if (news && wanted() && calls.length) call(calls);
  });

  const isNew = (row) => row.level === "critical" && row.state === "open" && !row.maintenance && !called.has(row.number);

  function call(rows) {
    cc.strike(sound());
    if (!mayNotify()) return;
    const more = rows.length - 1;
    const text = more ? `${rows[0].title} · ${cc.word("and {n} more", { n: more })}` : rows[0].title;
    notify(cc.word("New critical incident"), text, rows[0].number);
  }

  function notify(title, body, number) {
    try {
      const told = new Notification(title, { body, tag: `incident-${number}` });
      told.onclick = () => {
        window.focus();
        desk.open(number, true);
        told.close();
      };
    } catch {
      // Chrome on Android lets only service workers notify; there the sound has to do.
    }
  }

  // A browser lets a page sound after the first press or key on it.
  function sound() {
    context = context || new AudioContext();
    context.resume().catch(() => {});
    return context;
  }
  const gesture = () => desk.host && wanted() && sound();
  addEventListener("keydown", gesture);
  addEventListener("pointerdown", gesture);

  function title() {
    if (!desk.host) return; // the page's words are not here yet
    let waiting = 0;
    for (const row of desk.rows.values()) waiting += row.state === "open" ? 1 : 0;
    const text = waiting ? `(${waiting}) ${cc.word("Incidents")}` : cc.word("Incidents");
    if (document.title !== text) document.title = text;
  }
})(window.commandcenter);
