/* The page's own clock: judges freshness and writes ages, also when no server is there.

   Every element with data-at is judged: data-late-at and data-stale-at say (in ms) when it turns.
   <time data-ago|data-since|data-due|data-clock|data-date> are written here and nowhere else. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  let offset = null; // server's clock minus ours, ms: the display's own clock may be wrong by an hour
  let measuredAt = 0;

  cc.hearClock = function (serverNow) {
    const heard = serverNow - Date.now();
    // A late message makes the server look slow, so the largest offset of a minute is the truest;
    // a minute, because clocks drift; and at once when our own clock was set.
    const old = performance.now() - measuredAt > 60000;
    if (offset === null || heard > offset || old || offset - heard > 3000) {
      offset = heard;
      measuredAt = performance.now();
    }
  };
  cc.now = () => Date.now() + (offset || 0);

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
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };

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

  function judge(element, now) {
    const d = element.dataset;
    if (d.base) return setState(element, d.base);
    if (!d.at) return setState(element, "none");
    if (now >= Number(d.staleAt)) return setState(element, "stale");
    setState(element, now >= Number(d.lateAt) ? "late" : "fresh");
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
      const state = holder ? holder.dataset.state : "fresh";
      const age = cc.word("{t} ago", { t: cc.span(now - Number(d.ago)) });
      return set(element, state === "stale" ? cc.word("since {clock}", { clock: cc.sinceText(Number(d.ago), now) }) : age);
    }
  }
  // A clock time alone would lie about yesterday.
  cc.sinceText = function (ms, now) {
    const day = format("day", { day: "numeric", month: "short" });
    const same = day.format(ms) === day.format(now);
    return (same ? "" : day.format(ms) + " ") + cc.clockWithZone(ms);
  };

  cc.tick = function (within) {
    const now = cc.now();
    const scope = within || document;
    if (within && within.matches("[data-panel], [data-at]")) judge(within, now);
    for (const element of scope.querySelectorAll("[data-panel], [data-camera], [data-late-at]")) judge(element, now);
    for (const element of scope.querySelectorAll("time")) writeAge(element, now);
  };

  function loop() {
    cc.tick();
    setTimeout(loop, 1000 - (cc.now() % 1000) + 5);
  }
  loop();
})(window.commandcenter);
