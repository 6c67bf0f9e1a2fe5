"""A look at a wall, as a person in front of it who misses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from commandcenter.config import read_config
from commandcenter.reading import Reading
from commandcenter.staging.scenes import Picture, Scene
from tests.web import samples
from tests.web.conftest import CONFIG, ROOT, Screen, Site

PANELS = (
    "masthead", "summary", "map", "network", "attendance", "complaints", "incidents", "cctv",
    "cameras", "groups",
)  # fmt: skip


def shipped() -> str:
    """The walls and panels of the config.toml that we ship, the sources of the tests; and a wall
    with every panel on its stage: its page is told the drawings of all of them, and can then be
    shown one scene after the other."""
    own = (ROOT / "config.toml").read_text(encoding="utf-8")
    walls = own[own.index("[[wall]]") : own.index("# ----", own.index("[panel."))]
    everything = f'[[wall]]\nname = "all"\npicture = ["{" ".join(PANELS)}"]\n'
    groups = '[panel.groups]\ntype = "network"\n'
    head, _, rest = CONFIG.partition("[[wall]]")
    feeds = rest[rest.index("[feed.network]") : rest.index("[feed.quick]")]
    return head + walls.replace("{", "{{").replace("}", "}}") + everything + groups + feeds


def scenes() -> dict[str, str]:
    """How every scene of config.toml is styled, every panel alone, and a wall of equal parts."""
    found = {s.name: s.style() for w in read_config(ROOT / "config.toml").walls for s in w.scenes}
    parts = Scene(name="parts", picture=("groups network map", "attendance complaints incidents"))
    return {
        **found,
        **{f"{panel} alone": Picture(picture=(panel,)).css() for panel in PANELS},
        "parts": parts.style(),
    }


@dataclass
class Shown:
    """A region with so many offices, before one display."""

    screen: Screen
    offices: int

    def resize(self, width: int, height: int) -> None:
        self.screen.page.set_viewport_size({"width": width, "height": height})

    def show(self, scene: str, style: str) -> None:
        """As a message of the hub's would."""
        self.screen.page.evaluate(SHOW, [scene, style])

    def look(self) -> dict[str, Any]:
        """`faults`: what is wrong; `counted`: how many things each panel shows or counts."""
        seen: dict[str, Any] = self.screen.page.evaluate(LOOK)
        return seen


@contextmanager
def site_of(config: str, folder: Path, redis_url: str) -> Iterator[Site]:
    """A site of its own."""
    site = Site(folder, redis_url, config)
    site.start()
    try:
        yield site
    finally:
        site.stop()


@contextmanager
def shown_to(browser: Browser, site: Site, offices: int) -> Iterator[Shown]:
    """A display of a region of which all feeds have told."""
    for feed, readings in samples.everything(offices).items():
        site.publish(feed, [placed(n, reading) for n, reading in enumerate(readings)])
    with browser.new_context(reduced_motion="reduce") as context:
        screen = Screen(context.new_page(), site).open("/wall/all")
        if offices:
            cells = 'document.querySelectorAll("[data-panel=network] .cell")'
            screen.until(f"{cells}.length === {offices}", seconds=30)
        # Laid out, but not painted: of a video wall that would take most of the time.
        screen.page.evaluate("document.documentElement.style.visibility = 'hidden'")
        yield Shown(screen, offices)


