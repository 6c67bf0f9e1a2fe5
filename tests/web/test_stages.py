"""Every display gets the stage of its wall, or what an operator told it, within a beat."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.board import Board, Patience
from commandcenter.drawing import Drawing, div
from commandcenter.language import LANGUAGES, Language
from commandcenter.panel import Panel
from commandcenter.region import Region
from commandcenter.staging.control import Control
from commandcenter.staging.scenes import Scene, Wall
from commandcenter.web.hub import Browser, Hub
from commandcenter.web.stages import Stages
from commandcenter.web.studio import Studio
from tests.conftest import NOW, Clock
from tests.web import samples
from tests.web.test_hub import Count, Paper, Raises

WALLS = (
    Wall(
        name="utama",
        seconds=30,
        scene=(Scene(name="satu", picture=("one",)), Scene(name="dua", picture=("two",))),
    ),
    Wall(name="lain", picture=("two",)),
)


@dataclass(kw_only=True)
class Named(Panel):
    """Says its name, and which of its things it shows."""

    feeds: tuple[str, ...] = ("incidents",)
    thing: str = ""
    rows: int = 0

    def render(self, view: Any) -> Drawing:
        return Drawing(body=div("named", self.name, self.thing, *map(str, range(self.rows))))

    def only(self, thing: str) -> Panel:
        return replace(self, thing=thing)


@dataclass(kw_only=True)
class Known:
    """A display as the registry knows it."""

    id: int
    wall: str = "utama"
    revoked_at: datetime | None = None
    control: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Room:
    """A hub with two walls, and the displays that are paired."""

    clock: Clock
    one: Panel = field(default_factory=Named)
    two: Panel = field(default_factory=Named)
    displays: dict[int, Known] = field(default_factory=dict)
    guests: bool = False

    def __post_init__(self) -> None:
        panels = {"one": self.one, "two": self.two}
        for name, panel in panels.items():
            panel.name = name
        zone = ZoneInfo("Asia/Jakarta")
        studio = Studio(
            panels=panels,
            board=Board(patience={"incidents": Patience(late_after=30, stale_after=90)}),
            languages={code: Language(code, zone) for code in LANGUAGES},
            now=self.clock,
            region=Region(name="Kabupaten"),
        )
        studio.board.take([samples.incident(1)], NOW)
        self.stages = Stages(
            walls=WALLS,
            display=self.displays.get,
            board=studio.board,
            panels=set(panels),
            wellness=lambda names: studio.wellness(names, "id"),
            guests=lambda: self.guests,
            now=self.clock,
        )
        self.hub = Hub(studio=studio, stages=self.stages, now=self.clock)

    def open(self, place: str) -> Paper:
        """A browser at this place; what it is told is on the paper."""
        wire: Any = Paper()
        heard_at = asyncio.get_running_loop().time()
        self.hub.join(Browser(wire=wire, place=place, language="id", heard_at=heard_at))
        paper: Paper = wire
        return paper

    def pair(self, number: int, **facts: Any) -> Paper:
        """A paired display, and its browser."""
        self.displays[number] = Known(id=number, **facts)
        return self.open(f"display/{number}")

    def tell(self, number: int, control: Control) -> None:
        self.displays[number].control = control.told()
        self.hub.restage()


@pytest.fixture
def room(clock: Clock) -> Room:
    return Room(clock)


def scenes(paper: Paper) -> list[str]:
    return [m["stage"]["scene"] for m in paper.messages if m.get("stage")]


async def test_the_first_word_brings_the_stage_and_the_drawings_of_its_panels_only(
    room: Room,
) -> None:
    (hello,) = room.open("wall/utama").messages
    assert hello["t"] == "hello"
    assert hello["stage"]["scene"] == "satu"
    assert set(hello["panels"]) == {"one"}


async def test_when_its_time_is_over_the_next_scene_comes_with_its_drawings(room: Room) -> None:
    paper = room.open("wall/utama")
    room.hub.restage()
    assert len(paper.frames) == 1
    room.clock.forward(30)
    room.hub.restage()
    assert scenes(paper) == ["satu", "dua"]
    assert set(paper.messages[-1]["panels"]) == {"two"}


async def test_neighbouring_displays_change_their_scenes_together(room: Room) -> None:
    first = room.pair(1)
    room.clock.forward(20)
    room.hub.restage()
    second = room.pair(2)
    room.clock.forward(10)
    room.hub.restage()
    assert scenes(first) == scenes(second) == ["satu", "dua"]


async def test_a_display_that_was_sent_to_a_scene_goes_on_from_there_by_itself(room: Room) -> None:
    paper = room.pair(1)
    room.clock.forward(10)
    room.stages.show("display/1", "dua")
    room.hub.restage()
    room.clock.forward(30)
    room.hub.restage()
    assert scenes(paper) == ["satu", "dua", "satu"]
    room.stages.rejoin("display/1")
    room.hub.restage()
    assert scenes(paper)[-1] == "dua"  # where its wall has been since a while


async def test_a_held_scene_stays_when_its_wall_goes_on(room: Room) -> None:
    held, free = room.pair(1), room.pair(2)
    room.tell(1, Control(scene="satu"))
    room.clock.forward(31)
    room.hub.restage()
    assert scenes(held)[-1] == "satu"
    assert scenes(free)[-1] == "dua"


async def test_one_thing_of_a_panel_fills_the_screen_and_is_forgotten_afterwards(
    room: Room,
) -> None:
    paper = room.pair(1)
    room.tell(1, Control(panel="two", thing="simpang"))
    told = paper.messages[-1]
    assert told["panels"]["focus"]["body"] == ["div", {"className": "named"}, "two", "simpang"]
    assert any(c.name == "focus:two:simpang" for c in room.hub.studio.canvases())
    room.tell(1, Control())
    assert not any(c.name.startswith("focus:") for c in room.hub.studio.canvases())


async def test_a_panel_that_config_toml_no_longer_has_fills_no_screen(room: Room) -> None:
    paper = room.pair(1, control=Control(panel="vanished").told())
    assert set(paper.messages[0]["panels"]) == {"one"}


async def test_a_display_of_a_wall_that_is_no_more_shows_the_first(room: Room) -> None:
    (hello,) = room.pair(1, wall="vanished").messages
    assert hello["stage"]["wall"] == "utama"


async def test_a_revoked_display_is_told_so_and_nothing_else_ever(room: Room) -> None:
    paper = room.pair(1)
    room.displays[1].revoked_at = NOW
    room.hub.restage()
    room.hub.changed(["incidents"])
    assert [m["t"] for m in paper.messages] == ["hello", "revoked"]
    assert not room.hub.browsers
    again = room.open("display/1")
    assert [(m["t"], m["panels"]) for m in again.messages] == [("revoked", {})]


async def test_a_display_that_does_not_read_gets_the_newest_stage_when_it_does(room: Room) -> None:
    paper = room.pair(1)
    paper.full = True
    room.tell(1, Control(message="satu"))
    room.tell(1, Control(message="dua"))
    assert len(paper.frames) == 1
    paper.full = False
    room.hub.restage()
    assert [m["stage"]["message"] for m in paper.messages] == ["", "dua"]


async def test_a_scene_whose_panel_fails_is_passed_over_and_the_corner_says_so(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room(clock, two=Raises())
    paper = room.open("wall/utama")
    clock.forward(31)
    room.hub.restage()
    assert scenes(paper) == ["satu"]
    assert paper.messages[0]["stage"]["notes"] == ["dua dilewati: kartunya gagal digambar"]


async def test_while_there_are_guests_a_panel_is_curtained_at_once(clock: Clock) -> None:
    room = Room(clock, one=Named(hide_from_guests=True, title="Rahasia"))
    paper = room.open("wall/utama")
    room.guests = True
    room.hub.curtain(True)
    told = paper.messages[-1]
    assert told["stage"]["guests"] is True
    assert told["panels"]["one"]["title"] == "Rahasia"
    assert told["panels"]["one"]["body"][2] == "Disembunyikan selama ada tamu"
    room.guests = False
    room.hub.curtain(False)
    assert paper.messages[-1]["panels"]["one"]["body"] == ["div", {"className": "named"}, "one", ""]


async def test_a_fault_in_the_scenes_does_not_stop_the_pulse_of_the_wall(
    room: Room, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    paper = room.open("wall/utama")

    def fail(places: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(room.stages, "step", fail)
    monkeypatch.setattr("commandcenter.web.hub.BEAT", 0.01)
    task = asyncio.create_task(room.hub.pulse())
    while len(paper.frames) < 3:
        await asyncio.sleep(0)
    task.cancel()
    assert {m["t"] for m in paper.messages[1:]} == {"beat"}
    assert [record.message for record in caplog.records] == ["the scenes cannot be changed"]


async def test_a_browser_that_has_the_drawing_before_is_told_only_the_difference(
    clock: Clock,
) -> None:
    rows = Named(rows=100, pace=0)
    room = Room(clock, one=rows)
    near, far = room.open("wall/utama"), room.open("wall/utama")
    far.full = True
    rows.thing = "changed"
    room.hub._draw(room.hub.studio.canvas("one", "id"))
    change = near.messages[-1]["panels"]["one"]
    assert change["patch"] == [[[1], "changed"]]
    assert "body" not in change
    far.full = False
    far.on_drained()
    assert far.messages[-1]["panels"]["one"]["body"][3] == "changed"


async def test_a_browser_that_lost_its_thread_gets_everything_again(room: Room) -> None:
    paper = room.open("wall/utama")
    (browser,) = room.hub.browsers
    room.hub.again(browser)
    assert paper.messages[-1]["t"] == "stage"
    assert paper.messages[-1]["panels"] == paper.messages[0]["panels"]


async def test_who_asks_again_and_again_is_told_everything_once_a_beat_and_never_queues(
    room: Room,
) -> None:
    paper = room.open("wall/utama")
    (browser,) = room.hub.browsers
    for _ in range(100):
        room.hub.again(browser)
    assert [m["t"] for m in paper.messages] == ["hello", "stage"]
    paper.full = True
    browser.asked_at = -math.inf
    for _ in range(100):
        room.hub.again(browser)
    room.hub.studio.canvas("one", "id").dirty = True
    assert len(paper.messages) == 2
    paper.full = False
    paper.on_drained()
    assert [m["t"] for m in paper.messages] == ["hello", "stage", "stage"]


def test_the_count_of_a_careless_colleague_is_still_a_panel() -> None:
    assert Count().only("anything") is None
