"""Attendance: who is at work, from fingerprint machines that push their scans.

ZKTeco and rebadged Fingerspot machines speak `/iclock/*`; machines in Fingerspot's cloud come
through its webhook. A scan is acknowledged only after the commit and shows at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field
from starlette.routing import BaseRoute, Route

from commandcenter.attendance.door import Door
from commandcenter.attendance.look import Look
from commandcenter.attendance.machines import ListedMachine, MachineList
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.lists import BadList, Office, check_offices
from commandcenter.reading import Reading
from commandcenter.records import attendance as kept
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret


@dataclass(kw_only=True)
class Attendance(Feed):
    """Fingerprint machines (ZKTeco PUSH at /iclock, Fingerspot webhook); counts by office and day.

    An office's reading is as old as the newest contact of any of its machines: until then its count
    is complete, and `machines_silent` tells of the others. A machine's reading is always of now,
    because that it is silent is something we know now. Where no machine has ever spoken, `present`
    is None, which also is known now.
    """

    every: float = 5.0
    late_after: float = 120.0  # machines poll every 30 s
    stale_after: float = 300.0
    machines: str
    """CSV or XLSX list of machines: serial, office (its code); name, behind (id of the network
    device it hangs on; without it, on the link of its office)."""
    workday_starts: time = time(7, 30)
    """On the local clock."""
    workday_ends: time = time(16, 0)
    workdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    """1 is Monday. At other hours a low presence is no reason to worry."""
    late_tolerance_minutes: int = 0
    """Whose first scan of the day is later than the start and this is late."""
    silent_after: float = 300.0
    """Seconds without any word after which a machine is silent; it polls every 30 s."""
    fingerspot_secret: Secret | None = None
    """Opens POST /fingerspot/<secret> for the webhook of developer.fingerspot.io."""

    def __post_init__(self) -> None:
        self._list = MachineList(Path(self.machines))

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        listed = self._listed(desk)
        now = desk.now()
        local = now.astimezone(desk.zone)
        start = datetime.combine(local.date(), time(), desk.zone)
        end = start + timedelta(days=1)
        latest = datetime.combine(start.date(), self.workday_starts, desk.zone)
        latest += timedelta(minutes=self.late_tolerance_minutes)
        places = {machine.serial: machine.office for machine in listed.values()}
        try:
            known = {m.serial: m for m in await desk.records.read(kept.machines)}
            present = await desk.records.read(kept.presences, places, start, end, latest)
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dibaca: {error}") from error
        look = Look(now, timedelta(seconds=self.silent_after), listed, known, self._working(local))
        for office, value, at in look.offices(desk.offices, present):
            yield self.reading(f"office/{office}", dict(value), at)
        for serial, machine in look.machines(desk.offices):
            yield self.reading(f"machine/{serial}", dict(machine), now)

    def _working(self, local: datetime) -> bool:
        within = self.workday_starts <= local.time() < self.workday_ends
        return within and local.isoweekday() in self.workdays

    def check(self, offices: Sequence[Office]) -> None:
        listed = MachineList(Path(self.machines)).current()
        named = (machine.office for machine in listed.values())
        check_offices(Path(self.machines), named, offices)

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        door = Door(desk, self._list)
        routes = [Route("/iclock/{request}", door.iclock, methods=["GET", "POST"])]
        if self.fingerspot_secret is not None:
            webhook = partial(door.fingerspot, secret=self.fingerspot_secret)
            routes.append(Route("/fingerspot/{secret}", webhook, methods=["POST"]))
        return routes

    def _listed(self, desk: Desk) -> dict[str, ListedMachine]:
        try:
            listed = self._list.current()
        except BadList as error:
            raise SourceDown(f"Daftar mesin tidak dapat dipakai: {error}") from error
        offices = {office.code for office in desk.offices}
        strangers = sorted({m.office for m in listed.values()} - offices)
        desk.note["machines"] = self._list.mistake or (
            f"kantor tidak dikenal: {', '.join(strangers)}" if strangers else f"{len(listed)} mesin"
        )
        return listed
