"""Attendance: who is at work, from fingerprint machines that push their scans.

ZKTeco and rebadged Fingerspot machines speak `/iclock/*`; machines in Fingerspot's cloud come
through its webhook. A scan is acknowledged only after the commit and shows at once.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from starlette.routing import BaseRoute, Route

from commandcenter.attendance.clock import Clock
from commandcenter.attendance.door import Door
from commandcenter.attendance.look import Look
from commandcenter.attendance.machines import ListedMachine, read_machines
from commandcenter.attendance.outline import outline
from commandcenter.attendance.strangers import Strangers
from commandcenter.attendance.uploads import Uploads
from commandcenter.attendance.webhook import Webhook
from commandcenter.feed import Desk, Feed, NotSeen, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Office, check_offices
from commandcenter.reading import Reading
from commandcenter.records import attendance as kept
from commandcenter.records import rejects
from commandcenter.records.attendance import KnownMachine
from commandcenter.records.database import RecordsDown
from commandcenter.records.presence import Day, presences
from commandcenter.secret import Secret


@dataclass(kw_only=True)
class Attendance(Feed):
    """Fingerprint machines (ZKTeco PUSH at /iclock, Fingerspot webhook); counts by office and day.

    Who pressed "out" and did not come again is not at work, and a night that began yesterday counts
    for yesterday; where people do not press in and out, nobody is taken for gone.

    An office's reading is as old as the newest contact of any of its machines: until then its count
    is complete, and `machines_silent` tells of the others. A machine's reading is always of now,
    because that it is silent is something we know now. Where no machine tells of today, `present`
    is None: none has spoken today, none of its scans can be read, or its clock is off by a day.
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
    days_off: tuple[date, ...] = ()
    """Holidays and joint leave (cuti bersama), like [2026-12-24, 2026-12-25]: no working days."""
    late_tolerance_minutes: int = 0
    """Whose first scan of the day is later than the start and this is late."""
    silent_after: float = 300.0
    """Seconds without any word after which a machine is silent; it polls every 30 s."""
    fingerspot_secret: Secret | None = None
    """Opens POST /fingerspot/<secret> for the webhook of developer.fingerspot.io."""

    def __post_init__(self) -> None:
        self._list = KeptList(Path(self.machines), "serial", read_machines)
        self._strangers = Strangers()
        self._cleaned = False

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        listed = await self._listed(desk)
        now = desk.now()
        local = now.astimezone(desk.zone)
        day = self._day(local.date(), desk.zone)
        await self._clean(desk)
        places = {machine.serial: machine.office for machine in listed.values()}
        try:
            known = {m.serial: m for m in await desk.records.read(kept.machines)}
            present = await desk.records.read(presences, places, day)
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dibaca: {error}") from error
        patience = timedelta(seconds=self.silent_after)
        look = Look(now, day.start, patience, listed, known, self._working(local))
        _note_clocks(desk, known.values())
        others = self._strangers.others(listed.keys() | known.keys(), now)
        desk.note["strangers"] = f"{others} mesin lain di luar daftar tidak ditampilkan"
        if not others:
            del desk.note["strangers"]
        for office in desk.offices:
            key = f"office/{office.code}"
            of_office = desk.one(partial(look.office, office, present.get(office.code)), key)
            if not isinstance(of_office, NotSeen):
                value, at = of_office
                yield self.reading(key, dict(value), at)
        names = {office.code: office.name for office in desk.offices}
        for serial in look.serials:
            key = f"machine/{serial}"
            machine = desk.one(partial(look.machine, serial, names), key)
            if not isinstance(machine, NotSeen):
                yield self.reading(key, dict(machine) if machine else None, now)

    async def _clean(self, desk: Desk) -> None:
        """Once: earlier versions kept what machines sent as it was, with names and templates."""
        if self._cleaned:
            return
        try:
            await desk.records.write(rejects.rewrite, self.name, outline)
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat ditulis: {error}") from error
        self._cleaned = True

    def _day(self, day: date, zone: ZoneInfo) -> Day:
        def at(clock: time) -> datetime:
            return datetime.combine(day, clock, zone)

        tolerance = timedelta(minutes=self.late_tolerance_minutes)
        over = at(self.workday_ends)
        return Day(
            start=at(time()),
            end=at(time()) + timedelta(days=1),
            latest=at(self.workday_starts) + tolerance if self._is_workday(day) else over,
            over=over,
        )

    def _working(self, local: datetime) -> bool:
        within = self.workday_starts <= local.time() < self.workday_ends
        return within and self._is_workday(local.date())

    def _is_workday(self, day: date) -> bool:
        """On other days nobody is expected, and nobody late."""
        return day.isoweekday() in self.workdays and day not in self.days_off

    def check(self, offices: Sequence[Office]) -> None:
        listed = read_machines(Path(self.machines)).faultless()
        named = (machine.office for machine in listed)
        check_offices(Path(self.machines), named, offices)

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        uploads = Uploads(desk)
        door = Door(desk, self._list, uploads, self._strangers)
        routes = [
            Route(f"/{spelt}/{{request:path}}", door.iclock, methods=["GET", "POST"])
            for spelt in ("iclock", "iClock", "ICLOCK")
        ]
        if self.fingerspot_secret is not None:
            webhook = Webhook(desk, self._list, uploads, self.fingerspot_secret)
            routes.append(Route("/fingerspot/{secret}", webhook.answer, methods=["POST"]))
        return routes

    async def _listed(self, desk: Desk) -> dict[str, ListedMachine]:
        try:
            listed = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"Daftar mesin tidak dapat dipakai: {error}") from error
        offices = {office.code for office in desk.offices}
        strangers = sorted({m.office for m in listed.values()} - offices)
        desk.note["machines"] = (
            f"kantor tidak dikenal: {', '.join(strangers)}" if strangers else f"{len(listed)} mesin"
        )
        return listed


def _note_clocks(desk: Desk, machines: Iterable[KnownMachine]) -> None:
    for machine in machines:
        desk.note.pop(f"clock {machine.serial}", None)
        if sentence := Clock.kept(machine.clock).sentence():
            desk.note[f"clock {machine.serial}"] = sentence
