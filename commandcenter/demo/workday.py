"""Who puts a finger on which machine at what time of a day: a pure function of seed and date.

The demo has no weekends and no holidays, so that whoever opens it sees an office day. In the dark
hours only the guards' rounds are scanned.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from commandcenter.demo.region import FingerprintMachine, Region

ZONE = ZoneInfo("Asia/Jakarta")
IN, OUT, BREAK_OUT, BREAK_IN = 0, 1, 2, 3
PRESENT, PUNCTUAL = 0.945, 0.982
"""Shares of the staff that come at all, and of those that come before half past seven."""


@dataclass(frozen=True, slots=True, order=True)
class Scan:
    """One finger on one machine; `at` is aware, whole seconds; `verify` 1 finger, 15 face."""

    at: datetime
    pin: str
    status: int
    verify: int


def staff(region: Region) -> dict[str, list[str]]:
    """The pins that use each machine: an office's people, dealt out over its machines."""
    pins: dict[str, list[str]] = {machine.serial: [] for machine in region.machines}
    for place, office in enumerate(region.offices, start=1):
        serials = [m.serial for m in region.machines if m.office == office.code]
        for person in range(office.employees if serials else 0):
            pins[serials[person % len(serials)]].append(str(place * 1000 + person + 1))
    return pins


def scans_of_day(
    seed: int, machine: FingerprintMachine, pins: Sequence[str], day: date
) -> list[Scan]:
    """All scans of one machine on one local day, in order."""
    chance = random.Random(f"{seed} {machine.serial} {day}")
    scans = [scan for pin in pins[1:] for scan in _person(chance, pin, day)]
    scans += _guard(chance, pins[0], day)
    scans += _errands(chance, pins, day)
    return sorted(scans)


def _person(chance: random.Random, pin: str, day: date) -> Iterator[Scan]:
    """A day at the office: there by half past seven, mostly; home after four."""
    if chance.random() > PRESENT:
        return
    punctual = chance.random() < PUNCTUAL
    low, high, likely = (6.4, 7.5, 7.2) if punctual else (7.6, 9.4, 7.8)
    verify = 15 if chance.random() < 0.15 else 1
    yield _scan(day, chance.triangular(low, high, likely), pin, IN, verify)
    if chance.random() < 0.25:
        yield _scan(day, chance.uniform(11.9, 12.2), pin, BREAK_OUT, verify)
        yield _scan(day, chance.uniform(12.7, 13.1), pin, BREAK_IN, verify)
    if chance.random() < 0.97:
        yield _scan(day, chance.triangular(15.9, 18.0, 16.1), pin, OUT, verify)


def _guard(chance: random.Random, pin: str, day: date) -> Iterator[Scan]:
    """The guard's rounds, one about every two hours of the night."""
    for hour in (0, 2, 4, 6, 18, 20, 22):
        yield _scan(day, hour + chance.uniform(0.05, 1.9), pin, IN, 1)


def _errands(chance: random.Random, pins: Sequence[str], day: date) -> Iterator[Scan]:
    """Somebody goes out about every forty minutes of the office day, and comes back."""
    for _ in range(12):
        person, gone = pins[chance.randrange(len(pins) * 3 // 4)], chance.uniform(8.5, 15.0)
        yield _scan(day, gone, person, OUT, 1)
        yield _scan(day, gone + chance.uniform(0.2, 0.8), person, IN, 1)


def _scan(day: date, hour: float, pin: str, status: int, verify: int) -> Scan:
    at = datetime.combine(day, time(), ZONE) + timedelta(seconds=int(hour * 3600))
    return Scan(at, pin, status, verify)
