/* Where the hand is: on the row under the pointer or the finger, or on the keyboard's row. A hand that
   has not stirred for a while is none: a mouse that lies on the list all night holds nothing. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const RESTS = 20000; // ms

  cc.desk.Hand = function (holder) {
    let pointer = null; // y on the screen
    let pointedAt = -Infinity;
    let typedAt = -Infinity;
    const point = (event) => {
      pointer = event.clientY;
      pointedAt = performance.now();
    };
    holder.addEventListener("pointermove", point);
    holder.addEventListener("pointerdown", point);
    holder.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") pointer = null;
    });
    const lately = (moment) => performance.now() - moment < RESTS;
    return {
      type: () => (typedAt = performance.now()),
      typing: () => lately(typedAt) && typedAt > pointedAt,
      // Where it points, from the list's upper edge.
      y: () => (pointer !== null && lately(pointedAt) ? pointer - holder.getBoundingClientRect().top : null),
      away: () => !lately(typedAt) && (pointer === null || !lately(pointedAt)),
    };
  };
})(window.commandcenter);
