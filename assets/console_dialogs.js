/* Questions of the console. A <dialog> keeps the focus in itself; Escape and a press beside it mean no. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const desk = cc.desk;

  // `content(answer)` makes what is inside; whatever it calls `answer` with is the answer, null is none.
  desk.ask = function (title, content) {
    return new Promise((resolve) => {
      let told = null;
      const answer = (value) => {
        told = value;
        dialog.close();
      };
      const beside = (event) => event.target === dialog && dialog.close();
      const end = () => {
        dialog.remove();
        resolve(told);
      };
      const dialog = cc.make("dialog", { class: "ask", "aria-label": title, click: beside, close: end }, cc.make("h2", null, title));
      dialog.append(...cc.make("div", null, content(answer)).childNodes);
      desk.host.append(dialog);
      dialog.showModal();
    });
  };

  const feet = (answer, main) => cc.make("footer", null, cc.button(cc.word("Cancel"), () => answer(null)), main);

  desk.confirm = (title, word, ...content) =>
    desk.ask(title, (answer) => [...content, feet(answer, cc.button(word, () => answer(true), { class: "main", autofocus: true }))]);

  const noteLine = (value) => cc.make(
    "textarea",
    { rows: 2, maxlength: 2000, "aria-label": cc.word("Note (optional)"), placeholder: cc.word("Note (optional)") },
    value,
  );

  // --- until when ------------------------------------------------------------------------------
  const MINUTES = [15, 30, 60, 240];
  const USUAL = 30; // Z and Enter

  // Resolves to {until_minutes, note}.
  desk.askUntil = (title, summary) =>
    desk.ask(title, (answer) => {
      const note = noteLine("");
      const until = (minutes) => answer({ until_minutes: minutes, note: note.value.trim() });
      const own = cc.make("input", { type: "time", required: true, "aria-label": cc.word("Until") });
      const choice = (minutes, word) => cc.button(word, () => until(minutes), { "data-minutes": minutes, autofocus: minutes === USUAL });
      const hour = minutesUntil("16:00") < 12 * 60 ? "16:00" : "08:00";
      const choices = MINUTES.map((minutes) => choice(minutes, cc.span(minutes * 60000)));
      choices.push(choice(minutesUntil(hour), cc.word("until {clock}", { clock: cc.clockWithZone(cc.now() + minutesUntil(hour) * 60000) })));
      const form = cc.make(
        "form",
        { class: "own", method: "dialog", submit: (event) => (event.preventDefault(), until(minutesUntil(own.value))) },
        cc.field(cc.word("Until"), own),
        cc.make("button", null, cc.word("Shelve")),
      );
      return [summary, note, cc.make("div", { class: "choices" }, choices), form, feet(answer)];
    });

  // To the next time that the page's zone has this hour: "16:00".
  function minutesUntil(clock) {
    const minutes = (text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
    return (minutes(clock) - minutes(cc.clock(cc.now())) + 1440) % 1440 || 1440;
  }

  // --- who -------------------------------------------------------------------------------------
  desk.askAssignee = (title, summary) =>
    desk.ask(title, (answer) => {
      const offices = cc.make(
        "select",
        { "aria-label": cc.word("Office"), change: () => offices.value && answer(offices.value) },
        cc.option("", cc.word("Or an office…")),
      );
      offices.append(...desk.facts.offices.map((office) => cc.option(office.code, office.name)));
      const people = desk.facts.people.map((one) => person(one, answer));
      return [summary, cc.make("div", { class: "choices" }, people), desk.facts.offices.length > 0 && offices, feet(answer)];
    });

  const person = ({ name, role }, answer) => cc.button([name, role && cc.make("small", null, role)], () => answer(name), { "data-person": name });

  // --- cause -----------------------------------------------------------------------------------
  // Resolves to {cause, note}. Without a cause nothing is resolved.
  desk.askCause = (title, summary, told) =>
    desk.ask(title, (answer) => {
      let cause = told.cause;
      const note = noteLine(told.note);
      const go = cc.button(cc.word("Resolve"), () => answer({ cause, note: note.value.trim() }), { class: "main", disabled: !cause });
      const chips = desk.causeChips(cause, (chosen) => {
        cause = chosen;
        go.disabled = !cause;
      });
      return [summary, cc.make("h3", null, cc.word("Cause")), chips, note, feet(answer, go)];
    });

  desk.causeChips = function (chosen, choose) {
    const chips = cc.make("div", { class: "chips causes", role: "group", "aria-label": cc.word("Cause") });
    const press = (event) => {
      const cause = event.currentTarget.ariaPressed === "true" ? "" : event.currentTarget.dataset.cause;
      for (const chip of chips.children) chip.ariaPressed = String(chip.dataset.cause === cause);
      choose(cause);
    };
    chips.append(...desk.facts.causes.map(({ id, word }) => cc.button(
      word,
      press,
      { class: "chip", "data-cause": id, "aria-pressed": String(id === chosen) },
    )));
    return chips;
  };
})(window.commandcenter);
