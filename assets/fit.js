/* No list scrolls on a wall: rows that do not fit are hidden and counted. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  // Everything is shown once, measured once, and hidden once: one layout of the page, not one a row.
  function fitOne(line) {
    const children = [...line.parentElement.children];
    const rows = children.filter((child) => child.classList.contains("row"));
    for (const child of [...rows, line]) if (child.hidden) child.hidden = false;
    if (!line.textContent) line.textContent = "\u00a0";
    const floor = line.parentElement.getBoundingClientRect().bottom + 1;
    const height = (child) => child.getBoundingClientRect().height;
    const below = children.filter((c) => c !== line && !rows.includes(c)).reduce((sum, c) => sum + height(c), 0);
    const bottoms = rows.map((row) => row.getBoundingClientRect().bottom);
    const outside = Number(line.dataset.rest);
    const counted = height(line) + below;
    const all = rows.length === 0 || bottoms[rows.length - 1] + (outside ? counted : below) <= floor;
    const shown = all ? rows.length : bottoms.filter((bottom) => bottom + counted <= floor).length;
    rows.forEach((row, index) => (row.hidden = index >= shown));
    const rest = outside + rows.length - shown;
    line.hidden = rest === 0;
    const text = rest > 0 ? cc.word("and {n} more", { n: rest }) : "";
    if (line.textContent !== text) line.textContent = text;
  }

  // Not one office may be missing: squares shrink until all of them are on the screen.
  function shrink(squares) {
    const fits = () => squares.scrollHeight <= squares.clientHeight;
    const what = [squares.querySelectorAll(".cell").length, squares.clientWidth, squares.clientHeight].join();
    if (squares.dataset.fitted === what && fits()) return;
    squares.style.removeProperty("--cell");
    for (let size = 1.6; !fits() && size > 0.2; size *= 0.9) squares.style.setProperty("--cell", `${size}rem`);
    squares.dataset.fitted = what;
  }

  cc.fit = function (within) {
    for (const squares of (within || document).querySelectorAll(".wall .squares")) shrink(squares);
    for (const line of (within || document).querySelectorAll(".wall .more[data-rest]")) fitOne(line);
  };

  // Measuring lays the page out: once for all cards that changed, just before they are painted.
  const waiting = new Set();
  cc.fitSoon = function (section) {
    if (!waiting.size) requestAnimationFrame(fitWaiting);
    waiting.add(section);
  };
  function fitWaiting() {
    const sections = [...waiting];
    waiting.clear();
    for (const section of sections) cc.fit(section);
  }

  let timer = 0;
  addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(cc.fit, 100);
  });
  document.fonts.ready.then(() => cc.fit());
})(window.commandcenter);
