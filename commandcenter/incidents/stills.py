"""The stills around an incident: of which cameras, which of their pictures, and the fetching.

What is wanted stands in the records (commandcenter.records.evidence), so that it is fetched also
after a restart, and once. One picture after the other, in a task of its own: a hundred incidents at
once must delay neither the judging nor each other's writing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from commandcenter.bus.pictures import Pictures, Still
from commandcenter.incidents.decision import Open
from commandcenter.incidents.rules import Rule
from commandcenter.reading import Reading
from commandcenter.records import evidence
from commandcenter.records.database import Records
from commandcenter.records.evidence import Evidence, Wish
from commandcenter.secret import redact

log = logging.getLogger(__name__)

BEFORE = timedelta(seconds=30)  # so long before the fall all was well
AFTER = timedelta(seconds=60)  # so long after the incident opened
GIVE_UP = timedelta(minutes=10)
MOST_CAMERAS = 4
REST = 0.05  # seconds between two pictures
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SENDING = ("live", "late")


class Stills:
    """Knows the cameras, wishes for their stills when an incident opens, and fetches them."""

    every = 2.0
    """Seconds between two looks for stills that have not come yet."""

    def __init__(
        self, records: Records, pictures: Pictures, now: Callable[[], datetime], holds: Holds
    ) -> None:
        self.records, self.pictures, self.now, self.holds = records, pictures, now, holds
        self.cameras = Cameras()
        self.error = ""
        self._work = asyncio.Event()

    def wishes(self, opened: Open) -> list[Wish]:
        """What to fetch for an incident that opens."""
        fell_at, at = opened.at - self.holds.of(opened), opened.at
        due: dict[evidence.Role, datetime] = {"before": at, "at": at, "after": at + AFTER}
        return [
            Wish(camera=camera, role=role, fell_at=fell_at, at=when)
            for camera in self.cameras.of(opened.thing.key, opened.place.office)
            for role, when in due.items()
        ]

    def wake(self) -> None:
        """There may be new wishes."""
        self._work.set()

    async def run(self) -> None:
        """Fetch what is wanted; until cancelled."""
        while True:
            await self.fetch()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.every):
                    await self._work.wait()
            self._work.clear()

    async def fetch(self) -> None:
        """Fetch what is due by now. What cannot be fetched stays due."""
        try:
            pieces = await self.records.read(evidence.wanted, self.now())
            for camera, some in by_camera(pieces).items():
                await self._fetch_from(camera, some)
        except Exception as error:  # nothing may end the watch; it is tried again
            self._fell(redact(str(error) or type(error).__name__))
        else:
            self._stands()

    async def _fetch_from(self, camera: str, pieces: Iterable[Evidence]) -> None:
        """The stills of one camera; one that several incidents want is fetched once."""
        numbers = await self.pictures.numbers(camera)
        fetched: dict[int, Still | None] = {}
        for piece in pieces:
            number = choice(piece, numbers)
            if number is not None and number not in fetched:
                fetched[number] = await self.pictures.still(camera, number, "large")
                await asyncio.sleep(REST)
            still = fetched.get(number) if number is not None else None
            if still is not None:
                await self.records.write(evidence.fill, piece.id, still.captured_at, still.jpeg)
            elif number is None and is_hopeless(piece, self.now()):
                await self._miss(piece)

    async def _miss(self, piece: Evidence) -> None:
        told = piece.incident_id, piece.camera, piece.role
        log.info("incident %d: camera %s has no picture from %s the fall", *told)
        await self.records.write(evidence.miss, piece.id)

    def _fell(self, why: str) -> None:
        if not self.error:
            log.error("stills of incidents cannot be kept, trying on: %s", why)
        self.error = why

    def _stands(self) -> None:
        if self.error:
            log.info("stills of incidents are kept again")
        self.error = ""


class Cameras:
    """The cameras, as their feeds tell of them."""

    def __init__(self) -> None:
        self._values: dict[str, Mapping[str, Any]] = {}

    def hear(self, reading: Reading) -> None:
        """Note what was told of a camera; other readings say nothing here."""
        if reading.kind != "camera":
            return
        if reading.value is None:
            self._values.pop(reading.identity, None)
        else:
            self._values[reading.identity] = reading.value

    def of(self, key: str, office: str) -> list[str]:
        """Whose stills belong to an incident about `key`, which is at `office`.

        Of a camera its own. Of an office, a network device or an attendance machine those of the
        office or right behind the device, at most four; of anything else none. What fell may have
        taken them down, too: so one that sends nothing now counts, because its last pictures are
        the evidence, but after those that do send; one that has no picture at all does not.
        """
        kind, _, identity = key.partition("/")
        if kind == "camera":
            return [identity]
        if kind not in ("office", "device", "machine"):
            return []
        device = identity if kind == "device" else ""
        return sorted(self._near(office, device), key=self._rank)[:MOST_CAMERAS]

    def _near(self, office: str, device: str) -> Iterator[str]:
        for camera, value in self._values.items():
            here = (office and value.get("office") == office) or (
                device and value.get("behind") == device
            )
            if here and value.get("picture") is not None:
                yield camera

    def _rank(self, camera: str) -> tuple[bool, int, str]:
        value = self._values[camera]
        return value.get("state") not in _SENDING, int(value.get("place") or 0), camera


class Holds:
    """How long something had been bad when its incident opened, as far as the rules say."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._of: dict[tuple[str, str], timedelta] = {}
        for rule in rules:
            hold = timedelta(seconds=rule.hold + (rule.silent or 0.0))
            known = self._of.setdefault((rule.topic, rule.level), hold)
            self._of[rule.topic, rule.level] = min(known, hold)

    def of(self, opened: Open) -> timedelta:
        """What flaps opens whatever its rule's hold: there, none is known."""
        if opened.flapping:
            return timedelta()
        return self._of.get((opened.thing.rule, opened.words.level), timedelta())


def by_camera(pieces: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """In their order, of each camera together."""
    found: dict[str, list[Evidence]] = {}
    for piece in pieces:
        found.setdefault(piece.camera, []).append(piece)
    return found


def choice(piece: Evidence, numbers: Collection[int]) -> int | None:
    """Which of a camera's pictures is the one that is wanted; None: it is not among them.

    before: the newest that was taken 30 s or more before the fall. at: of the later ones the
    nearest to the fall, unless it is one of "after". after: the first, from a minute after the
    incident opened on.
    """
    fell_at = piece.fell_at or piece.at
    fell, calm, late = _number(fell_at), _number(fell_at - BEFORE), _number(piece.at + AFTER)
    match piece.role:
        case "before":
            return max((n for n in numbers if n <= calm), default=None)
        case "after":
            return min((n for n in numbers if n >= _number(piece.at)), default=None)
        case _:
            near = partial(_distance, fell)
            return min((n for n in numbers if calm < n < late), key=near, default=None)


def is_hopeless(piece: Evidence, now: datetime) -> bool:
    """Whether nothing more is to be waited for: the past brings no new pictures."""
    return piece.role == "before" or now - piece.at >= GIVE_UP


def _distance(fell: int, number: int) -> int:
    return abs(number - fell)


def _number(at: datetime) -> int:
    """The number of a picture that was taken then: µs since 1970 (commandcenter.bus.pictures)."""
    return (at - _EPOCH) // timedelta(microseconds=1)
