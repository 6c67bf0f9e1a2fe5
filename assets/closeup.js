/* One camera alone: picture after picture as they come, several a second. The server knows by these
   requests that somebody looks, and lets the camera send more; when it stops, nothing goes on asking. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const PAUSE = 150; // ms between two pictures at least
  const TROUBLE = 2000; // ms until the next attempt when something is wrong
  const LONGEST = 10000; // ms that a picture may take; the server answers within four seconds

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // show(bitmap, at, number): the bitmap is let go afterwards. Returns what ends it.
  cc.closeUp = function (address, show) {
    const end = new AbortController();
    const { signal } = end;
    let number = 0;

    async function once() {
      const all = AbortSignal.any([signal, AbortSignal.timeout(LONGEST)]);
      const answer = await fetch(`${address}/next/${number}.jpg`, { signal: all, cache: "no-store" });
      if (answer.status === 204) return 0;
      if (!answer.ok) return TROUBLE;
      const bitmap = await createImageBitmap(await answer.blob());
      number = Number(answer.headers.get("X-Number"));
      if (!signal.aborted) show(bitmap, Date.parse(answer.headers.get("X-Captured-At")), number);
      bitmap.close();
      return 0;
    }

    (async function () {
      while (!signal.aborted) {
        const rest = document.hidden ? TROUBLE : await once().catch(() => TROUBLE);
        await pause(rest || PAUSE);
      }
    })();
    return () => end.abort();
  };
})(window.commandcenter);
