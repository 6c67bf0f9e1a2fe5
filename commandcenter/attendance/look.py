"""One look at attendance: presence by office and the state of each machine, at one moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from commandcenter.attendance.clock import Clock
from commandcenter.attendance.machines import ListedMachine
from commandcenter.lists import Office
from commandcenter.records.attendance import KnownMachine
from commandcenter.records.presence import Presence
from commandcenter.vocabulary import Machine, MachineState, OfficeAttendance

_ASKS_NO_MORE = timedelta(days=1)  # after which a machine that nobody listed is forgotten


@dataclass(frozen=True)
class Look:
    """Judges machines and offices at one moment."""

    now: datetime
    start: datetime
    """When the day began."""
    silent_after: timedelta
    listed: dict[str, ListedMachine]
    known: dict[str, KnownMachine]
    working: bool = True

    @cached_property
    def _serials(self) -> dict[str, list[str]]:
        """Of each office."""
        serials: dict[str, list[str]] = defaultdict(list)
        for machine in self.listed.values():
            serials[machine.office].append(machine.serial)
        return serials

    def office(self, office: Office, present: Presence | None) -> tuple[OfficeAttendance, datetime]:
        """Who is there, and how old that is."""
        serials = self._serials.get(office.code, [])
        known = [self.known[serial] for serial in serials if serial in self.known]
        tells = any(self._tells(machine) for machine in known)
        timely = not any(Clock.kept(m.clock).wrong_since(self.start) for m in known)
        states = Counter(self._state(serial) for serial in serials)
        value = OfficeAttendance(
            name=office.name,
            kecamatan=office.kecamatan,
            expected=office.employees,
            present=(present.people if present else 0) if tells else None,
            late=(present.late if present else 0) if tells and timely else None,
            machines=len(serials),
            machines_silent=states["silent"] + states["never"],
            clocks_wrong=sum(Clock.kept(m.clock).ahead is not None for m in known),
            machines_unreadable=states["unreadable"],
            last_scan_at=present.last.isoformat() if present and present.last else None,
            working=self.working,
        )
        return value, max((m.last_seen for m in known), default=self.now)

    def _tells(self, machine: KnownMachine) -> bool:
        """Whether who was not scanned by it today is known not to have been there."""
        heard = machine.read_at is not None and machine.last_seen >= self.start
        return heard and not machine.trouble and Clock.kept(machine.clock).tells_of_day(self.start)

    @property
    def serials(self) -> Sequence[str]:
        """Of all machines that are listed or have asked."""
        return sorted(self.listed.keys() | self.known.keys())

    def machine(self, serial: str, names: Mapping[str, str]) -> Machine | None:
        """How it is; None for one that nobody listed and that asks no more. `names`: of offices,
        by their codes."""
        return None if self._gone(serial) else self._machine(serial, names)

    def _machine(self, serial: str, names: Mapping[str, str]) -> Machine:
        listed, known = self.listed.get(serial), self.known.get(serial)
        office = listed.office if listed else ""
        return Machine(
            office=office,
            office_name=names.get(office, office),
            behind=listed.behind if listed else "",
            state=self._state(serial),
            detail=_detail(known) if known else "",
            last_seen_at=known.last_seen.isoformat() if known else None,
            firmware=known.firmware if known else "",
            address=known.address if known else "",
        )

    def _gone(self, serial: str) -> bool:
        known = self.known.get(serial)
        stranger = serial not in self.listed and known is not None
        return stranger and known is not None and self.now - known.last_seen > _ASKS_NO_MORE

    def _state(self, serial: str) -> MachineState:
        if serial not in self.listed:
            return "pending"
        known = self.known.get(serial)
        if known is None:
            return "never"
        if self.now - known.last_seen > self.silent_after:
            return "silent"
        if known.trouble:
            return "unreadable"
        return "online" if Clock.kept(known.clock).ahead is None else "clock wrong"


def _detail(known: KnownMachine) -> str:
    unread = f"kirimannya tidak terbaca: {known.trouble}" if known.trouble else ""
    return " · ".join(filter(None, (unread, Clock.kept(known.clock).sentence())))