def placed(number: int, told: Reading) -> Reading:
    """An office's router with coordinates: six towns, each a crowd of offices."""
    if told.kind != "device":
        return told
    town, turn = number % 6, number // 6
    latitude = -2.7 + 0.12 * (town // 2) + 0.003 * turn**0.5 * ((turn * 7) % 5 - 2)
    longitude = 111.4 + 0.25 * (town % 2) + 0.003 * turn**0.5 * ((turn * 3) % 7 - 3)
    value = dict(told.value or {}) | {"latitude": latitude, "longitude": longitude}
    return replace(told, value=value)


SHOW = """async ([name, style]) => {
  const wall = document.getElementById("wall"), { stage } = commandcenter;
  const told = { ...stage, scene: name, title: name, turn: [1, 3], style, notes: [] };
  dash_clientside.set_props("stage", { stage: told });
  while (wall.dataset.scene !== name) await new Promise((done) => setTimeout(done, 2));
  commandcenter.fit();
}"""

LOOK = """() => {
  const faults = [], counted = {};
  const rem = innerHeight / 67.5, smallest = innerHeight / 90 - 0.01;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const box = (e) => e.getBoundingClientRect();
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className.baseVal ?? e.className} ` +
    JSON.stringify((e.textContent || "").slice(0, 40));
  const fault = (e, what) => faults.push(`${name(e)} ${what}`);
  const cards = all("#wall > .card").filter((card) => card.checkVisibility());

  // --- the page and its cards
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) faults.push("it scrolls");
  const beyond = (inner, outer) => Math.max(
    outer.left - inner.left, inner.right - outer.right, outer.top - inner.top,
    inner.bottom - outer.bottom,
  );
  const meet = (a, b, by = 1) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > by
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > by;
  const corner = document.getElementById("corner");
  for (const [n, card] of cards.entries()) {
    if (beyond(box(card), { left: 0, top: 0, right: innerWidth, bottom: innerHeight }) > 1) {
      fault(card, "is not inside the screen");
    }
    const least = card.classList.contains("bare") && !card.matches(".panel-cctv") ? 3 : 6;
    if (box(card).height < least * rem) fault(card, `is ${(box(card).height / rem) | 0} rem high`);
    for (const other of [...cards.slice(n + 1), corner]) {
      if (meet(box(card), box(other))) fault(card, `lies under ${other.id}`);
    }
  }

  // --- texts: whole, large enough, none on another
  const own = (e) => [...e.childNodes].filter((c) => c.nodeType === 3 && c.data.trim());
  const written = (e) => {
    const range = document.createRange();
    return own(e).flatMap((text) => (range.selectNodeContents(text), [...range.getClientRects()]));
  };
  const clips = (e) => getComputedStyle(e).overflow !== "visible";
  const size = (e) => {
    const font = parseFloat(getComputedStyle(e).fontSize);
    return e.closest("svg") && !e.closest(".js-plotly-plot") ? font * e.getScreenCTM().a : font;
  };
  const clipped = (e, rects) => {
    const slack = 0.2 * size(e); // a line's box is higher than its letters
    let cut = false; // whether an ellipsis says that there is more
    for (let outer = e; outer && outer.id !== "page"; outer = outer.parentElement) {
      const style = getComputedStyle(outer);
      cut = cut || style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
      if (style.overflow === "visible") continue;
      const edge = box(outer);
      for (const r of rects) {
        const high = Math.max(edge.top - r.top, r.bottom - edge.bottom);
        const wide = Math.max(edge.left - r.left, r.right - edge.right);
        if (wide > 1 && !cut) return `is cut off by ${wide | 0} px at ${name(outer).slice(0, 40)}`;
        if (high > slack && style.webkitLineClamp === "none") {
          return `is cut off by ${high | 0} px in height at ${name(outer).slice(0, 40)}`;
        }
      }
    }
  };
  const seen = (e, r) => {
    const edge = clips(e) ? box(e) : r;
    return { left: Math.max(r.left, edge.left), right: Math.min(r.right, edge.right),
      top: r.top, bottom: r.bottom, height: r.height };
  };
  const texts = [];
  for (const part of [...cards, corner]) {
    for (const e of [part, ...all("*", part)]) {
      if (!own(e).length || !e.checkVisibility()) continue;
      if (e.closest(".js-plotly-plot")) continue; // it sizes itself later: see test_layout.py
      const rects = written(e);
      if (!rects.length) continue;
      if (e.matches(".subtitle") && rects[0].top >= box(e).bottom - 1) continue; // left out whole
      if (size(e) < smallest) fault(e, `is ${size(e).toFixed(2)} px small`);
      const said = clipped(e, rects);
      if (said) fault(e, said);
      if (!e.closest("svg")) texts.push(...rects.map((r) => [part, e, seen(e, r)]));
    }
  }
  for (const mark of all("#wall .mark.unknown")) {
    const font = parseFloat(getComputedStyle(mark, "::after").fontSize);
    if (mark.checkVisibility() && font < smallest) fault(mark, `is ${font.toFixed(2)} px small`);
  }
  const inner = (r) => ({ left: r.left, right: r.right, top: r.top + r.height / 4,
    bottom: r.bottom - r.height / 4 });
  texts.sort((a, b) => a[2].top - b[2].top);
  for (const [n, [part, e, r]] of texts.entries()) {
    for (let m = n + 1; m < texts.length && texts[m][2].top < r.bottom; m += 1) {
      const [, other, s] = texts[m];
      if (e !== other && texts[m][0] === part && meet(inner(r), inner(s))) {
        fault(e, `lies on ${name(other)}`);
      }
    }
  }

  // --- nothing else sticks out of its card either
  for (const card of cards) {
    const things = ".row, .camera, .figure, .chart, .sheet, .providers, .legend, .more";
    for (const e of all(things, card)) {
      if (e.checkVisibility() && beyond(box(e), box(card)) > 1.5) fault(e, "sticks out");
    }
  }

  // --- what is shown and what is counted
  const told = (things, line) => {
    const shown = things.filter((e) => !e.hidden).length;
    const hidden = things.length - shown + Number(line.dataset.rest);
    return [shown + hidden, { shown, hidden, says: line.textContent }];
  };
  const nothing = { shown: 0, hidden: 0, says: "" };
  for (const card of cards) {
    const line = card.querySelector(".more[data-rest]");
    if (line) counted[card.dataset.panel] = told(all(".row, .camera", card), line);
    for (const squares of all(".squares", card)) {
      const seen = all(".cell", squares).filter((c) => beyond(box(c), box(squares)) <= 1);
      counted[`cells of ${card.dataset.panel}`] = [seen.length, nothing];
    }
    for (const map of all(".sheet", card)) {
      const seen = all(".site", map).filter((s) => beyond(box(s), box(map)) <= 1);
      counted.sites = [seen.length, nothing];
      const numbers = all(".map .legend > span", card).map((s) => s.textContent.match(/\\d+$/));
      counted.legend = [numbers.reduce((sum, n) => sum + Number(n ? n[0] : 0), 0), nothing];
    }
  }
  return { faults, counted };
}"""
