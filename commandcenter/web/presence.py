"""Presence: how every display is and what it shows, told on the bus as the feed "displays".

The truth lies in three places, the records (who was paired), the stages (what is shown) and the
connected pages (who is here); it is gathered every second, and what differs from what lies on the
bus is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from commandcenter.bus import Bus, BusDown
from commandcenter.reading import Reading
from commandcenter.staging.control import control_of
from commandcenter.staging.stage import Stage
from commandcenter.vocabulary import Display, Guests, Preset, Vitals
from commandcenter.web.displays import Display as Paired
from commandcenter.web.displays import Displays
from commandcenter.web.stages import Stages

log = logging.getLogger(__name__)

FEED = "displays"
LOOK_EVERY = 1.0  # seconds
TELL_EVERY = 10.0  # seconds: everything again, so that the feed stays fresh


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a display's page says of itself (assets/report.js)."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    w: Annotated[int, Field(ge=1, le=65_535)]
    """CSS pixels; `dpr` of the screen's pixels make one."""
    h: Annotated[int, Field(ge=1, le=65_535)]
    dpr: Annotated[float, Field(gt=0, le=16)] = 1
    memory: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    offset: Annotated[float, Field(ge=-1e14, le=1e14)] | None = None
    """How far its own clock is behind ours, in ms."""
    scene: Annotated[str, Field(max_length=120)] = ""
    sound: Literal["on", "off", "blocked"] | None = None
    stalls: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the screen's own pixels."""
        return round(self.w * self.dpr), round(self.h * self.dpr)


_REPORT = TypeAdapter(Report)


