/* How this display is, as the server is told when it asks: at most 512 bytes. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  // Sizes in CSS pixels, memory in bytes, offset in ms that the display's clock is behind the
  // server's. Pages that are no wall only say that they are there.
  cc.report = function () {
    if (!document.getElementById("wall") || !cc.stage) return "here";
    return JSON.stringify({
      w: innerWidth,
      h: innerHeight,
      dpr: devicePixelRatio,
      memory: performance.memory ? performance.memory.usedJSHeapSize : null, // Chromium's alone
      offset: Math.round(cc.offset()),
      scene: cc.stage.scene,
      sound: cc.sound(),
      stalls: cc.stalls(),
    });
  };
})(window.commandcenter);
