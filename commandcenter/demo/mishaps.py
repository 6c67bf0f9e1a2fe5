"""What goes wrong, and when: a pure function of the seed and the seconds since the start."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from commandcenter.demo.region import Region

FIRST_ON_THE_WALL = 8  # cameras that a wall shows without anybody asking for them


class Kind(StrEnum):
    """The ways in which a thing of the demo goes wrong."""

    LINK_DOWN = "link down"
    LINK_LOSSY = "link lossy"
    CAMERA_FROZEN = "camera frozen"
    CAMERA_DEAD = "camera dead"
    CAMERA_COVERED = "camera covered"
    CAMERA_MOVED = "camera moved"
    MACHINE_SILENT = "machine silent"


@dataclass(frozen=True, slots=True)
class Mishap:
    """`thing` (a router, a camera, a serial) is wrong from `since` until `until`, in seconds."""

    kind: Kind
    thing: str
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One mishap at a time: the first after `first` seconds, another every `every` seconds."""

    kind: Kind
    first: float
    every: float
    lasts: float
    things: Sequence[str]

    def at(self, seconds: float) -> Mishap | None:
        """What is wrong in this lane, if anything."""
        turn, into = divmod(seconds - self.first, self.every)
        if turn < 0 or into >= self.lasts:
            return None
        since = self.first + turn * self.every
        thing = self.things[int(turn) % len(self.things)]
        return Mishap(self.kind, thing, since, since + self.lasts)


@dataclass(frozen=True, slots=True)
class Script:
    """The lanes together: never more is wrong at once than there are lanes."""

    lanes: Sequence[Lane]

    def wrong(self, seconds: float) -> list[Mishap]:
        """Everything that is wrong `seconds` after the start."""
        found = (lane.at(seconds) for lane in self.lanes)
        return [mishap for mishap in found if mishap is not None]

    def things(self, kind: Kind, seconds: float) -> frozenset[str]:
        """What is wrong in this way `seconds` after the start."""
        return frozenset(m.thing for m in self.wrong(seconds) if m.kind is kind)

    def since(self, kind: Kind, thing: str, seconds: float) -> float | None:
        """Since when this thing has been wrong in this way; None: it is not."""
        found = [m.since for m in self.wrong(seconds) if m.kind is kind and m.thing == thing]
        return found[0] if found else None


def write_script(seed: int, region: Region) -> Script:
    """The script of a region. Lane lengths have no common rhythm, so no two hours look alike."""
    chance = random.Random(seed)
    frozen, dead, covered, moved = _cameras(chance, region)
    shaky = [r.id for r in region.routers if r.provider == "Telkomsel" and r.role == "office"]
    connected = {r.id for r in region.routers if r.address}
    machines = [machine.serial for machine in region.machines]
    return Script(
        (
            Lane(Kind.LINK_DOWN, 20, 470, 300, _links(chance, region)),
            Lane(Kind.CAMERA_FROZEN, 35, 430, 290, frozen),
            Lane(Kind.MACHINE_SILENT, 40, 610, 450, _shuffled(chance, machines)),
            Lane(Kind.CAMERA_DEAD, 50, 530, 260, dead),
            Lane(Kind.LINK_LOSSY, 65, 690, 330, _shuffled(chance, connected.intersection(shaky))),
            # By then it is known how the cameras usually look.
            Lane(Kind.CAMERA_COVERED, 1270, 3310, 420, covered),
            Lane(Kind.CAMERA_MOVED, 2330, 7410, 540, moved),
        )
    )


def _links(chance: random.Random, region: Region) -> list[str]:
    """An office, a kecamatan with all that hangs on it, another office, and so on."""
    reachable = [r for r in region.routers if r.address]
    # Telkomsel's offices have the lossy lane to themselves.
    offices = [r.id for r in reachable if r.role == "office" and r.provider != "Telkomsel"]
    offices = _shuffled(chance, offices)
    towns = _shuffled(chance, [r.id for r in reachable if r.role == "kecamatan"])
    order: list[str] = []
    for number, pair in enumerate(zip(offices[::2], offices[1::2], strict=False)):
        order += [pair[0], towns[number % len(towns)], pair[1]]
    return order


def _cameras(chance: random.Random, region: Region) -> list[list[str]]:
    """Who freezes, who dies, who is covered and who is moved: never the same camera twice, and
    first those that everybody sees."""
    ids = [camera.id for camera in region.cameras]
    order = _shuffled(chance, ids[:FIRST_ON_THE_WALL]) + _shuffled(chance, ids[FIRST_ON_THE_WALL:])
    return [order[first::4] for first in range(4)]


def _shuffled(chance: random.Random, things: Iterable[str]) -> list[str]:
    order = sorted(things)
    chance.shuffle(order)
    return order
