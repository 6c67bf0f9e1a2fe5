/* Notes: what people wrote about an incident stands where nobody can miss it, and what is being written
   is kept by this browser until it was sent, whatever happens to the page. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const KEPT = "commandcenter.draft.";
  const desk = cc.desk;
  const parts = {};
  let number = null; // of the incident that is written about

  desk.notesCard = function () {
    parts.list = cc.make("div");
    parts.text = cc.make(
      "textarea",
      {
        rows: 1,
        maxlength: 2000,
        placeholder: cc.word("Write a note for the next shift"),
        "aria-label": cc.word("Note"),
        input: keep,
        keydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && send(),
      },
    );
    parts.send = cc.button(cc.word("Save the note"), send, { class: "send", disabled: true });
    return cc.make("section", { class: "box notes" }, cc.make("h2", null, cc.word("Notes")), parts.list, desk.facts.me.acts && [parts.text, parts.send]);
  };

  desk.turnNotes = function (which) {
    number = which;
    parts.text.value = desk.draft(number).note || "";
    parts.send.disabled = !parts.text.value.trim();
  };

  desk.writeNote = function (which) {
    if (!desk.facts.me.acts) return;
    if (desk.opened() !== which || desk.host.dataset.sheet !== "open") desk.open(which, true);
    parts.text.focus();
    parts.text.scrollIntoView({ block: "nearest" });
  };

  desk.showNotes = function (log) {
    const byPeople = log.filter((row) => row.note && row.facts.via);
    cc.fill(parts.list, byPeople.map(note));
  };

  const note = (row) => cc.make(
    "blockquote",
    null,
    cc.make("p", null, row.note),
    cc.make("footer", null, `${row.who} · ${cc.dayClock(Date.parse(row.at))}`),
  );

  async function send() {
    const [which, text] = [number, parts.text.value.trim()];
    if (!text || !(await desk.step("note", [desk.openedRow()], { note: text }))) return;
    if (desk.draft(which).note.trim() !== text) return; // it was written on meanwhile
    desk.keepDraft(which, { note: "" });
    if (which === number) desk.turnNotes(which);
  }

  // --- what is not sent yet ----------------------------------------------------------------------
  function keep() {
    desk.keepDraft(number, { note: parts.text.value });
    parts.send.disabled = !parts.text.value.trim();
  }

  desk.draft = (which) => JSON.parse(sessionStorage.getItem(KEPT + which) || "{}");

  desk.keepDraft = function (which, changes) {
    const draft = { ...desk.draft(which), ...changes };
    if (draft.note || draft.cause) sessionStorage.setItem(KEPT + which, JSON.stringify(draft));
    else desk.forgetDraft(which);
  };

  desk.forgetDraft = function (which) {
    sessionStorage.removeItem(KEPT + which);
    if (which === number) desk.turnNotes(which);
  };
})(window.commandcenter);
