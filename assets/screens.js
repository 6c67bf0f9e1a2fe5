/* /screens: every button and form says itself what it tells which door (commandcenter/web/controls.py).
   A card changes when the server tells that it did, never because a button was pressed. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const here = () => location.pathname.replace(/\/$/, "") === "/screens";
  const told = (element) => JSON.parse((element && element.dataset.say) || "{}");

  // Whether the door did it. The element keeps the focus meanwhile: the keyboard stays where it is.
  async function post(element, body) {
    if (element.ariaBusy === "true") return false;
    element.ariaBusy = "true";
    try {
      const answer = await fetch(element.dataset.post, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10000),
      });
      const said = await answer.json();
      if (!answer.ok) cc.notice(said.why, true);
      else if (element.dataset.done) cc.notice(element.dataset.done);
      return answer.ok;
    } catch (error) {
      cc.notice(cc.word("No answer from the server"), true);
      return false;
    } finally {
      element.ariaBusy = null;
    }
  }

  // A question in the page's own words; Escape and a press beside it mean no.
  function ask(question) {
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = question;
    const button = (word, value) => {
      const made = document.createElement("button");
      made.textContent = word;
      made.className = value;
      made.onclick = () => dialog.close(value);
      return made;
    };
    dialog.append(text, button(cc.word("No"), ""), button(cc.word("Yes"), "danger"));
    document.body.append(dialog);
    dialog.onclick = (event) => event.target === dialog && dialog.close();
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.onclose = () => {
        dialog.remove();
        resolve(dialog.returnValue === "danger");
      };
    });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-post]");
    if (!button || !here()) return;
    if (button.dataset.confirm && !(await ask(button.dataset.confirm))) return;
    post(button, told(button));
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-post]");
    if (!form || !here()) return;
    event.preventDefault();
    const chosen = told(form.querySelector("option:checked[data-say]"));
    const body = { ...Object.fromEntries(new FormData(form)), ...told(form), ...chosen };
    if ((await post(form, body)) && form.dataset.reset) form.reset();
  });

  // J and K move from display to display; other keys press the button of this display that has it.
  document.addEventListener("keydown", (event) => {
    if (!here() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName) || document.querySelector("dialog")) return;
    const all = [...document.querySelectorAll("[data-display]")];
    const at = all.indexOf(document.activeElement.closest("[data-display]"));
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      const next = all[Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), all.length - 1)];
      if (next) next.focus();
    } else {
      const button = at >= 0 && /^[a-z0-9]$/.test(key) && all[at].querySelector(`[data-key="${key}"]`);
      if (!button) return;
      button.click();
    }
    event.preventDefault();
  });
})(window.commandcenter);
