"""The simulated regency: the lists beside this file, as the demo's devices need them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from commandcenter.lists import Office, read_list

LISTS = Path(__file__).parent / "lists"
Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class Router:
    """A router of an office, a kecamatan or a provider's core; without address: not there yet."""

    id: str
    name: str
    role: str
    provider: str
    office: str = ""
    parent: str = ""
    address: str = ""
    snmp_port: int = 1161


@dataclass(frozen=True, kw_only=True, slots=True)
class FingerprintMachine:
    """A fingerprint machine, known by its serial number."""

    serial: str
    office: str
    name: str
    clock_minutes: int = 0  # by which its clock is ahead
    tells_staff: bool = False  # it also uploads its list of staff, with names and passwords


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCamera:
    """A camera; `password` is a reference "file:path", `scene` what it looks at."""

    id: str
    name: str
    url: str
    owner: str = ""
    user: str = ""
    password: str = ""
    scene: str = "road"


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoApplication:
    """An e-government application."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Grievance:
    """What a citizen may complain about."""

    title: str
    description: str
    category: str
    agency: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, kw_only=True)
class Region:
    """Everything there is in the regency."""

    offices: Sequence[Office]
    routers: Sequence[Router]
    machines: Sequence[FingerprintMachine]
    cameras: Sequence[DemoCamera]
    applications: Sequence[DemoApplication]
    grievances: Sequence[Grievance]

    def above(self, router: str) -> list[str]:
        """Ids of the routers between this one and the top, itself first."""
        parents = {r.id: r.parent for r in self.routers}
        chain = []
        while router:
            chain.append(router)
            router = parents[router]
        return chain


def read_region(lists: Path = LISTS) -> Region:
    """The regency of the lists in a folder. Raises BadList."""
    return Region(
        offices=read_list(lists / "offices.csv", Office).faultless(),
        routers=read_list(lists / "devices.csv", Router).faultless(),
        machines=read_list(lists / "machines.csv", FingerprintMachine).faultless(),
        cameras=read_list(lists / "cameras.csv", DemoCamera).faultless(),
        applications=read_list(lists / "applications.csv", DemoApplication).faultless(),
        grievances=read_list(lists / "complaints.csv", Grievance).faultless(),
    )
