/* The administrator's pages work without scripts; with them a secret that is shown once is marked
   when it is entered, and can be copied by one press. */
(function () {
  "use strict";

  for (const field of document.querySelectorAll("input[data-copy]")) {
    field.addEventListener("focus", () => field.select());
    field.after(copier(field));
    if (document.activeElement === field) field.select();
  }

  function copier(field) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = field.dataset.copy;
    button.addEventListener("click", async () => {
      button.textContent = (await copied(field)) ? field.dataset.copied : field.dataset.copy;
    });
    return button;
  }

  // Over plain http browsers lend no clipboard: then it is marked, for the keys that copy.
  async function copied(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      return document.execCommand("copy");
    }
  }
})();
