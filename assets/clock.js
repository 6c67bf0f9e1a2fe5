/* The page's own clock: judges freshness and writes ages, also when no server is there.

   Every element with data-at is judged: data-late-at and data-stale-at say (in ms) when it turns.
   <time data-ago|data-since|data-due|data-clock|data-date> are written here and nowhere else. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const WINDOW = 10000; // ms: of so many messages the one that took least is the truest
  const SILENCE = 3500; // ms, after which another server may be speaking, with another clock
  const EARLY = 250; // ms: a timer may come late, so what turns so soon has turned already
  const WRONG = 30000; // ms, from which the display's own clock is worth a sign

  // Two clocks of our own: the steady one cannot be set, but stands still while the machine sleeps;
  // the display's may be wrong by an hour, and set at any moment.
  let ahead = 0; // the server's clock before the steady one, ms
  let offset = 0; // the server's clock before the display's
  let largest = -Infinity; // that was heard in this window
  let before = -Infinity; // and in the last
  let windowAt = 0;
  let heardAt = -Infinity;

  cc.hearClock = function (serverNow) {
    const steady = performance.now();
    const heard = serverNow - steady;
    const expected = cc.now();
    if (steady - heardAt > SILENCE) largest = -Infinity;
    if (steady - windowAt > WINDOW || largest === -Infinity) {
      before = largest;
      largest = heard;
      windowAt = steady;
    }
    largest = Math.max(largest, heard); // a late message makes the server look slow
    heardAt = steady;
    ahead = Math.max(largest, before);
    offset = steady + ahead - Date.now();
    if (Math.abs(cc.now() - expected) > 1000) look();
  };

  // The later of both: whatever happens to our clocks, nothing looks younger than it is.
  cc.now = () => (heardAt < 0 ? Date.now() : Math.max(performance.now() + ahead, Date.now() + offset));

  // How far the display's own clock is behind the server's, in ms.
  cc.offset = () => cc.now() - Date.now();

  // The page's layout knows its language; until it is there the document's own is good enough.
  const root = () => document.getElementById("page") || document.getElementById("words");
  let words = null;
  let wordsFrom = null;
  cc.word = function (key, values) {
    const from = root() ? root().dataset.words : null;
    if (from && from !== wordsFrom) {
      words = JSON.parse(from);
      wordsFrom = from;
    }
    const text = (words && words[key]) || key;
    return text.replace(/\{(\w+)\}/g, (_, name) => grouped(values[name]));
  };

  // 3.000 of a whole number that is long enough; anything else as it is.
  const grouped = (value) => Number.isInteger(value) && Math.abs(value) >= 1000 && root()
    ? value.toLocaleString(root().dataset.language)
    : value;

  cc.span = function (ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return cc.word("{n} s", { n: s });
    if (s < 3600) return cc.word("{n} min", { n: Math.floor(s / 60) });
    if (s < 86400) return cc.word("{n} h", { n: Math.floor(s / 3600) });
    return cc.word("{n} d", { n: Math.floor(s / 86400) });
  };

  const formats = {};
  function format(name, options) {
    const page = root();
    const zone = page ? page.dataset.zone : "Asia/Jakarta";
    const language = page ? page.dataset.language : "id";
    const key = name + zone + language;
    formats[key] = formats[key] || new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
    return formats[key];
  }
  const parts = (ms) =>
    Object.fromEntries(
      format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })
        .formatToParts(ms)
        .map((p) => [p.type, p.value]),
    );
  cc.clock = function (ms, seconds) {
    const p = parts(ms);
    return `${p.hour}:${p.minute}` + (seconds ? `:${p.second}` : "");
  };
  const zoneName = () => (root() ? root().dataset.zoneName : "");
  cc.clockWithZone = (ms, seconds) => `${cc.clock(ms, seconds)} ${zoneName()}`;

  function set(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }
  function setState(element, state) {
    if (element.dataset.state !== state) element.dataset.state = state;
  }

  // Its state; when that turns, by cc.now().
  function judge(element, now) {
    const { base, at } = element.dataset;
    const soon = now + behind(element) + EARLY;
    const [late, stale] = [Number(element.dataset.lateAt), Number(element.dataset.staleAt)];
    if (base || !at) {
      setState(element, base || "none");
      return Infinity;
    }
    setState(element, soon < late ? "fresh" : soon < stale ? "late" : "stale");
    return soon < stale ? now - soon + (soon < late ? late : stale) : Infinity;
  }

  // A camera is no fresher than the picture that is seen: its newest one may not have come. The
  // number of a picture is when it was taken, in µs.
  function behind(element) {
    const canvas = element.dataset.camera && element.querySelector("canvas[data-shown]");
    if (!canvas || canvas.dataset.shown === canvas.dataset.picture) return 0;
    const taken = (address) => parseInt(address.slice(address.lastIndexOf("/") + 1), 10) / 1000;
    return Math.max(0, taken(canvas.dataset.picture) - taken(canvas.dataset.shown)) || 0;
  }

  function writeAge(element, now) {
    const d = element.dataset;
    if (d.clock !== undefined) return set(element, cc.clock(now, true));
    if (d.date !== undefined) {
      return set(element, format("date", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(now));
    }
    if (d.since) return set(element, cc.span(now - Number(d.since)));
    if (d.due) {
      const left = Number(d.due) - now;
      const level = left < 0 ? "bad" : left < 86400000 ? "warn" : "ok";
      if (d.level !== level) d.level = level;
      return set(element, cc.word(left < 0 ? "over {t}" : "{t} left", { t: cc.span(Math.abs(left)) }));
    }
    if (d.ago) {
      const holder = element.closest("[data-at]");
      const at = Number(d.ago) - (holder ? behind(holder) : 0);
      if (holder && holder.dataset.state === "stale") {
        return set(element, cc.word("since {clock}", { clock: cc.sinceText(at, now) }));
      }
      return set(element, cc.word("{t} ago", { t: cc.span(now - at) }));
    }
  }
  // A clock time alone would lie about yesterday.
  cc.sinceText = function (ms, now) {
    const day = format("day", { day: "numeric", month: "short" });
    const same = day.format(ms) === day.format(now);
    return (same ? "" : day.format(ms) + " ") + cc.clockWithZone(ms);
  };

  // All is judged before anything is written: what cannot be written must not keep a card fresh.
  cc.tick = function (within) {
    const now = cc.now();
    const scope = within || document;
    let turn = Infinity; // the next of all of them
    if (within && within.matches("[data-panel], [data-at]")) turn = judge(within, now);
    for (const element of scope.querySelectorAll("[data-panel], [data-camera], [data-late-at]")) turn = Math.min(turn, judge(element, now));
    lookBy(turn);
    for (const element of scope.querySelectorAll("time")) writeAge(element, now);
  };

  // Once a second, and at the very moment when something turns.
  let timer = 0;
  let next = Infinity; // look, by cc.now()
  function lookBy(moment) {
    if (moment >= next) return;
    next = moment;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, moment - cc.now()));
  }
  function look() {
    next = Infinity;
    const now = cc.now();
    lookBy(now - (now % 1000) + 1005);
    cc.tick();
    if (cc.sign) cc.sign("clock", wrong(cc.offset()));
  }

  function wrong(off) {
    const by = Math.abs(off);
    if (by < WRONG) return "";
    const rounded = Math.round(by / 60000) * 60000;
    const hours = rounded - (rounded % 3600000);
    const spans = [hours, rounded - hours].filter((ms) => ms > 0).map(cc.span);
    return cc.word("This display's clock is off by {t}", { t: spans.join(" ") });
  }

  // Timers of a page that nobody saw, or that the browser kept for the key "back", stood still.
  for (const seen of ["visibilitychange", "resume"]) document.addEventListener(seen, look);
  addEventListener("pageshow", look);
  addEventListener("resize", () => cc.tick()); // another shape of the scene shows other cards
  look();
})(window.commandcenter);
