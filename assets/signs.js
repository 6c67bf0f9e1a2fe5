/* Signs in the wall's corner: each says one thing about this display, for as long as it is so. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const told = new Map(); // name -> text

  // An empty text takes the sign away.
  cc.sign = function (name, text) {
    if (text) told.set(name, text);
    else told.delete(name);
    show();
  };

  // The corner is React's, and may be another element than a moment ago; what is in it is ours.
  function show() {
    const corner = document.getElementById("signs");
    if (!corner) return;
    for (const old of [...corner.children]) if (!told.has(old.dataset.sign)) old.remove();
    for (const [name, text] of told) {
      const sign = corner.querySelector(`[data-sign="${name}"]`) || corner.appendChild(fresh(name));
      if (sign.lastChild.data !== text) sign.lastChild.data = text;
    }
  }

  function fresh(name) {
    const sign = document.createElement("span");
    sign.dataset.sign = name;
    sign.setAttribute("role", "status");
    const mark = document.createElement("i");
    mark.className = "mark warn";
    sign.append(mark, document.createTextNode(""));
    return sign;
  }

  document.addEventListener("stage", show);
})(window.commandcenter);
