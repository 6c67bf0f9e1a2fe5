"""The region's life: what its sources tell, event by event; the same for the same seed.

The lists are the demo's: 61 offices, their routers, 24 cameras. `rest` brings all of it into the
one state in which the page is compared with itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from benchmarks.soak import things
from benchmarks.soak.wall import FEEDS
from commandcenter.reading import Reading
from commandcenter.vocabulary import CameraState, LinkState

PROVIDERS = ("Telkom", "Moratel", "Telkomsel")
MOST_COMPLAINTS, MOST_INCIDENTS = 60, 12
AT_REST = 4  # incidents, and three times as many complaints
PAST = 720  # points, one every ten seconds
SILENCE = (6.0, 12.0)  # seconds that one source says nothing, once an hour
# How often each source speaks, as shares.
SPEAKS = {
    "providers": 10, "devices": 26, "attendance": 22, "cameras": 24,
    "complaints": 7, "incidents": 5, "applications": 6,
}  # fmt: skip
SOURCE = {"providers": "network", "devices": "network"}
Speaker: TypeAlias = Callable[[datetime, float], Iterator[Reading]]


@dataclass(eq=False)
class Region:
    """Everything that has a state."""

    chance: random.Random
    devices: list[things.Row] = field(default_factory=lambda: things.rows("devices"))
    offices: list[things.Row] = field(default_factory=lambda: things.rows("offices"))
    cameras: list[things.Row] = field(default_factory=lambda: things.rows("cameras"))
    applications: list[things.Row] = field(default_factory=lambda: things.rows("applications"))
    titles: list[things.Row] = field(default_factory=lambda: things.rows("complaints"))
    complaints: dict[str, Reading] = field(default_factory=dict)
    incidents: dict[str, Reading] = field(default_factory=dict)
    number: int = 1000
    _hour: int = -1
    _silent: str = ""
    _stuck: str = ""
    _until: datetime | None = None

    def past(self, now: datetime) -> Iterator[Reading]:
        """The traffic of the hours before, oldest first: a server that lives long remembers it,
        and its memory must not be seen to grow by it."""
        for back in range(PAST, 0, -1):
            for name in PROVIDERS:
                busy = self.chance.uniform(2e8, 3e8)
                yield things.provider(name, now - timedelta(seconds=10 * back), busy)

    def event(self, now: datetime, hour: float) -> list[Reading]:
        """The next thing that happens, at this hour of the region's day."""
        if int(hour) != self._hour:
            self._hour = int(hour)
            self._fall_silent(now)
        what = self.chance.choices(tuple(SPEAKS), tuple(SPEAKS.values()))[0]
        if self._is_silent(SOURCE.get(what, what), now):
            what = "devices" if self._silent == "attendance" else "attendance"
        return list(self._speakers[what](now, hour))

    def rest(self, now: datetime) -> list[Reading]:
        """Everything as it always is when it rests: the same number of each in the same state."""
        self._until = None
        told = [things.feed_status(name, now) for name in FEEDS]
        told += [things.device(row, now) for row in self.devices]
        told += [things.provider(name, now, 3e8) for name in PROVIDERS]
        told += [things.office(row, now, 10.0) for row in self.offices]
        told += [things.application(row, now) for row in self.applications]
        told += [things.camera(row, n, now) for n, row in enumerate(self.cameras)]
        told += [self._gone(self.complaints, key, now) for key in [*self.complaints]]
        told += [self._gone(self.incidents, key, now) for key in [*self.incidents]]
        told += [self._complains(f"rest:{n}", n, now) for n in range(3 * AT_REST)]
        told += [self._happens(f"rest:{n}", n, now, critical=False) for n in range(AT_REST)]
        return [*told, self._complaint_totals(now), self._incident_totals(now)]

    @property
    def _speakers(self) -> dict[str, Speaker]:
        return {
            "providers": self._provider,
            "devices": self._device,
            "attendance": self._office,
            "cameras": self._camera,
            "complaints": self._complaint,
            "incidents": self._incident,
            "applications": self._application,
        }

    # --- once an hour a source and a camera are silent, and nobody says so -----------------------

    def _fall_silent(self, now: datetime) -> None:
        self._silent = self.chance.choice(FEEDS)
        self._stuck = self.chance.choice(self.cameras[:4])["id"]
        self._until = now + timedelta(seconds=self.chance.uniform(*SILENCE))

    def _is_silent(self, feed: str, now: datetime) -> bool:
        return self._until is not None and now < self._until and feed == self._silent

    # --- things that change ----------------------------------------------------------------------

    def _provider(self, now: datetime, hour: float) -> Iterator[Reading]:
        busy = 1.0 + 0.5 * (8 <= hour < 16) + self.chance.uniform(-0.2, 0.2)
        yield things.provider(self.chance.choice(PROVIDERS), now, 2e8 * busy)

    def _device(self, now: datetime, _: float) -> Iterator[Reading]:
        states: tuple[LinkState, ...] = ("up", "degraded", "down", "unknown")
        state = self.chance.choices(states, (88, 6, 4, 2))[0]
        yield things.device(
            self.chance.choice(self.devices), now, state, self.chance.uniform(2, 90)
        )

    def _office(self, now: datetime, hour: float) -> Iterator[Reading]:
        yield things.office(self.chance.choice(self.offices), now, hour)

    def _application(self, now: datetime, _: float) -> Iterator[Reading]:
        states: tuple[things.ApplicationState, ...] = ("up", "degraded", "down")
        state = self.chance.choices(states, (94, 4, 2))[0]
        yield things.application(self.chance.choice(self.applications), now, state)

    def _camera(self, now: datetime, _: float) -> Iterator[Reading]:
        """The first ones are on the wall, and speak more often."""
        last = len(self.cameras)
        place = min(self.chance.randrange(last), self.chance.randrange(last))
        row = self.cameras[place]
        if row["id"] == self._stuck and self._until is not None and now < self._until:
            return
        states: tuple[CameraState, ...] = ("live", "frozen", "unreachable")
        yield things.camera(row, place, now, self.chance.choices(states, (97, 2, 1))[0])

    # --- things that come and go -----------------------------------------------------------------

    def _complaint(self, now: datetime, _: float) -> Iterator[Reading]:
        if self.chance.random() < len(self.complaints) / MOST_COMPLAINTS:
            yield self._gone(self.complaints, self.chance.choice([*self.complaints]), now)
        else:
            self.number += 1
            yield self._complains(f"soak:{self.number}", self.number, now)
        yield self._complaint_totals(now)

    def _incident(self, now: datetime, _: float) -> Iterator[Reading]:
        """Opened, taken by somebody, closed."""
        waiting = [r for r in self.incidents.values() if (r.value or {})["acknowledged_at"] is None]
        if waiting and self.chance.random() < 0.5:
            taken = things.acknowledged(self.chance.choice(waiting), now)
            self.incidents[taken.key] = taken
            yield taken
        elif self.chance.random() < len(self.incidents) / MOST_INCIDENTS:
            yield self._gone(self.incidents, self.chance.choice([*self.incidents]), now)
        else:
            self.number += 1
            critical = self.chance.random() < 0.3
            yield self._happens(f"{self.number}", self.number, now, critical=critical)
        yield self._incident_totals(now)

    def _complains(self, identity: str, number: int, now: datetime) -> Reading:
        row = self.titles[number % len(self.titles)]
        key, due = f"complaint/{identity}", float(number % 60 - 5)
        self.complaints[key] = things.complaint(key, str(number), row, now, due)
        return self.complaints[key]

    def _happens(self, identity: str, number: int, now: datetime, *, critical: bool) -> Reading:
        row = self.devices[number % len(self.devices)]
        key = f"incident/{identity}"
        self.incidents[key] = things.incident(key, number, row, now, critical=critical)
        return self.incidents[key]

    @staticmethod
    def _gone(of: dict[str, Reading], key: str, now: datetime) -> Reading:
        return things.tell(of.pop(key).feed, key, now, None)

    def _complaint_totals(self, now: datetime) -> Reading:
        return things.complaint_totals(list(self.complaints.values()), now)

    def _incident_totals(self, now: datetime) -> Reading:
        return things.incident_totals(list(self.incidents.values()), now)
