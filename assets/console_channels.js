/* The channels on which people are notified: what each tells, how it is, and a test. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  desk.addSection("channels", () => cc.word("Channels"), async (body, again) => {
    const { channels } = await desk.get("/console/channels");
    body.replaceChildren(cc.make("div", { class: "windows" }, channels.map((one) => line(one, again))));
  });

  function line(one, again) {
    const quiet = one.quiet_from ? cc.word("quiet from {from} to {until}", { from: one.quiet_from, until: one.quiet_until }) : "";
    const told = [(one.roles || []).join(", "), (one.levels || []).map(desk.words.level).join(", "), quiet].filter(Boolean);
    const test = cc.button(
      cc.word("Test this channel"),
      () => desk.busily(test, `/console/channels/${encodeURIComponent(one.name)}/test`, {}, (answer) => tested(one, answer, again)),
    );
    return cc.make(
      "div",
      { class: "box line-of", "data-channel": one.name },
      cc.make("div", null, cc.make("strong", null, one.name), cc.make("small", null, told.join(" · ")), state(one.status)),
      test,
    );
  }

  function state(status) {
    if (!status) return cc.make("p", { class: "dim" }, cc.word("No news of it yet"));
    const mark = cc.make("i", { class: status.ok ? "mark ok" : "mark bad" });
    const waiting = status.waiting ? ` · ${cc.word("{n} messages wait", { n: status.waiting })}` : "";
    return cc.make("p", null, mark, " ", status.ok ? cc.word("works") : status.error || cc.word("does not work"), waiting);
  }

  async function tested(one, { ok, why }, again) {
    desk.toast({ text: ok ? cc.word("{name} took the test message", { name: one.name }) : `${one.name}: ${why}`, bad: !ok });
    await again();
  }
})(window.commandcenter);
