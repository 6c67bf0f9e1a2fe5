/* A camera that a person opened: its picture as large as the screen, as long as it is open. By mouse,
   touch or keyboard, from a tile of the grid or a pin of the map; never on a display of a wall. */
window.commandcenter = window.commandcenter || {};

(function (cc) {
  "use strict";

  const OPENS = "[data-camera], [data-pin]";
  const OPERATORS = ["operator", "admin"];

  const idOf = (element) => element.dataset.camera || element.dataset.pin;
  const addressOf = (id) => `/snapshots/${encodeURIComponent(id)}`;
  const person = () => document.getElementById("self");

  let dialog = null;
  let camera = ""; // which is open
  let end = () => {}; // the asking for its pictures
  let timer = 0;

  // --- what the page knows of cameras --------------------------------------------------------------
  function known() {
    const found = new Map();
    for (const element of document.querySelectorAll(`#wall :is(${OPENS})`)) {
      const card = element.closest(".card");
      if (card && card.checkVisibility() && !found.has(idOf(element))) found.set(idOf(element), element);
    }
    return found;
  }

  // --- open, next, close ---------------------------------------------------------------------------
  function open(id) {
    dialog = dialog || built();
    if (!dialog.open) {
      dialog.showModal();
      timer = setInterval(tell, 500);
    }
    look(id);
  }

  function look(id) {
    end();
    camera = id;
    const canvas = dialog.querySelector("canvas");
    canvas.width = canvas.height = 0;
    dialog.dataset.empty = "";
    dialog.querySelector("time").removeAttribute("data-ago");
    dialog.querySelector("time").textContent = "";
    end = cc.closeUp(addressOf(id), function (bitmap, at, number) {
      paint(canvas, bitmap);
      dialog.dataset.number = number;
      delete dialog.dataset.empty;
      dialog.querySelector("time").dataset.ago = at;
      cc.tick(dialog);
    });
    place();
    tell();
  }

  function closed() {
    end();
    clearInterval(timer);
    const element = known().get(camera);
    if (element) element.focus({ preventScroll: true });
  }

  function step(by) {
    const ids = [...known().keys()];
    if (ids.length) look(ids[(ids.indexOf(camera) + by + ids.length) % ids.length]);
  }

  function paint(canvas, bitmap) {
    if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
    if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
    canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
  }

  // --- what is said --------------------------------------------------------------------------------
  function tell() {
    const element = known().get(camera);
    const { name, word, detail, level, condition, state } = element ? element.dataset : {};
    if (name) set("h2", name);
    set(".word", word || "");
    set(".detail", detail || "");
    dialog.dataset.level = level || (state === "stale" ? "grey" : "");
    dialog.dataset.camera = camera;
    const again = OPERATORS.includes(person().dataset.role) && condition === "unauthorized";
    dialog.querySelector(".again").hidden = !again;
  }

  function set(selector, text) {
    const element = dialog.querySelector(selector);
    if (element.textContent !== text) element.textContent = text;
  }

  // Where it stands: the page's own map, or its coordinates.
  function place() {
    const holder = dialog.querySelector(".place");
    holder.replaceChildren();
    const element = known().get(camera);
    const pin = document.querySelector(`#wall [data-pin="${CSS.escape(camera)}"]`);
    if (pin) {
      const map = pin.closest("svg").cloneNode(true);
      map.querySelector(`[data-pin="${CSS.escape(camera)}"]`).classList.add("here");
      for (const part of map.querySelectorAll("[tabindex]")) part.removeAttribute("tabindex");
      const frame = document.createElement("div");
      frame.className = "map";
      frame.append(map);
      holder.append(frame);
    } else if (element && element.dataset.place) {
      holder.textContent = element.dataset.place;
    }
  }

  async function again() {
    const answer = await fetch(`/cameras/${encodeURIComponent(camera)}/again`, {
      method: "POST",
      signal: AbortSignal.timeout(10000),
    }).catch(() => null);
    const said = answer && (await answer.json().catch(() => null));
    if (!said) return say(cc.word("No answer from the server"), true);
    say(said.ok ? cc.word("It is being tried again") : said.why, !said.ok);
  }

  function say(text, bad) {
    const line = dialog.querySelector(".said");
    line.textContent = text;
    line.classList.toggle("bad", bad);
    clearTimeout(line.timer);
    line.timer = setTimeout(() => (line.textContent = ""), 6000);
  }

  // --- built once ----------------------------------------------------------------------------------
  function made(name, className, ...children) {
    const element = document.createElement(name);
    element.className = className;
    element.append(...children);
    return element;
  }

  function button(className, text, word, act) {
    const element = made("button", className, text);
    element.type = "button";
    if (text !== word) element.setAttribute("aria-label", word);
    element.onclick = act;
    return element;
  }

  function built() {
    const built = made(
      "dialog",
      "viewer",
      made(
        "header",
        "",
        made("h2", ""),
        made("span", "word"),
        made("span", "age", made("time", "")),
        button("before", "‹", cc.word("Previous camera"), () => step(-1)),
        button("after", "›", cc.word("Next camera"), () => step(1)),
        button("close", "×", cc.word("Close"), () => built.close()),
      ),
      made("div", "view", made("canvas", ""), made("p", "nothing", cc.word("No picture is kept"))),
      made(
        "footer",
        "",
        made("span", "detail"),
        button("again", cc.word("Try again"), cc.word("Try again"), again),
        made("span", "said"),
        made("div", "place"),
      ),
    );
    built.id = "viewer";
    built.querySelector(".said").setAttribute("role", "status");
    built.onclose = closed;
    built.onclick = (event) => event.target === built && built.close();
    built.onkeydown = function (event) {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by) step(by);
    };
    return document.body.appendChild(built);
  }

  // --- by whom -------------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    const element = person() && event.target.closest(`#wall :is(${OPENS})`);
    if (element) open(idOf(element));
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (!person() || !event.target.matches(`#wall :is(${OPENS})`)) return;
    event.preventDefault();
    open(idOf(event.target));
  });
})(window.commandcenter);
