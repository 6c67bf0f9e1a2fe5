"""The pages: walls as declared in config.toml, the console and the desk for displays, as Dash
layouts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dash import Dash, dcc, html
from dash.backends._fastapi import get_current_request
from dash.development.base_component import Component

from commandcenter.access.roles import Eyes, Visitor
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.staging.stage import FOCUS
from commandcenter.web.doors import visitor_of
from commandcenter.web.hub import Hub
from commandcenter.web.paper import links_of
from commandcenter.web.words import as_markup, page_words

log = logging.getLogger(__name__)

CONSOLE, SCREENS = "console", "screens"
DESKS = frozenset({SCREENS})  # panels that are no part of a wall
BASIC = frozenset({"scatter", "bar", "pie"})
PLOTLY = """
    <meta name="plotly" content="/assets/plotly-basic.min.js?m={build}">"""
INDEX = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    {{%metas%}}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="build" content="{build}">
    <meta id="words" {words}>{plotly}
    <script src="/assets/layout.js?m={build}"></script>
    <meta name="color-scheme" content="dark">
    <title>{{%title%}}</title>
    <link rel="preload" href="/assets/fonts/inter.woff2" as="font" type="font/woff2" crossorigin>
    {{%favicon%}}
    {{%css%}}
  </head>
  <body>
    {{%app_entry%}}
    <footer>{{%config%}}{{%scripts%}}{{%renderer%}}</footer>
  </body>
</html>"""


class Card(Component):
    """The card of one panel: assets/card.js. `drawing` is what the hub sends."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)  # type: ignore[no-untyped-call]

    _children_props: list[str] = []  # noqa: RUF012 (Dash's own way to declare a component)
    _base_nodes = ["children"]  # noqa: RUF012
    _namespace = "commandcenter"
    _type = "Card"
    _prop_names = ["id", "children", "panel", "drawing"]  # noqa: RUF012
    available_properties = _prop_names
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012


class Stage(Component):
    """The wall itself: assets/stage.js. `stage` is what the hub sends."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)  # type: ignore[no-untyped-call]

    _children_props: list[str] = []  # noqa: RUF012
    _base_nodes = ["children"]  # noqa: RUF012
    _namespace = "commandcenter"
    _type = "Stage"
    _prop_names = ["id", "children", "stage"]  # noqa: RUF012
    available_properties = _prop_names
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012


class Console(Component):
    """The operators' console: assets/console.js. Its rows come by the ledger; `desk` is what it
    has to know besides (commandcenter.web.console_desk)."""

    def __init__(self, **properties: Any) -> None:
        super().__init__(**properties)  # type: ignore[no-untyped-call]

    _children_props: list[str] = []  # noqa: RUF012
    _base_nodes = ["children"]  # noqa: RUF012
    _namespace = "commandcenter"
    _type = "Console"
    _prop_names = ["id", "children", "desk"]  # noqa: RUF012
    available_properties = _prop_names
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one path shows: always the same `panels`, the stage of a place, or the console."""

    path: str
    panels: tuple[str, ...] = ()
    place: str = ""
    """As commandcenter.web.stages names it; of /wall it is the display's own."""
    ledger: bool = False
    """It is the console, which is told incidents as rows."""


def pages_of(config: Config) -> dict[str, Page]:
    """Every page by its path: /wall for paired displays, a preview of every wall, the console and
    the desk for displays. The first wall's preview is also at the root."""
    found = {"/wall": Page(path="/wall", place="display")}
    for wall in config.walls:
        for path in ("/", f"/wall/{wall.name}"):
            found.setdefault(path, Page(path=path, place=f"wall/{wall.name}"))
    found[f"/{CONSOLE}"] = Page(path=f"/{CONSOLE}", ledger=True)
    found[f"/{SCREENS}"] = Page(path=f"/{SCREENS}", panels=(SCREENS,))
    return found


def place_of(page: Page, display: int | None) -> str | None:
    """Whose stage a page shows; None for /wall without a display."""
    if page.place != "display":
        return page.place
    return f"display/{display}" if display is not None else None


