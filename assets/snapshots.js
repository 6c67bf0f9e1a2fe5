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
      if (canvas.dataset.fetching === address) continue;
      if (canvas.dataset.shown === address && !(pixels.has(canvas) && coarse(canvas))) continue;
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

  // Only as many pixels as are seen: a canvas holds several copies of itself in shared memory, and
  // 44 of them at 640 by 360 held 100 MB.
  const pixels = new WeakMap(); // canvas -> width of the picture itself
  function paint(canvas, bitmap) {
    const share = Math.min(1, seen(canvas, bitmap.width / bitmap.height) / bitmap.width) || 1;
    const [width, height] = [bitmap.width, bitmap.height].map((size) => Math.round(size * share));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d", { alpha: false });
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    pixels.set(canvas, bitmap.width);
  }
  // The width at which a picture of this shape covers its place.
  const seen = (canvas, shape) => Math.max(canvas.clientWidth, canvas.clientHeight * shape) * devicePixelRatio;
  // Its place has grown since it was painted, and the picture has more to show.
  const coarse = (canvas) =>
    canvas.width < pixels.get(canvas) && canvas.width * 1.2 < seen(canvas, canvas.width / canvas.height);

  async function draw(canvas, address) {
    canvas.dataset.fetching = address;
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(10000) });
      if (!response.ok) throw new Error(String(response.status));
      const bitmap = await createImageBitmap(await response.blob());
      paint(canvas, bitmap);
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
