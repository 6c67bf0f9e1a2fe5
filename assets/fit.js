/* No list scrolls on a wall: rows that do not fit are hidden and counted; squares take the size at
   which all of them are seen. Pictures of cameras: assets/cctv.js. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  // Everything is shown once, measured once, and hidden once: one layout of the page, not one a row.
  function fitList(line) {
    const children = [...line.parentElement.children];
    const rows = children.filter((child) => child.classList.contains("row"));
    for (const child of [...rows, line]) if (child.hidden) child.hidden = false;
    if (!line.textContent) line.textContent = "\u00a0";
    const floor = line.parentElement.getBoundingClientRect().bottom + 1;
    const height = (child) => child.getBoundingClientRect().height;
    const below = children.filter((c) => c !== line && !rows.includes(c)).reduce((sum, c) => sum + height(c), 0);
    const bottoms = rows.map((row) => row.getBoundingClientRect().bottom);
    const outside = Number(line.dataset.rest);
    const last = Math.max(...bottoms);
    const counted = line.getBoundingClientRect().bottom - last + below; // with the gap between them
    const all = rows.length === 0 || last + (outside ? counted : below) <= floor;
    const over = bottoms.findIndex((bottom) => bottom + counted > floor);
    const shown = all || over < 0 ? rows.length : over;
    rows.forEach((row, index) => (row.hidden = index >= shown));
    cc.tellRest(line, outside + rows.length - shown);
  }

  // Under a list: how many of it are not shown, or what is said in place of that.
  cc.tellRest = function (line, rest, instead) {
    const text = instead || (rest > 0 ? cc.word("and {n} more", { n: rest }) : "");
    if (line.textContent !== text) line.textContent = text;
    line.hidden = !text;
  };

  // --- squares: not one office may be missing ---------------------------------------------------
  const LEAST = 0.18; // rem

  function fitSquares(squares) {
    const fits = () => squares.scrollHeight <= squares.clientHeight;
    const what = [squares.querySelectorAll(".cell").length, squares.clientWidth, squares.clientHeight].join();
    if (squares.dataset.fitted === what && fits()) return;
    delete squares.dataset.crowded;
    squares.style.removeProperty("--cell");
    const most = parseFloat(getComputedStyle(squares).getPropertyValue("--cell"));
    if (!fits() && !shrunk(squares, most, fits)) {
      squares.dataset.crowded = ""; // names of groups take the room: one square after the other
      shrunk(squares, most, fits);
    }
    squares.dataset.fitted = [squares.querySelectorAll(".cell").length, squares.clientWidth, squares.clientHeight].join();
  }

  function shrunk(squares, most, fits) {
    let [low, high] = [LEAST, most];
    const fitsAt = (size) => (squares.style.setProperty("--cell", `${size}rem`), fits());
    while (high / low > 1.06) {
      const middle = Math.sqrt(low * high);
      if (fitsAt(middle)) low = middle;
      else high = middle;
    }
    return fitsAt(low);
  }

  // --- big numbers: whole, if need be smaller ---------------------------------------------------
  function fitNumbers(within) {
    const numbers = [...within.querySelectorAll(".figure .number")];
    for (const number of numbers) number.style.removeProperty("--shrink");
    const shares = numbers.map((number) => number.clientWidth / number.scrollWidth);
    numbers.forEach((number, n) => shares[n] < 1 && number.style.setProperty("--shrink", shares[n].toFixed(3)));
  }

  cc.fit = function (within) {
    const scope = within || document;
    for (const squares of scope.querySelectorAll(".wall .squares")) fitSquares(squares);
    for (const grid of scope.querySelectorAll(".wall .cameras:not(:empty)")) cc.fitPictures(grid);
    for (const line of scope.querySelectorAll(".wall :not(.cctv) > .more[data-rest]")) fitList(line);
    fitNumbers(scope);
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
