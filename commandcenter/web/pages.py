"""The pages: walls as declared in config.toml, and the console, as Dash layouts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import orjson
from dash import Dash, dcc, html
from dash.backends._fastapi import get_current_request
from dash.development.base_component import Component

from commandcenter.config import Config, Wall
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.web.words import browser_words

INDEX = """<!DOCTYPE html>
<html lang="{language}">
  <head>
    {{%metas%}}
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="build" content="{build}">
    <meta id="words" {words}>
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
    _prop_names = ["id", "children", "panel", "kind", "area", "drawing"]  # noqa: RUF012
    available_properties = _prop_names
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012
    available_wildcard_properties: list[str] = []  # noqa: RUF012


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one path shows: `panels` are those that its /live connection carries."""

    path: str
    panels: tuple[str, ...]
    wall: Wall | None = None


def pages_of(config: Config) -> dict[str, Page]:
    """Every page by its path; the first wall is also at the root."""
    found: dict[str, Page] = {}
    for wall in config.walls:
        for path in ("/", f"/wall/{wall.name}"):
            found.setdefault(path, Page(path=path, panels=tuple(wall.panels), wall=wall))
    found["/console"] = Page(path="/console", panels=("console",))
    return found


def connect_pages(
    app: Dash,
    pages: Mapping[str, Page],
    panels: Mapping[str, Panel],
    languages: Mapping[str, Language],
    usual: str,
    draw: Callable[[str, str], dict[str, Any]],
) -> None:
    """Give the app its layout: the page that the browser names, in its language, already drawn by
    `draw(panel, language)`. assets/layout.js lets Dash's request for the layout name the page; a
    callback on the address would cost every load one more round trip."""

    def layout() -> Component:
        asked = get_current_request().query_params if app.backend.has_request_context() else {}
        page = pages.get(asked.get("page", "/").rstrip("/") or "/")
        say = languages.get(asked.get("lang", "")) or languages[usual]
        return _draw(page, panels, say, draw) if page else html.Div(say("There is no such page"))

    app.layout = layout


def index(say: Language, build: str) -> str:
    """Dash's index. It knows the words, too: the banner must speak when no layout ever came."""
    words = " ".join(f'{key}="{escape(value)}"' for key, value in _told(say).items())
    return INDEX.format(language=say.code, build=build, words=words)


def _told(say: Language) -> dict[str, str]:
    """What assets/clock.js needs to write times in this language and zone."""
    return {
        "data-zone": say.zone.key,
        "data-zone-name": say.zone_name,
        "data-language": say.code,
        "data-words": orjson.dumps(browser_words(say)).decode(),
    }


def _draw(
    page: Page,
    panels: Mapping[str, Panel],
    say: Language,
    draw: Callable[[str, str], dict[str, Any]],
) -> Component:
    told: dict[str, Any] = _told(say)
    cards = [
        _card(panels[name], draw(name, say.code), placed=page.wall is not None)
        for name in page.panels
    ]
    return html.Div(
        [
            html.Main(
                cards,
                className="wall" if page.wall else "console",
                style=_grid(page.wall) if page.wall else None,
            ),
        ],
        id="page",
        lang=say.code,
        **told,
    )


def _grid(wall: Wall) -> dict[str, Any]:
    """The picture is the CSS grid."""
    rows, width = wall.grid, len(wall.grid[0])
    return {
        "gridTemplateAreas": " ".join(f'"{" ".join(row)}"' for row in rows),
        "gridTemplateColumns": " ".join(wall.columns or ["1fr"] * width),
        "gridTemplateRows": " ".join(wall.rows or ["1fr"] * len(rows)),
    }


def _card(panel: Panel, drawing: dict[str, Any], *, placed: bool) -> Component:
    chart = [_chart(panel.name)] if panel.chart else None
    kind = type(panel).__module__.rpartition(".")[2]
    return Card(
        id=f"panel-{panel.name}",
        panel=panel.name,
        kind=kind,
        area=panel.name if placed else None,
        drawing=drawing,
        children=chart,
    )


def _chart(name: str) -> Component:
    config: Any = {"displayModeBar": False, "staticPlot": True, "responsive": True}
    clear = "rgba(0,0,0,0)"
    hidden = {"visible": False}
    layout = {"xaxis": hidden, "yaxis": hidden, "paper_bgcolor": clear, "plot_bgcolor": clear}
    figure = {"data": [], "layout": layout}
    return dcc.Graph(id=f"chart-{name}", figure=figure, config=config, responsive=True)
