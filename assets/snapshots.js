/* Camera pictures: fetched when their number changes, drawn on a canvas and let go. Only those that are
   on the screen, in the size that their place needs, and the newest only.

   Swapping <img> sources grows the renderer to 900 MB within an hour; a canvas stays flat. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  // Of the six connections that a browser opens to one host; one is for a camera that is looked at
  // alone (assets/closeup.js), one for what a person does meanwhile.
  const AT_ONCE = 4;
  const SMALL = 480; // pixels that a small picture is wide, until one was seen
  const AGAIN = 3000; // ms until what failed is tried again
  const GONE = 60000; // and what is no longer kept
  let running = 0;
  const failed = new Map(); // address -> when to try again
  const small = new Map(); // camera's address -> pixels that its small pictures are wide

  // --- what is on the screen -------------------------------------------------------------------
  const onScreen = new WeakSet();
  const watched = new Set();
  const watcher = new IntersectionObserver(function (entries) {
    for (const { target, isIntersecting } of entries) onScreen[isIntersecting ? "add" : "delete"](target);
    cc.fetchPictures();
  });

  function watch(canvases) {
    for (const canvas of canvases) if (!watched.has(canvas)) watched.add(canvas), watcher.observe(canvas);
    for (const canvas of watched) if (!canvas.isConnected) watched.delete(canvas), watcher.unobserve(canvas);
  }

  const seen = (canvas) => onScreen.has(canvas) && canvas.checkVisibility(); // not of another scene or page

  // --- one after the other ---------------------------------------------------------------------
  function next(canvases) {
    for (const canvas of canvases) {
      if (canvas.dataset.burst !== undefined || canvas.dataset.fetching || !seen(canvas)) continue;
      const size = sizeFor(canvas);
      const address = `${canvas.dataset.picture}/${size}.jpg`;
      const shown = canvas.dataset.shown === canvas.dataset.picture;
      const enough = canvas.dataset.size === size || canvas.dataset.size === "large";
      if (shown && enough && !coarse(canvas)) continue;
      if ((failed.get(address) || 0) > performance.now()) continue;
      return [canvas, canvas.dataset.picture, address, size];
    }
    return null;
  }

  cc.fetchPictures = function () {
    const canvases = [...document.querySelectorAll("canvas[data-picture]")];
    watch(canvases);
    closeUps(canvases);
    while (running < AT_ONCE) {
      const found = next(canvases);
      if (!found) return;
      running += 1;
      draw(...found).finally(() => {
        running -= 1;
        cc.fetchPictures();
      });
    }
  };

  async function draw(canvas, picture, address, size) {
    canvas.dataset.fetching = address;
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(10000) });
      if (!response.ok) throw response.status;
      const bitmap = await createImageBitmap(await response.blob());
      if (size === "small") remember(picture, bitmap.width);
      paint(canvas, bitmap);
      bitmap.close();
      Object.assign(canvas.dataset, { shown: picture, size });
      failed.delete(address);
    } catch (error) {
      if (failed.size > 200) failed.clear();
      failed.set(address, performance.now() + (error === 404 ? GONE : AGAIN));
    } finally {
      delete canvas.dataset.fetching;
    }
  }

  // --- as many pixels as are seen ----------------------------------------------------------------
  const cameraOf = (picture) => picture.slice(0, picture.lastIndexOf("/"));

  function remember(picture, width) {
    if (small.size > 500) small.clear();
    small.set(cameraOf(picture), width);
  }

  function sizeFor(canvas) {
    const width = small.get(cameraOf(canvas.dataset.picture)) || SMALL;
    return needed(canvas, 16 / 9) > 1.2 * width ? "large" : "small";
  }

  // A canvas holds several copies of itself in shared memory, and 44 of them at 640 by 360 held
  // 100 MB.
  const pixels = new WeakMap(); // canvas -> width of the picture itself
  function paint(canvas, bitmap) {
    const share = Math.min(1, needed(canvas, bitmap.width / bitmap.height) / bitmap.width) || 1;
    const [width, height] = [bitmap.width, bitmap.height].map((size) => Math.round(size * share));
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d", { alpha: false });
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    pixels.set(canvas, bitmap.width);
  }
  cc.paint = paint;
  // The width at which a picture of this shape covers its place.
  const needed = (canvas, shape) => Math.max(canvas.clientWidth, canvas.clientHeight * shape) * devicePixelRatio;
  // Its place has grown since it was painted, and the picture has more to show.
  const coarse = (canvas) =>
    canvas.width < pixels.get(canvas) && canvas.width * 1.2 < needed(canvas, canvas.width / canvas.height);

  // --- a display that one camera fills -----------------------------------------------------------
  const alone = new Map(); // canvas -> what ends its stream
  function closeUps(canvases) {
    for (const [canvas, end] of alone) {
      if (canvas.isConnected && seen(canvas)) continue;
      end();
      alone.delete(canvas);
    }
    for (const canvas of canvases) {
      if (canvas.dataset.burst === undefined || alone.has(canvas) || !seen(canvas)) continue;
      const camera = cameraOf(canvas.dataset.picture);
      const show = (bitmap, _, number) => {
        paint(canvas, bitmap);
        canvas.dataset.shown = `${camera}/${number}`;
      };
      alone.set(canvas, cc.closeUp(camera, show));
    }
  }

  setInterval(cc.fetchPictures, 1000);
})(window.commandcenter);
