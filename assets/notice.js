/* What a desk page answers to what a person did: one line, for a few seconds. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  cc.notice = function (text, bad) {
    let strip = document.getElementById("notice");
    if (!strip) {
      strip = document.createElement("div");
      strip.id = "notice";
      strip.setAttribute("role", "alert");
      document.body.append(strip);
    }
    strip.className = bad ? "bad" : "good";
    strip.textContent = text;
    clearTimeout(strip.timer);
    strip.timer = setTimeout(() => strip.remove(), 6000);
  };
})(window.commandcenter);
