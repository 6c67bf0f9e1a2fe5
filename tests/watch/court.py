"""A judge with a clock that the test moves, and what it decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from commandcenter.incidents.decision import Close, Decision, Merge, Open, Update
from commandcenter.incidents.judge import Judge
from commandcenter.incidents.rules import Rule, Thing
from commandcenter.reading import Origin, Reading
from tests.conftest import NOW

FEEDS = {"network": Origin.DEMO, "cameras": Origin.LIVE}


def reading(at: datetime, key: str = "device/rtr", feed: str = "network", **value: Any) -> Reading:
    facts = {"name": "Dinkes", "state": "up", "rtt_ms": 3.0, "detail": ""} | value
    return Reading(feed=feed, key=key, at=at, value=facts, origin=Origin.DEMO)


@dataclass
class Court:
    """A judge, its clock, and what it decided."""

    judge: Judge
    now: datetime = NOW
    decided: list[Decision] = field(default_factory=list)

    def hears(self, *, kept: bool = False, **value: Any) -> list[Decision]:
        return self.take(self.judge.see(reading(self.now, **value), self.now, kept=kept))

    def removes(self, key: str = "device/rtr", feed: str = "network") -> list[Decision]:
        gone = Reading(feed=feed, key=key, at=self.now, value=None)
        return self.take(self.judge.see(gone, self.now))

    def waits(self, seconds: float) -> list[Decision]:
        self.now += timedelta(seconds=seconds)
        return self.take(self.judge.tick(self.now))

    def take(self, decisions: Iterable[Decision]) -> list[Decision]:
        found = list(decisions)
        self.decided += found
        return found


@dataclass(frozen=True)
class Work:
    """A maintenance window, in seconds from NOW."""

    kind: str
    scope: str = ""
    begins: float = 0
    ends: float = 300

    @property
    def starts_at(self) -> datetime:
        return NOW + timedelta(seconds=self.begins)

    @property
    def ends_at(self) -> datetime:
        return NOW + timedelta(seconds=self.ends)


def court(*rules: Rule, feeds: Mapping[str, Origin] = FEEDS) -> Court:
    judge = Judge(rules, feeds)
    judge.wake(NOW)
    return Court(judge)


def opened(decisions: Iterable[Decision]) -> list[Thing]:
    return [decision.thing for decision in decisions if isinstance(decision, Open)]


def closed(decisions: Iterable[Decision]) -> list[Thing]:
    return [decision.thing for decision in decisions if isinstance(decision, Close)]


def merged(decisions: Iterable[Decision]) -> list[tuple[Thing, Thing]]:
    return [
        (decision.thing, decision.into) for decision in decisions if isinstance(decision, Merge)
    ]


def updates(decisions: Iterable[Decision]) -> list[Update]:
    return [decision for decision in decisions if isinstance(decision, Update)]