def connect_pages(
    app: Dash,
    pages: Mapping[str, Page],
    hub: Hub,
    usual: str,
    desk: Callable[[Language, Visitor], Mapping[str, Any]],
) -> None:
    """Give the app its layout: the page that the browser names, in its language, already drawn.
    assets/layout.js lets Dash's request for the layout name the page; a callback on the address
    would cost every load one more round trip."""

    def layout() -> Component:
        try:
            return drawn()
        except Exception:
            log.exception("a page cannot be drawn")  # Dash would answer 500 and not tell why
            raise

    def drawn() -> Component:
        if not app.backend.has_request_context():
            return html.Div()
        request = get_current_request()
        asked = request.query_params
        page = pages.get(asked.get("page", "/").rstrip("/") or "/")
        say = hub.studio.languages.get(asked.get("lang", "")) or hub.studio.languages[usual]
        place = place_of(page, getattr(request.state, "display", None)) if page else None
        if page is None or place is None:
            return html.Div(say("There is no such page"))
        visitor = visitor_of(request)
        # Dash asks in a thread of its own; drawings are made in the loop's alone.
        knows = partial(desk, say, visitor)
        eyes = visitor.eyes
        inside = [hub.from_thread(partial(_inside, page, place, say, hub, eyes, knows))]
        if visitor.kind == "person" and not page.ledger:
            inside.insert(0, _self(visitor, say))
        told: dict[str, Any] = page_words(say, console=page.ledger)
        return html.Div(inside, id="page", lang=say.code, **told)

    app.layout = layout


def index(say: Language, build: str, panels: Iterable[Panel]) -> str:
    """Dash's index. It knows the words, too: the banner must speak when no layout ever came."""
    words = as_markup(page_words(say))
    plotly = PLOTLY.format(build=build) if _need_little(panels) else ""
    return INDEX.format(language=say.code, build=build, words=words, plotly=plotly)


def _need_little(panels: Iterable[Panel]) -> bool:
    """Whether Plotly's "basic" bundle has all that their charts are made of."""
    return all(panel.traces and panel.traces <= BASIC for panel in panels if panel.chart)


def _inside(
    page: Page,
    place: str,
    say: Language,
    hub: Hub,
    eyes: Eyes,
    desk: Callable[[], Mapping[str, Any]],
) -> Component:
    if page.ledger:
        return Console(id="console", desk=desk())
    return _stage(place, say, hub, eyes) if place else _desk(page, say, hub)


def _self(visitor: Visitor, say: Language) -> Component:
    """Who looks at this page, where else they may go. No wall of a display has it."""
    links = [html.A(say(link.word), href=link.path) for link in links_of(visitor)]
    me = html.A(visitor.name, href="/me", className="me")
    told: dict[str, Any] = {"data-role": visitor.role}
    return html.Nav([*links, me], id="self", title=say("Pages"), **told)


def _desk(page: Page, say: Language, hub: Hub) -> Component:
    """A page for work: its panels one below the other."""
    panels = [hub.studio.panels[name] for name in page.panels]
    cards = [_card(panel, hub.drawing(panel.name, say.code)) for panel in panels]
    return html.Main(cards, className=page.panels[0])


def _stage(place: str, say: Language, hub: Hub, eyes: Eyes) -> Component:
    """A wall: a card for every panel there is, those of its stage already drawn. A scene that
    comes later finds its cards here and only has to fill them."""
    found = hub.stage(place, say.code)
    if found is None:
        return html.Div(say("There is no such page"))
    stage, told = found
    staged = set(stage.panels)
    cards = [
        _card(panel, hub.drawing(name, say.code, eyes) if name in staged else {})
        for name, panel in hub.studio.panels.items()
        if name not in DESKS
    ]
    return Stage(id="stage", stage=told, children=[*cards, Card(id=f"panel-{FOCUS}", panel=FOCUS)])


def _card(panel: Panel, drawing: dict[str, Any]) -> Component:
    chart = [_chart(panel.name)] if panel.chart else None
    return Card(id=f"panel-{panel.name}", panel=panel.name, drawing=drawing, children=chart)


def _chart(name: str) -> Component:
    config: Any = {"displayModeBar": False, "staticPlot": True, "responsive": True}
    clear = "rgba(0,0,0,0)"
    hidden = {"visible": False}
    layout = {"xaxis": hidden, "yaxis": hidden, "paper_bgcolor": clear, "plot_bgcolor": clear}
    figure = {"data": [], "layout": layout}
    return dcc.Graph(id=f"chart-{name}", figure=figure, config=config, responsive=True)
