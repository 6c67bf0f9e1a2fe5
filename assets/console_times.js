/* Moments and numbers of the console, in the page's zone and language. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const page = () => document.getElementById("page").dataset;

  // "09:24:03 WIB"; with the day unless it is today.
  cc.dayClock = function (ms) {
    const told = cc.sinceText(ms, cc.now());
    return told.slice(0, -cc.clockWithZone(ms).length) + cc.clockWithZone(ms, true);
  };

  cc.day = (ms, how) => new Intl.DateTimeFormat(
    page().language,
    { timeZone: page().zone, ...(how || { day: "numeric", month: "short", year: "numeric" }) },
  ).format(ms);

  // "2026-11-22", as addresses and forms have it.
  cc.isoDay = (ms) => new Intl.DateTimeFormat("sv", { timeZone: page().zone }).format(ms);

  cc.number = (value, digits) => new Intl.NumberFormat(page().language, { maximumFractionDigits: digits || 0 }).format(value);
})(window.commandcenter);
