/* The grid of cameras: as large as they can be at 16:9, 1 to 64 of them; what does not fit is counted,
   or comes on the next page. Pages turn by the server's count (data-turn), the same on every wall; on
   the pages of people also by Page Down, Page Up and a press on the line that says which page it is. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const SMALLEST = [11, 5.5]; // rem: below this a picture and its name cannot be made out
  const leafed = new WeakMap(); // grid -> pages that a person went on by

  cc.fitPictures = function (grid) {
    const tiles = [...grid.children];
    const line = grid.parentElement.querySelector(".more");
    line.hidden = false;
    line.textContent = line.textContent || "\u00a0";
    const shape = shapes(grid, tiles.length, line.getBoundingClientRect().height);
    const most = largest(Math.min(tiles.length, Number(grid.dataset.show)), shape);
    const turn = Number(grid.dataset.turn || 0) + (leafed.get(grid) || 0);
    const paged = most < tiles.length && (grid.dataset.turn !== undefined || leafed.has(grid));
    const pages = paged ? Math.ceil(tiles.length / most) : 1;
    const count = paged ? Math.ceil(tiles.length / pages) : most; // all pages alike, none empty
    const page = ((turn % pages) + pages) % pages;
    const shown = paged ? tiles.slice(page * count, (page + 1) * count) : chosen(tiles, count);
    const { columns } = shape(count);
    grid.style.setProperty("--columns", columns);
    grid.style.setProperty("--rows", Math.ceil(count / columns));
    const seen = new Set(shown);
    for (const tile of tiles) tile.hidden = !seen.has(tile);
    cc.tellRest(line, tiles.length - shown.length, paged ? cc.word("page {n} of {m}", { n: page + 1, m: pages }) : "");
    Object.assign(grid.dataset, { page: page + 1, pages });
  };

  // Of the first ones, those that are well go first when there is no room: what is broken stays.
  function chosen(tiles, count) {
    const first = tiles.slice(0, Math.max(count, Number(tiles[0].parentElement.dataset.show)));
    const well = (tile) => (tile.dataset.level ? 1 : 0);
    const order = first.map((tile, n) => [tile, n]).sort(([a, n], [b, m]) => well(b) - well(a) || n - m);
    return order.slice(0, count).map(([tile]) => tile);
  }

  // How large a tile would be if there were so many, and in how many columns they would stand.
  function shapes(grid, all, line) {
    const gap = parseFloat(getComputedStyle(grid).columnGap);
    const { clientWidth: width, clientHeight: height } = grid.parentElement;
    const fixed = Number(grid.dataset.columns);
    return function (count) {
      const room = [count, width, height - (count < all ? line : 0), gap];
      return fixed ? tile(fixed, ...room) : best(...room);
    };
  }

  function tile(columns, count, width, height, gap) {
    const rows = Math.ceil(count / columns);
    const wide = (width - (columns - 1) * gap) / columns;
    const high = (height - (rows - 1) * gap) / rows;
    return { columns, fixed: true, wide, high, size: Math.min(wide / 16, high / 9) };
  }

  function best(count, ...room) {
    const all = Array.from({ length: count }, (_, n) => tile(n + 1, count, ...room));
    return { ...all.reduce((best, one) => (one.size > best.size ? one : best)), fixed: false };
  }

  // As many as can be made out; a single row must not cut off most of its pictures.
  function largest(count, shape) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const bad = ({ fixed, columns, wide, high }, n) =>
      high < SMALLEST[1] * rem || (!fixed && (wide < SMALLEST[0] * rem || (columns === n && wide < 1.5 * high)));
    while (count > 1 && bad(shape(count), count)) count -= 1;
    return count;
  }

  // --- by hand, on the pages of people -----------------------------------------------------------
  const ofPeople = () => document.getElementById("self");

  function leaf(grid, by) {
    leafed.set(grid, (leafed.get(grid) || 0) + by);
    cc.fitPictures(grid);
    cc.fetchPictures();
  }

  document.addEventListener("click", function (event) {
    const line = event.target.closest(".cctv > .more");
    if (line && ofPeople()) leaf(line.parentElement.querySelector(".cameras"), 1);
  });

  document.addEventListener("keydown", function (event) {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by || !ofPeople() || document.querySelector("dialog[open]")) return;
    if (/^(input|textarea|select)$/i.test(event.target.tagName)) return;
    const grids = [...document.querySelectorAll(".wall .cameras")].filter((grid) => grid.checkVisibility());
    for (const grid of grids) leaf(grid, by);
    if (grids.length) event.preventDefault();
  });
})(window.commandcenter);
