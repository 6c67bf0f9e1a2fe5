"""Citizens' complaints: a signed webhook, an Open311 server and spreadsheets in a folder.

All end in one table; the wall is told from it. When one door is shut the others go on working.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

from starlette.routing import BaseRoute, Route

from commandcenter.complaints.door import Door
from commandcenter.complaints.inbox import Inbox
from commandcenter.complaints.open311 import Open311
from commandcenter.complaints.sheet import Sheet, read_sheet
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.lists import BadList
from commandcenter.reading import Reading
from commandcenter.records import complaints as kept
from commandcenter.records.complaints import OpenComplaint
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret
from commandcenter.vocabulary import Complaint, ComplaintTotals

_MOST_TOLD = 2_000  # open complaints on the bus, those due soonest; the totals stay exact
_MOST_FILE_BYTES = 50 * 2**20
_FORGET = timedelta(days=7)  # complaints that closed while we were away are unsaid this far back


@dataclass(kw_only=True)
class Complaints(Feed):
    """Complaints from a signed webhook, Open311 and spreadsheets.

    Readings are of now, since each look reads the records anew. Only while Open311 does not answer,
    its complaints and the totals stay as old as its last answer.
    """

    every: float = 30.0
    late_after: float = 120.0
    stale_after: float = 600.0
    webhook_secret: Secret | None = None
    """Opens POST /complaints, signed with it (X-Signature-256)."""
    open311: str = ""
    """Address of an Open311 GeoReport v2 server, without /requests.json."""
    open311_key: Secret | None = None
    """Its api_key, if it wants one for reading."""
    jurisdiction: str = ""
    """Its jurisdiction_id, if it serves several."""
    inbox: str = ""
    """Folder for CSV and XLSX files; they are imported and moved to done/ or rejected/ in it."""
    due_days: float = 5
    """Calendar days after which a complaint is overdue."""
    due_days_by_category: dict[str, float] = field(default_factory=dict)
    """The same for single categories: { "Jalan rusak" = 14 }."""

    def __post_init__(self) -> None:
        self._days = {name.casefold(): days for name, days in self.due_days_by_category.items()}
        self._inbox = Inbox(Path(self.inbox)) if self.inbox else None
        self._server = Open311(
            base=self.open311, key=self.open311_key, jurisdiction=self.jurisdiction
        )
        self._answered_at: datetime | None = None
        self._told: set[str] | None = None

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        try:
            troubles = [await self._import(desk), await self._ask(desk)]
            async for reading in self._tell(desk):
                yield reading
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dipakai: {error}") from error
        if any(troubles):
            raise SourceDown("; ".join(filter(None, troubles)))

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        if self.webhook_secret is None:
            return ()
        door = Door(desk, self.webhook_secret, self._due, self.origin.value)
        return [Route("/complaints", door.post, methods=["POST"])]

    def _due(self, category: str, received_at: datetime) -> datetime:
        return received_at + timedelta(days=self._days.get(category.casefold(), self.due_days))

    # --- what the sources say, into the records; returns what is wrong, "" when nothing is

    async def _ask(self, desk: Desk) -> str:
        if not self.open311:
            return ""
        origin, now = self.origin.value, desk.now()
        known = await desk.records.read(kept.open_ids, "open311", origin)
        try:
            answers = await self._server.look(known, desk.zone, now)
        except SourceDown as error:
            return str(error)
        await desk.records.write(kept.put_all, answers.good, self._due, origin)
        for reason, body in answers.bad:
            desk.reject("open311", reason, body)
        desk.note["open311"] = f"{answers.nameless} entri tanpa nomor dilewati"
        self._answered_at = now
        return ""

    async def _import(self, desk: Desk) -> str:
        if self._inbox is None:
            return ""
        try:
            for path in await asyncio.to_thread(self._inbox.ready):
                await self._import_file(desk, self._inbox, path)
        except OSError as error:
            return f"Folder impor {self.inbox} tidak dapat dipakai: {error.strerror}"
        return ""

    async def _import_file(self, desk: Desk, inbox: Inbox, path: Path) -> None:
        now = desk.now()
        try:
            sheet = await asyncio.to_thread(_sheet, path, desk)
        except BadList as error:
            desk.reject("import", str(error))
            await asyncio.to_thread(inbox.finish, path, error.mistakes, now, taken=False)
            return
        await desk.records.write(kept.put_all, sheet.good, self._due, self.origin.value)
        for row in sheet.bad:
            desk.reject("import", f"{path.name}, row {row.number}: {row.reason}", row.kept.encode())
        reasons = [f"{path.name}, row {row.number}: {row.reason}" for row in sheet.bad]
        taken = bool(sheet.good) or not sheet.bad
        await asyncio.to_thread(inbox.finish, path, reasons, now, taken=taken)

    # --- what the records hold, onto the wall

    async def _tell(self, desk: Desk) -> AsyncGenerator[Reading]:
        now, origin = desk.now(), self.origin.value
        complaints = await desk.records.read(kept.open_by_due, origin, _MOST_TOLD)
        answered = await self._answered(desk, now)
        told: set[str] = set()
        for complaint in complaints:
            key = _key(complaint.source, complaint.external_id)
            told.add(key)
            at = answered if complaint.source == "open311" else now
            yield self.reading(key, dict(_value(complaint, now)), at)
        for key in await self._before(desk, now) - told:
            yield self.reading(key, None, now)
        self._told = told
        today = datetime.combine(now.astimezone(desk.zone).date(), time(), desk.zone)
        totals = await desk.records.read(kept.totals, origin, now, today)
        value = ComplaintTotals(**asdict(totals))  # type: ignore[typeddict-item]
        yield self.reading("totals/all", dict(value), answered)

    async def _answered(self, desk: Desk, now: datetime) -> datetime:
        """When Open311 answered last, also before we were started; now when nothing is awaited."""
        if not self.open311:
            return now
        if self._answered_at is None:
            heard = await desk.records.read(kept.heard_at, "open311", self.origin.value)
            self._answered_at = heard
        return self._answered_at or now

    async def _before(self, desk: Desk, now: datetime) -> set[str]:
        """Keys that may be on the bus from the last look, or from before we were started."""
        if self._told is not None:
            return self._told
        closed = await desk.records.read(kept.closed_since, self.origin.value, now - _FORGET)
        return {_key(source, number) for source, number in closed}


def _sheet(path: Path, desk: Desk) -> Sheet:
    if path.stat().st_size > _MOST_FILE_BYTES:
        raise BadList([f"{path.name}: more than {_MOST_FILE_BYTES >> 20} MB"])
    return read_sheet(path.name, path.read_bytes(), desk.zone, desk.now())


def _key(source: str, number: str) -> str:
    return f"complaint/{source}:{number}"


def _value(complaint: OpenComplaint, now: datetime) -> Complaint:
    due = complaint.due_at
    return Complaint(
        number=complaint.external_id,
        title=complaint.title,
        category=complaint.category,
        agency=complaint.agency,
        address=complaint.address,
        stage=complaint.stage,
        received_at=complaint.received_at.isoformat(),
        due_at=due.isoformat() if due else None,
        overdue=due is not None and due < now,
    )
