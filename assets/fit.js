/* No list scrolls on a wall: rows that do not fit are hidden and counted; pictures and squares take
   the size at which all of them are seen. */
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
    tell(line, outside + rows.length - shown);
  }

  function tell(line, rest) {
    const text = rest > 0 ? cc.word("and {n} more", { n: rest }) : "";
    if (line.textContent !== text) line.textContent = text;
    line.hidden = rest === 0;
  }

  // --- pictures: as large as they can be at 16:9 ------------------------------------------------
  const SMALLEST = [11, 5.5]; // rem: below this a picture and its name cannot be made out

  function fitPictures(grid) {
    const tiles = [...grid.children];
    const line = grid.parentElement.querySelector(".more");
    line.hidden = false;
    line.textContent = line.textContent || "\u00a0";
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const gap = parseFloat(getComputedStyle(grid).columnGap);
    const { clientWidth: width, clientHeight: height } = grid.parentElement;
    const outside = Number(line.dataset.rest);
    const fixed = Number(grid.dataset.columns);
    const shape = (count) => {
      const rest = outside + tiles.length - count;
      const free = height - (rest ? line.getBoundingClientRect().height : 0);
      return fixed ? tile(fixed, count, width, free, gap) : largest(count, width, free, gap);
    };
    let count = tiles.length;
    const small = ({ wide, high }) => wide < SMALLEST[0] * rem || high < SMALLEST[1] * rem;
    const cropped = ({ columns, wide, high }) => columns === count && wide < 1.5 * high;
    const bad = (one) => (fixed ? one.high < SMALLEST[1] * rem : small(one) || cropped(one));
    while (count > 1 && bad(shape(count))) count -= 1;
    grid.style.setProperty("--columns", shape(count).columns);
    const good = tiles.filter((tile) => tile.dataset.base === undefined).reverse();
    const first = [...good, ...tiles.filter((tile) => !good.includes(tile))]; // what is broken stays
    const hidden = new Set(first.slice(0, tiles.length - count));
    for (const tile of tiles) tile.hidden = hidden.has(tile);
    tell(line, outside + hidden.size);
  }

  function tile(columns, count, width, height, gap) {
    const rows = Math.ceil(count / columns);
    const wide = (width - (columns - 1) * gap) / columns;
    const high = (height - (rows - 1) * gap) / rows;
    return { columns, wide, high, size: Math.min(wide / 16, high / 9) };
  }

  function largest(count, ...room) {
    const all = Array.from({ length: count }, (_, n) => tile(n + 1, count, ...room));
    return all.reduce((best, one) => (one.size > best.size ? one : best));
  }

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
    for (const grid of scope.querySelectorAll(".wall .cameras:not(:empty)")) fitPictures(grid);
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
