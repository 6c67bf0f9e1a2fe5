/* The console's keyboard, touch and mouse: J/K move, T acknowledges. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const here = () => location.pathname.replace(/\/$/, "") === "/console";
  const rows = () => [...document.querySelectorAll("[data-incident]")];
  const chooser = () => document.getElementById("operator");
  const KEPT = "commandcenter.operator";

  // Who works at this desk is remembered by this browser.
  function who() {
    return chooser().value;
  }
  document.addEventListener("change", (event) => {
    if (event.target === chooser()) localStorage.setItem(KEPT, who());
  });
  const waiting = setInterval(() => {
    if (!chooser()) return;
    clearInterval(waiting);
    const kept = localStorage.getItem(KEPT);
    if ([...chooser().options].some((option) => option.value === kept)) chooser().value = kept;
  }, 100);

  async function acknowledge(button) {
    button.disabled = true;
    try {
      const answer = await fetch(`/console/incidents/${button.dataset.acknowledge}/acknowledge`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ version: Number(button.dataset.version), who: who() }),
      });
      const told = await answer.json();
      if (answer.ok) cc.notice(cc.word("Acknowledged"));
      else cc.notice(cc.word("Cannot acknowledge: {why}", { why: told.why }), true);
    } catch (error) {
      cc.notice(cc.word("No answer from the server"), true);
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-acknowledge]");
    if (button) acknowledge(button);
  });

  document.addEventListener("keydown", (event) => {
    if (!here() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName)) return;
    const all = rows();
    const at = all.indexOf(document.activeElement.closest("[data-incident]"));
    const key = event.key.toLowerCase();
    if (key === "j") (all[Math.min(at + 1, all.length - 1)] || { focus() {} }).focus();
    else if (key === "k") (all[Math.max(at - 1, 0)] || { focus() {} }).focus();
    else if (key === "t" && at >= 0) {
      const button = all[at].querySelector("[data-acknowledge]");
      if (button) acknowledge(button);
    } else return;
    event.preventDefault();
  });
})(window.commandcenter);
