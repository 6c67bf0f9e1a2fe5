/* The console's keyboard. A key does what its button does, through the same function. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;
  const ACTS = { t: "acknowledge", w: "work", s: "resolve", z: "shelve", a: "assign", c: "note" };
  const DO = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => desk.opened() !== null && desk.open(desk.opened(), true),
    x: () => desk.opened() !== null && desk.turnMark(desk.opened()),
    u: () => desk.undo(),
    "/": () => document.getElementById("search").focus(),
    "?": () => help(),
    Escape: () => (desk.marked.size ? desk.unmarkAll() : desk.shut()),
  };

  const words = () => [
    ["J K", cc.word("down and up the list")],
    ["Enter", cc.word("open it")],
    ["T", cc.word("acknowledge")],
    ["W", cc.word("begin work")],
    ["S", cc.word("resolve")],
    ["Z", cc.word("shelve")],
    ["A", cc.word("assign")],
    ["C", cc.word("note")],
    ["U", cc.word("take the last step back")],
    ["X", cc.word("mark, for several at once")],
    ["/", cc.word("search")],
    ["Esc", cc.word("back")],
    ["?", cc.word("help")],
  ];

  function move(by) {
    const number = desk.list.step(by);
    if (number !== null) desk.open(number, false);
  }

  const help = () =>
    desk.ask(cc.word("Keys"), (answer) => [
      cc.make(
        "dl",
        { class: "keys" },
        words().map(([key, word]) => [cc.make("dt", null, key.split(" ").map((one) => cc.make("kbd", null, one))), cc.make("dd", null, word)]),
      ),
      cc.make("footer", null, cc.button(cc.word("Close"), () => answer(null), { class: "main" })),
    ]);

  // Those of them that stand under the list.
  desk.hints = () => {
    const shown = desk.facts.me.acts ? ["J K", "T", "S", "Z", "C", "X", "U"] : ["J K"];
    const hint = ([key, word]) => cc.make("span", null, key.split(" ").map((one) => cc.make("kbd", null, one)), " ", word);
    return cc.make(
      "p",
      { class: "hints" },
      words().filter(([key]) => shown.includes(key)).map(hint),
      cc.button([cc.make("kbd", null, "?"), ` ${cc.word("help")}`], help, { class: "quiet" }),
    );
  };

  document.addEventListener("keydown", (event) => {
    if (!desk.host || !desk.host.isConnected || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName)) return leave(event);
    if (desk.section !== "incidents" && event.key !== "?") return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "Enter" && event.target.closest("button, a")) return; // it presses that one
    if (!DO[key] && !ACTS[key]) return;
    event.preventDefault();
    if (DO[key]) DO[key]();
    else if (!event.repeat) act(ACTS[key]);
  });

  // With those that are marked, or with the one that is open.
  function act(name) {
    const row = desk.openedRow();
    if (desk.marked.size && name !== "note") desk.together(name);
    else if (row && desk.isSeen(row.number)) desk.act(name, desk.may(name, row) ? [row] : [], { via: "key" });
  }

  // Escape leads out of a field; what was typed there stays.
  function leave(event) {
    if (event.key !== "Escape") return;
    event.target.blur();
    desk.host.querySelector(".rows").focus();
  }
})(window.commandcenter);
