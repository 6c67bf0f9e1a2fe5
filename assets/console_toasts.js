/* What a step led to, at the lower edge; for some seconds it can be taken back there. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const STAYS = 6; // s
  const MOST = 3;
  const desk = cc.desk;
  const there = []; // newest last
  let timer;

  desk.toast = function ({ text, bad, undo, seconds }) {
    const left = undo ? seconds : bad ? 2 * STAYS : STAYS;
    const toast = {
      undo,
      ends: performance.now() + left * 1000,
      element: cc.make("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, cc.make("span", null, text)),
    };
    if (undo) toast.button = toast.element.appendChild(cc.button("", () => take(toast), { class: "undo" }));
    toast.element.append(cc.button("×", () => end(toast), { class: "away", "aria-label": cc.word("Away with it") }));
    there.push(toast);
    timer = timer || setInterval(count, 250);
    holder().append(toast.element);
    while (there.length > MOST) end(there[0]);
    count();
  };

  // The newest that can be taken back: the key U.
  desk.undo = function () {
    const toast = there.findLast((one) => one.undo);
    if (toast) take(toast);
  };

  const holder = () => desk.host.querySelector(".toasts") || desk.host.appendChild(cc.make("div", { class: "toasts" }));

  function take(toast) {
    end(toast);
    toast.undo();
  }

  function end(toast) {
    if (there.includes(toast)) there.splice(there.indexOf(toast), 1);
    toast.element.remove();
  }

  function count() {
    if (!there.length) timer = clearInterval(timer);
    for (const toast of [...there]) {
      const left = Math.ceil((toast.ends - performance.now()) / 1000);
      if (left <= 0) end(toast);
      else if (toast.button) cc.say(toast.button, cc.word("Undo ({n} s)", { n: left }));
    }
  }
})(window.commandcenter);
