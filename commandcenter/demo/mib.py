"""The objects of a small RouterOS box: SNMPv2-MIB (RFC 3418) and IF-MIB (RFC 2863).

A loopback and a WAN interface; every value is a pure function of the time.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from commandcenter.demo import ber
from commandcenter.demo.ber import Oid
from commandcenter.demo.region import Router
from commandcenter.demo.traffic import DAY, Flow

Value = Callable[[float], bytes]
"""An object's encoded value at an instant (seconds since 1970)."""


@dataclass
class Mib:
    """Objects in the order of their identifiers."""

    objects: Mapping[Oid, Value]
    order: list[Oid] = field(init=False)

    def __post_init__(self) -> None:
        self.order = sorted(self.objects)

    def get(self, name: Oid, now: float) -> bytes:
        """A variable binding with the value of exactly this object."""
        value = self.objects.get(name)
        found = value(now) if value else ber.empty(self._why_missing(name))
        return ber.wrap(ber.SEQUENCE, ber.oid(name) + found)

    def next(self, name: Oid, now: float) -> tuple[Oid, bytes]:
        """The object after this one, and its variable binding."""
        place = bisect_right(self.order, name)
        if place == len(self.order):
            return name, ber.wrap(ber.SEQUENCE, ber.oid(name) + ber.empty(ber.END_OF_MIB_VIEW))
        return self.order[place], self.get(self.order[place], now)

    def _why_missing(self, name: Oid) -> int:
        known = any(o[: len(name) - 1] == name[:-1] for o in self.order)
        return ber.NO_SUCH_INSTANCE if known else ber.NO_SUCH_OBJECT


def router_mib(router: Router, mean: float, chance: random.Random) -> Mib:
    """The objects of a router through whose uplink `mean` bit/s come in."""
    life = chance.uniform(60, 120) * DAY  # it is restarted once in so many days
    born = chance.uniform(0, life)

    def booted(now: float) -> float:
        return now - (now - born) % life

    flows = Flow.of(mean, chance), Flow.of(mean * 0.22, chance)
    system = (1, 3, 6, 1, 2, 1, 1)
    objects: dict[Oid, Value] = {
        (*system, 1, 0): _text(f"RouterOS {_model(router)}"),
        (*system, 2, 0): lambda _: ber.oid((1, 3, 6, 1, 4, 1, 14988, 1)),
        (*system, 3, 0): lambda now: ber.number(
            int((now - booted(now)) * 100) % 2**32, ber.TIME_TICKS
        ),
        (*system, 4, 0): _text("Diskominfo Kotawaringin Barat"),
        (*system, 5, 0): _text(router.id),
        (*system, 6, 0): _text(router.name),
        (1, 3, 6, 1, 2, 1, 2, 1, 0): lambda _: ber.number(2),
    }
    objects |= dict(_interface(1, "lo", 24, 0, (), booted))
    speed = 10_000 if router.role == "core" else 1_000
    objects |= dict(_interface(2, "ether1-wan", 6, speed, flows, booted, router.provider))
    return Mib(objects)


def _interface(
    index: int,
    name: str,
    kind: int,
    speed: int,
    flows: Sequence[Flow],
    booted: Callable[[float], float],
    alias: str = "",
) -> Iterator[tuple[Oid, Value]]:
    """Rows of ifTable and ifXTable; `flows` are inward and outward, none for a quiet interface."""
    table, extended = (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)

    def count(flow: int, bits: int, tag: int, share: float) -> Value:
        def value(now: float) -> bytes:
            octets = flows[flow].octets(booted(now), now) if flows else 0
            return ber.number(int(octets * share) % 2**bits, tag)

        return value

    for column, fixed in (
        (1, ber.number(index)),
        (2, ber.text(name)),
        (3, ber.number(kind)),
        (4, ber.number(1500)),
        (5, ber.number(min(speed * 10**6, 2**32 - 1), ber.GAUGE32)),
        (6, ber.text(bytes((0x48, 0x8F, 0x5A, 0, 0, index)) if flows else b"")),
        (7, ber.number(1)),
        (8, ber.number(1)),
        (9, ber.number(0, ber.TIME_TICKS)),
    ):
        yield (*table, column, index), partial(_fixed, fixed)
    for column, flow, share in (
        (10, 0, 1.0),
        (13, 0, 5e-11),  # discards and errors: a few in a day
        (14, 0, 2e-10),
        (16, 1, 1.0),
        (19, 1, 5e-11),
        (20, 1, 1e-10),
    ):
        yield (*table, column, index), count(flow, 32, ber.COUNTER32, share)
    yield (*extended, 1, index), _text(name)
    yield (*extended, 6, index), count(0, 64, ber.COUNTER64, 1.0)
    yield (*extended, 10, index), count(1, 64, ber.COUNTER64, 1.0)
    yield (*extended, 15, index), partial(_fixed, ber.number(speed, ber.GAUGE32))
    yield (*extended, 18, index), _text(alias)
    yield (*extended, 19, index), partial(_fixed, ber.number(0, ber.TIME_TICKS))


def _fixed(value: bytes, _: float) -> bytes:
    return value


def _text(value: str) -> Value:
    return partial(_fixed, ber.text(value))


def _model(router: Router) -> str:
    models = {"core": "CCR2004-1G-12S+2XS", "kecamatan": "RB4011iGS+"}
    return models.get(router.role, "RB760iGS")
