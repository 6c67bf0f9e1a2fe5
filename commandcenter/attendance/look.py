"""One look at attendance: presence by office and the state of each machine, at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from commandcenter.attendance.machines import ListedMachine
from commandcenter.lists import Office
from commandcenter.records.attendance import KnownMachine, Presence
from commandcenter.vocabulary import Machine, OfficeAttendance


@dataclass(frozen=True, slots=True)
class Look:
    """Judges machines and offices at one moment."""

    now: datetime
    silent_after: timedelta
    listed: dict[str, ListedMachine]
    known: dict[str, KnownMachine]
    working: bool = True

    def offices(
        self, offices: Iterable[Office], present: Mapping[str, Presence]
    ) -> Iterable[tuple[str, OfficeAttendance, datetime]]:
        serials: dict[str, list[str]] = defaultdict(list)
        for machine in self.listed.values():
            serials[machine.office].append(machine.serial)
        for office in offices:
            yield self._office(office, serials[office.code], present.get(office.code))

    def _office(
        self, office: Office, serials: list[str], present: Presence | None
    ) -> tuple[str, OfficeAttendance, datetime]:
        contacts = [self.known[s].last_seen for s in serials if s in self.known]
        value = OfficeAttendance(
            name=office.name,
            kecamatan=office.kecamatan,
            expected=office.employees,
            present=(present.people if present else 0) if contacts else None,
            late=(present.late if present else 0) if contacts else None,
            machines=len(serials),
            machines_silent=sum(self._state(serial) != "online" for serial in serials),
            last_scan_at=present.last.isoformat() if present else None,
            working=self.working,
        )
        return office.code, value, max(contacts, default=self.now)

    def machines(self, offices: Iterable[Office]) -> Iterable[tuple[str, Machine]]:
        names = {office.code: office.name for office in offices}
        for serial in sorted(self.listed.keys() | self.known.keys()):
            listed = self.listed.get(serial)
            office = listed.office if listed else ""
            known = self.known.get(serial)
            yield (
                serial,
                Machine(
                    office=office,
                    office_name=names.get(office, office),
                    behind=listed.behind if listed else "",
                    state=self._state(serial),
                    last_seen_at=known.last_seen.isoformat() if known else None,
                    firmware=known.firmware if known else "",
                    address=known.address if known else "",
                ),
            )

    def _state(self, serial: str) -> Literal["online", "silent", "never", "pending"]:
        if serial not in self.listed:
            return "pending"
        if serial not in self.known:
            return "never"
        quiet = self.now - self.known[serial].last_seen
        return "silent" if quiet > self.silent_after else "online"
