"""A third of Plotly where charts need no more, all of it where one does."""

from __future__ import annotations

import re
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Request
from plotly.offline import get_plotlyjs_version

from commandcenter.drawing import Drawing
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.web.pages import index
from panels.network import Network
from tests.web.conftest import HD, ROOT, Screen, Site

LITTLE = ROOT / "assets" / "plotly-basic.min.js"


class Heat(Panel):
    """A chart of whatever Plotly has."""

    chart: ClassVar[bool] = True

    def render(self, _: object) -> Drawing:
        return Drawing(figure={"data": [{"type": "heatmap"}]})


class Bars(Heat):
    traces: ClassVar[frozenset[str]] = frozenset({"bar", "scatter"})


class Boxes(Heat):
    traces: ClassVar[frozenset[str]] = frozenset({"box"})


@pytest.mark.parametrize(
    ("panels", "little"),
    [((), True), ((Network, Bars), True), ((Network, Heat), False), ((Boxes,), False)],
)
def test_what_a_panel_does_not_tell_may_be_anything(
    panels: tuple[type[Panel], ...], little: bool
) -> None:
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    page = index(say, "b", [panel(name=panel.__name__) for panel in panels])
    assert ("/assets/plotly-basic.min.js?m=b" in page) == little


def test_the_little_one_is_of_the_version_that_dash_has() -> None:
    """After an update of the library: plotly.js-basic-dist-min of the same version."""
    head = LITTLE.read_text(encoding="utf-8")[:200]
    assert re.search(r"v([\d.]+)", head)[1] == get_plotlyjs_version()  # type: ignore[index]


def test_a_wall_draws_its_chart_and_asks_for_no_more(site: Site, chromium: Browser) -> None:
    asked: list[str] = []

    def hear(request: Request) -> None:
        asked.append(request.url.removeprefix(site.address).partition("?")[0])

    with chromium.new_context(viewport={"width": HD[0], "height": HD[1]}) as context:
        page = context.new_page()
        page.on("request", hear)
        Screen(page, site).open().page.wait_for_selector(".js-plotly-plot .main-svg")
        version = page.evaluate("Plotly.version")
    assert [one for one in asked if "plotly" in one] == ["/assets/plotly-basic.min.js"]
    assert version == get_plotlyjs_version()
