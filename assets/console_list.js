/* A list of any length of which the page holds what is seen, and in which no row moves under the hand.

   What comes or goes above the row under the hand is made good by scrolling; where there is nothing to
   scroll, by room above the first row, until the hand is away. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const OVER = 8; // rows beyond each edge that are there already
  const SLIDE = { duration: 220, easing: "ease-out" };
  const desk = cc.desk;

  // `draw` makes a row, fills it, and is told how many new rows lie above what is seen, and how many
  // rows a hand has pushed there that had not scrolled.
  desk.List = function (holder, draw) {
    const space = cc.make("div", { class: "space", role: "presentation" });
    const hand = new desk.Hand(holder);
    const shown = new Map(); // number -> element
    const unseen = new Set(); // numbers that came above what is seen
    let rows = [];
    let places = new Map(); // number -> place in rows
    let high = 60; // px, of one row; the style sheet's
    let room = 0; // px above the first row
    let scrolled = 0; // where we put it: anything else is the hand's own scrolling
    let at = 0; // scrollTop and clientHeight, as read last: to ask the page anew in the midst of
    let tall = 0; // changing it costs a layout each time
    let home = true; // the hand has left it at the top
    let cursor = null; // number
    let next = null; // the row after the cursor's, when that one has moved away from there
    holder.append(space);

    const top = (place) => room + place * high;
    const first = () => Math.max(0, Math.ceil((at - room) / high));
    const last = () => Math.min(rows.length, Math.floor((at - room + tall) / high)) - 1;
    function scrollTo(scroll) {
      if (scroll !== at) holder.scrollTop = scroll;
      if (scroll !== at) at = holder.scrollTop;
    }

    // `what` is "news", "anew" (other filters: nothing is held) or "loading" (nothing slides in).
    function show(fresh, what) {
      const before = { places, seen: seen() };
      const now = new Map(fresh.map((row, place) => [row.number, place]));
      const same = (row) => now.has(row.number) && fresh[now.get(row.number)].order === row.order;
      const anchor = what === "anew" ? null : held(same);
      leaveBehind(same);
      rows = fresh;
      places = now;
      if (what === "anew") begin();
      else if (anchor) hold(anchor);
      else size();
      paint();
      if (what === "news") slide(before);
    }

    // --- what must not move ------------------------------------------------------------------
    function held(same) {
      const start = grasped();
      if (start === null) return null;
      const below = rows.slice(start, last() + 1);
      const row = [...below, ...rows.slice(first(), start).reverse()].find(same);
      return row ? { number: row.number, y: top(places.get(row.number)) - at } : null;
    }

    // The place of the hand; of one that has scrolled away from the top, the first row that is seen.
    function grasped() {
      const y = hand.y();
      const place = y === null ? null : Math.floor((at + y - room) / high);
      if (place !== null && place >= 0 && place < rows.length) return place;
      const own = places.get(cursor);
      if (hand.typing() && own >= first() && own <= last()) return own;
      return home ? null : first();
    }

    function hold({ number, y }) {
      let wanted = room + places.get(number) * high - y;
      const spare = Math.min(room, wanted);
      room -= spare; // below 0 it grows
      wanted -= spare;
      size(wanted);
      scrolled = wanted;
      scrollTo(wanted);
    }

    const size = (scroll) => (space.style.height = `${Math.max(
      room + rows.length * high,
      scroll === undefined ? 0 : scroll + tall,
    )}px`);

    function begin() {
      room = 0;
      size();
      scrolled = 0;
      scrollTo(0);
      home = true;
      unseen.clear();
    }

    // Once the hand is away: no room above, and back to the top if the hand had left it there.
    function settle() {
      const shifted = room > 0 || (home && at > 0) || space.offsetHeight > Math.max(tall, rows.length * high);
      if (!shifted || !hand.away()) return;
      const before = { places, seen: seen() };
      const scroll = home ? 0 : Math.max(0, at - room);
      room = 0;
      size();
      scrollTo(scroll);
      scrolled = at;
      paint();
      slide(before);
    }

    // --- what is on the page -----------------------------------------------------------------
    function paint() {
      const from = Math.max(0, first() - OVER);
      const to = Math.min(rows.length, last() + OVER + 2);
      for (const [number, element] of shown) {
        const place = places.get(number);
        if (place >= from && place < to) continue;
        element.remove();
        shown.delete(number);
      }
      let before = null;
      for (let place = from; place < to; place += 1) before = put(place, before);
      for (const number of unseen) if (!(top(places.get(number)) + high / 2 < at)) unseen.delete(number);
      tellAbove();
      holder.setAttribute("aria-activedescendant", shown.has(cursor) ? shown.get(cursor).id : "");
    }

    const tellAbove = () => draw.above(unseen.size, home ? Math.ceil(Math.max(0, at - room) / high) : 0);

    function put(place, before) {
      const row = rows[place];
      const element = shown.get(row.number) || draw.make(row);
      shown.set(row.number, element);
      draw.fill(element, row, { place, count: rows.length, cursor: row.number === cursor });
      element.style.top = `${top(place)}px`;
      const follows = before ? before.nextSibling : space.firstChild;
      if (follows !== element) space.insertBefore(element, follows);
      return element;
    }

    // --- how it moves ------------------------------------------------------------------------
    const seen = () => new Map([...shown.keys()].map((number) => [number, top(places.get(number)) - at]));

    function slide(before) {
      rows.forEach((row, place) => {
        if (before.places.has(row.number)) return;
        if (top(place) + high <= at) unseen.add(row.number);
        else if (shown.has(row.number)) appear(shown.get(row.number));
      });
      tellAbove();
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
      for (const [number, y] of before.seen) {
        const by = shown.has(number) ? y - (top(places.get(number)) - at) : 0;
        if (by) shown.get(number).animate([{ transform: `translateY(${by}px)` }, { transform: "none" }], SLIDE);
      }
    }

    function appear(element) {
      element.classList.add("fresh");
      element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
    }

    // --- the cursor --------------------------------------------------------------------------
    // A row that moves away because of what was done with it does not take the cursor's place with it:
    // J goes on to the row that followed it.
    function leaveBehind(same) {
      const place = places.get(cursor);
      if (next !== null && rows.some((row) => row.number === next && same(row))) return;
      if (place === undefined || same(rows[place])) next = null;
      else next = (rows.slice(place + 1).find(same) || { number: null }).number;
    }

    function step(by) {
      hand.type();
      holder.focus({ preventScroll: true }); // whoever hears the page is told the row
      const from = next !== null && places.has(next) ? places.get(next) - (by > 0 ? 1 : 0) : places.get(cursor);
      const place = from === undefined ? 0 : Math.min(Math.max(from + by, 0), rows.length - 1);
      if (rows.length) point(rows[place].number, true);
      return rows.length ? cursor : null;
    }

    function point(number, visibly) {
      cursor = number;
      next = null;
      if (visibly && places.has(number)) reveal(places.get(number));
      paint();
    }

    function reveal(place) {
      const [above, below] = [top(place), top(place + 1) - tall];
      if (at > above) scroll(place ? above - high / 2 : 0);
      else if (at < below) scroll(below + high / 2);
    }
    function scroll(to) {
      scrollTo(Math.max(0, to));
      scrolled = at;
      home = scrolled <= 1;
    }

    holder.addEventListener("scroll", () => {
      at = holder.scrollTop;
      if (Math.abs(at - scrolled) > 1) home = at <= 1;
      scrolled = at;
      paint();
    });
    new ResizeObserver(() => {
      high = parseFloat(getComputedStyle(holder).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
      tall = holder.clientHeight;
      size(scrolled);
      paint();
    }).observe(holder);
    setInterval(settle, 1000);

    return {
      show,
      paint,
      step,
      point,
      rows: () => rows,
      toTop() {
        scroll(0);
        paint();
      },
    };
  };
})(window.commandcenter);
