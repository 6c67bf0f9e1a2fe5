/* Camera pictures: fetched when their number changes, drawn on a canvas and let go.

   Swapping <img> sources grows the renderer to 900 MB within an hour; a canvas stays flat. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const AT_ONCE = 4; // of the six connections that a browser opens to one host
  let running = 0;
  const failed = new Map(); // address -> when to try again

  function next() {
    for (const canvas of document.querySelectorAll("canvas[data-picture]")) {
      const address = canvas.dataset.picture;
      if (canvas.dataset.shown === address || canvas.dataset.fetching === address) continue;
      if (!canvas.checkVisibility()) continue; // of another scene, or one that does not fit
      if ((failed.get(address) || 0) > performance.now()) continue;
      return [canvas, address];
    }
    return null;
  }

  cc.fetchPictures = function () {
    while (running < AT_ONCE) {
      const found = next();
      if (!found) return;
      running += 1;
      draw(...found).finally(() => {
        running -= 1;
        cc.fetchPictures();
      });
    }
  };

  async function draw(canvas, address) {
    canvas.dataset.fetching = address;
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(10000) });
      if (!response.ok) throw new Error(String(response.status));
      const bitmap = await createImageBitmap(await response.blob());
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      canvas.dataset.shown = address;
      failed.delete(address);
    } catch (error) {
      if (failed.size > 200) failed.clear();
      failed.set(address, performance.now() + 3000);
    } finally {
      delete canvas.dataset.fetching;
    }
  }

  setInterval(cc.fetchPictures, 1000);
})(window.commandcenter);