class Presence:
    """Tells the displays. `here` says which places have a page, and when, by the loop's clock,
    each was last heard."""

    def __init__(
        self,
        *,
        displays: Displays,
        stages: Stages,
        here: Callable[[], Mapping[str, float]],
        bus: Bus,
        now: Callable[[], datetime],
        reject: Callable[[str, str, bytes], None],
    ) -> None:
        self.displays, self.stages, self.here = displays, stages, here
        self.bus, self.now, self.reject = bus, now, reject
        self._reports: dict[int, Report] = {}
        self._addresses: dict[int, str] = {}
        self._heard: dict[int, tuple[float, datetime]] = {}
        self._memory_at_first: dict[int, int] = {}
        self._on_bus: dict[str, dict[str, Any]] | None = None
        self._told_at: datetime | None = None
        self._changed, self._noting = asyncio.Event(), asyncio.Event()
        self._to_note: set[int] = set()

    # --- what pages say -----------------------------------------------------------------------

    def told(self, place: str, address: str, said: str) -> None:
        """A page said how it is, or went ("", ""). Only those of paired displays count."""
        kind, _, number = place.partition("/")
        if kind != "display":
            return
        if said:
            self._take(int(number), address, said)
        self.wake()

    def wake(self) -> None:
        """Something changed: tell it now, not at the next look."""
        self._changed.set()

    def _take(self, number: int, address: str, said: str) -> None:
        try:
            report = _REPORT.validate_json(said)
        except ValidationError as error:
            self.reject(f"display/{number} {address}", _why(error), said.encode())
            return
        self._reports[number], self._addresses[number] = report, address
        if report.memory is not None:
            self._memory_at_first.setdefault(number, report.memory)
        self._to_note.add(number)
        self._noting.set()

    # --- what the bus is told -----------------------------------------------------------------

    async def run(self) -> None:
        """Tell the bus and note in the records for ever, through any outage of either."""
        await asyncio.gather(self._tell(), self._note())

    async def _tell(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self.look()
            except BusDown:
                log.debug("the bus is away")  # every page's banner says so
            except Exception:
                log.exception("the displays could not be told")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_EVERY)

    async def look(self) -> None:
        """Tell what changed, or everything when it is time. Raises BusDown."""
        if not self.displays.loaded.is_set():
            return  # nobody knows yet who is paired: nothing is forgotten for that
        try:
            await self._publish(self._wanted(), self.now())
        except BusDown:
            self._on_bus = None  # when it is back nobody knows what lies on it
            raise

    async def _publish(self, wanted: dict[str, dict[str, Any]], now: datetime) -> None:
        on_bus = self._on_bus
        if on_bus is None:
            kept = await self.bus.latest(FEED)
            on_bus = {key: reading.value for key, reading in kept.items() if reading.value}
            self._told_at = None
        again = self._told_at is None or (now - self._told_at).total_seconds() >= TELL_EVERY
        due: dict[str, Any] = {k: v for k, v in wanted.items() if again or on_bus.get(k) != v}
        due |= dict.fromkeys(on_bus.keys() - wanted.keys())
        if due and not await self.bus.publish(FEED, _readings(due, now)):
            await self.bus.publish(FEED, _readings(wanted, now))  # it has lost what it kept
        self._on_bus = wanted
        self._told_at = now if again else self._told_at

    def _wanted(self) -> dict[str, dict[str, Any]]:
        """Everything there is to tell, by its key."""
        known, here = self.displays.all(), self.here()
        self._notice(known, here)
        shown = self.stages.step([_place(d) for d in known])
        told = {_place(d): self._display(d, shown[_place(d)], here) for d in known}
        for name, settings in self.displays.presets().items():
            told[f"preset/{name}"] = dict(_preset(name, settings, known))
        told["room/guests"] = dict(Guests(on=self.displays.guests))
        return told

    def _notice(self, known: Iterable[Paired], here: Mapping[str, float]) -> None:
        """When each was last heard; the memory of a page that went is nothing to compare with."""
        for display in known:
            moment = here.get(_place(display))
            if moment is None:
                self._memory_at_first.pop(display.id, None)
            elif display.id not in self._heard or self._heard[display.id][0] != moment:
                silence = asyncio.get_running_loop().time() - moment
                self._heard[display.id] = moment, self.now() - timedelta(seconds=silence)

    def _display(
        self, display: Paired, stage: Stage | None, here: Mapping[str, float]
    ) -> dict[str, Any]:
        control = stage.control if stage else control_of(display.control)
        heard_at = self._heard_at(display)
        facts = Display(
            number=display.id,
            name=display.name,
            room=display.room,
            wall=display.wall,
            state=_state(display, _place(display) in here, dark=control.dark, heard=heard_at),
            scene=stage.scene.name if stage else "",
            scene_title=stage.scene.called if stage else "",
            held=bool(control.scene),
            panel=control.panel,
            thing=control.thing,
            dark=control.dark,
            message=control.message,
            muted=control.muted,
            heard_at=heard_at.isoformat() if heard_at else None,
            paired_at=display.paired_at.isoformat(),
            revoked_at=display.revoked_at.isoformat() if display.revoked_at else None,
            address=self._addresses.get(display.id, display.address),
            **self._vitals(display),
        )
        return dict(facts)

    def _vitals(self, display: Paired) -> Vitals:
        report = self._reports.get(display.id)
        first = self._memory_at_first.get(display.id)
        memory = report.memory if report else None
        width, height = report.size if report else (display.width, display.height)
        return Vitals(
            width=width,
            height=height,
            memory_bytes=memory,
            memory_grown_bytes=None if memory is None or first is None else memory - first,
            clock_offset_ms=round(report.offset) if report and report.offset else None,
            sound=report.sound if report else None,
            stalls=report.stalls if report else 0,
        )

    def _heard_at(self, display: Paired) -> datetime | None:
        """By a page of this process, or as the records have it."""
        told = [self._heard[display.id][1]] if display.id in self._heard else []
        return max([*told, *([display.last_seen_at] if display.last_seen_at else [])], default=None)

    # --- what the records are told ------------------------------------------------------------

    async def _note(self) -> None:
        """Beside the telling: a database that hangs must not let the feed grow old."""
        while True:
            await self._noting.wait()
            self._noting.clear()
            while self._to_note:
                await self._note_one(self._to_note.pop())

    async def _note_one(self, number: int) -> None:
        try:
            width, height = self._reports[number].size
            await self.displays.heard(number, self._addresses[number], width, height)
        except Exception:
            log.exception("display %d is here; it could not be noted", number)


def _place(display: Paired) -> str:
    """Its place in commandcenter.web.stages, and its key on the bus."""
    return f"display/{display.id}"


def _state(
    display: Paired, here: bool, *, dark: bool, heard: datetime | None
) -> Literal["lit", "dark", "gone", "never", "revoked"]:
    if display.revoked_at is not None:
        return "revoked"
    if here:
        return "dark" if dark else "lit"
    return "gone" if heard else "never"


def _preset(name: str, settings: Mapping[str, Any], known: Iterable[Paired]) -> Preset:
    """`settings` are as commandcenter.web.screens saves them."""
    mine = {str(d.id): d for d in known if d.revoked_at is None and str(d.id) in settings}
    active = all(
        settings[n] == {"wall": d.wall, "control": control_of(d.control).told()}
        for n, d in mine.items()
    )
    return Preset(name=name, displays=len(mine), active=active and bool(mine))


def _readings(told: Mapping[str, Any], now: datetime) -> list[Reading]:
    return [Reading(feed=FEED, key=key, at=now, value=value) for key, value in told.items()]


def _why(error: ValidationError) -> str:
    """What is wrong with a report, without repeating it."""
    first = error.errors(include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the report"
    return f"{where}: {first['msg']}"
