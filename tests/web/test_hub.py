"""The hub by itself, with panels that a careless colleague might write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import orjson
import pytest

from commandcenter.board import Board, Patience, View
from commandcenter.drawing import Drawing, div
from commandcenter.language import LANGUAGES, Language
from commandcenter.panel import Panel
from commandcenter.reading import Reading
from commandcenter.region import Region
from commandcenter.staging.scenes import Wall
from commandcenter.web.hub import Browser, Hub
from commandcenter.web.stages import Stages
from commandcenter.web.studio import Studio
from tests.conftest import NOW, Clock
from tests.web import samples


@dataclass(kw_only=True)
class Count(Panel):
    """Draws how many incidents there are, and remembers how often it was asked."""

    heading: ClassVar[str] = "Incidents"
    feeds: tuple[str, ...] = ("incidents",)
    drawn: int = 0

    def render(self, view: View) -> Drawing:
        self.drawn += 1
        return Drawing(body=div("", view.say("{n} open", n=len(view.all("incident")))))


@dataclass(kw_only=True)
class Raises(Count):
    def render(self, view: View) -> Drawing:
        raise ZeroDivisionError("of a colleague")


@dataclass(kw_only=True)
class Unwritable(Count):
    """Draws something that is not JSON."""

    def render(self, view: View) -> Drawing:
        return Drawing(body=[{1, 2}])


@dataclass
class Paper:
    """A wire that keeps what is written to it."""

    full: bool = False
    frames: list[bytes] = field(default_factory=list)
    aborted: bool = False
    on_drained: Any = None

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)

    def abort(self) -> None:
        self.aborted = True

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [orjson.loads(frame[frame.index(b"{") :]) for frame in self.frames]


def hub_of(clock: Clock, walls: Sequence[Wall] = (), **panels: Panel) -> Hub:
    for name, panel in panels.items():
        panel.name = name
    zone = ZoneInfo("Asia/Jakarta")
    studio = Studio(
        panels=panels,
        board=Board(patience={"incidents": Patience(late_after=30, stale_after=90)}),
        languages={code: Language(code, zone) for code in LANGUAGES},
        now=clock,
        region=Region(name="Kabupaten"),
    )
    stages = Stages(
        walls=walls,
        display=lambda _: None,
        board=studio.board,
        panels=set(panels),
        wellness=lambda names: studio.wellness(names, "id"),
        guests=lambda: studio.guests,
        now=clock,
    )
    return Hub(studio=studio, stages=stages, now=clock)


def join(hub: Hub, *panels: str, language: str = "id") -> Paper:
    wire: Any = Paper()
    shown = frozenset(panels)
    hub.join(Browser(wire=wire, panels=shown, language=language, heard_at=0.0))
    paper: Paper = wire
    return paper


async def test_a_panel_is_drawn_once_for_a_hundred_browsers(clock: Clock) -> None:
    panel = Count()
    hub = hub_of(clock, count=panel)
    hub.board.take([samples.incident(1)], NOW)
    papers = [join(hub, "count") for _ in range(100)]
    assert panel.drawn == 1
    assert len({paper.frames[0] for paper in papers}) == 1


@pytest.mark.parametrize("bad", [Raises(), Unwritable()], ids=["raises", "not JSON"])
async def test_a_panel_that_cannot_be_drawn_says_so_and_the_others_are_drawn(
    clock: Clock, bad: Panel, caplog: pytest.LogCaptureFixture
) -> None:
    hub = hub_of(clock, bad=bad, good=Count())
    hub.board.take([samples.incident(1)], NOW)
    (hello,) = join(hub, "bad", "good").messages
    assert "gagal digambar" in hello["panels"]["bad"]["trouble"]
    assert hello["panels"]["bad"]["base"] == "none"
    assert hello["panels"]["good"]["body"] == ["div", {}, "1 terbuka"]
    assert hello["panels"]["good"]["trouble"] == ""
    assert [record.message for record in caplog.records] == ["panel bad cannot be drawn"]


async def test_a_card_says_why_its_source_is_down(clock: Clock) -> None:
    hub = hub_of(clock, count=Count())
    status = {"ok": False, "error": "kabel putus"}
    told = Reading(feed="system", key="feed/incidents", at=NOW, value=status, number=1)
    hub.board.take([samples.incident(1), told], NOW)
    (hello,) = join(hub, "count").messages
    assert hello["panels"]["count"]["trouble"] == "incidents: kabel putus"
    assert hello["panels"]["count"]["body"] == ["div", {}, "1 terbuka"]  # what is known stays


async def test_a_card_that_has_heard_nothing_does_not_draw_an_empty_list(clock: Clock) -> None:
    panel = Count()
    (hello,) = join(hub_of(clock, count=panel), "count").messages
    assert hello["panels"]["count"]["body"] == ["div", {"className": "empty"}, "belum ada data"]
    assert panel.drawn == 0


async def test_each_language_is_drawn_only_when_somebody_reads_it(clock: Clock) -> None:
    panel = Count()
    hub = hub_of(clock, count=panel)
    hub.board.take([samples.incident(1)], NOW)
    join(hub, "count")
    assert panel.drawn == 1
    (hello,) = join(hub, "count", language="en").messages
    assert panel.drawn == 2
    assert hello["panels"]["count"]["body"] == ["div", {}, "1 open"]


async def test_who_does_not_read_is_owed_only_the_newest_drawing(clock: Clock) -> None:
    hub = hub_of(clock, count=Count(pace=0))
    hub.board.take([samples.incident(0)], NOW)
    wire: Any = Paper()
    browser = Browser(wire=wire, panels=frozenset({"count"}), language="id", heard_at=0.0)
    hub.join(browser)
    canvas = hub.studio.canvas("count", "id")
    wire.full = True
    for number in range(1, 10):
        hub.board.take([samples.incident(number)], NOW)
        hub._draw(canvas)
    assert len(wire.frames) == 1
    wire.full = False
    wire.on_drained()
    assert [m["t"] for m in wire.messages] == ["hello", "draw"]
    assert wire.messages[-1]["panels"]["count"]["body"] == ["div", {}, "10 terbuka"]


async def test_what_looks_the_same_is_not_sent_again(clock: Clock) -> None:
    hub = hub_of(clock, count=Count())
    told = samples.incident(1)
    hub.board.take([told], NOW)
    paper = join(hub, "count")
    hub.board.take([told], NOW)
    hub._draw(hub.studio.canvas("count", "id"))
    assert len(paper.frames) == 1


async def test_the_loss_of_the_bus_is_told_to_every_browser_at_once(clock: Clock) -> None:
    hub = hub_of(clock, count=Count())
    hub.bus(connected=True)
    paper = join(hub, "count")
    hub.bus(connected=False)
    hub.bus(connected=False)
    assert [m["bus"] for m in paper.messages] == [None, int(NOW.timestamp() * 1000)]
