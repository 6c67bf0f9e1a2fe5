/* Who works at this desk: chosen once, remembered by this browser. Nobody is taken for somebody: as
   long as no one is chosen, the first step asks. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const KEPT = "commandcenter.operator";
  const desk = cc.desk;
  let chooser = null;

  desk.operator = function () {
    const people = desk.facts.people.map(({ name }) => cc.option(name, name));
    chooser = cc.make(
      "select",
      { id: "operator", "aria-label": cc.word("Who works here"), change: keep },
      people.length === 1 ? null : cc.option("", cc.word("Who are you?")),
      people,
    );
    const kept = localStorage.getItem(KEPT);
    if (desk.facts.people.some(({ name }) => name === kept)) chooser.value = kept;
    return chooser;
  };

  desk.who = () => (chooser ? chooser.value : "");
  desk.role = () => (desk.facts.people.find(({ name }) => name === desk.who()) || { role: "" }).role;

  // The name, asked for if need be; "" when that was not answered.
  desk.whoever = async function () {
    if (desk.who()) return desk.who();
    if (!desk.facts.people.length) desk.toast({ text: cc.word("There is no [[person]] in config.toml"), bad: true });
    else chooser.value = (await desk.askPerson(cc.word("Who are you?"))) || "";
    keep();
    return desk.who();
  };

  function keep() {
    localStorage.setItem(KEPT, desk.who());
    desk.tell("operator", desk.who());
    desk.tell("filters");
  }
})(window.commandcenter);
