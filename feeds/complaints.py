"""Citizens' complaints: a signed webhook, an Open311 server and spreadsheets in a folder.

All end in one table; the wall is told from it. When one door is shut the others go on working.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path

from starlette.routing import BaseRoute, Route

from commandcenter.complaints.door import Door
from commandcenter.complaints.importer import Importer
from commandcenter.complaints.inbox import Inbox
from commandcenter.complaints.open311 import Open311
from commandcenter.feed import Desk, Feed, NotSeen, SourceDown
from commandcenter.reading import Origin, Reading
from commandcenter.records import complaints as kept
from commandcenter.records.complaint_files import last_file, newest_file_at
from commandcenter.records.complaints import OpenComplaint
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret
from commandcenter.vocabulary import Complaint, ComplaintTotals

_MOST_TOLD = 2_000  # open complaints on the bus, those due soonest; the totals stay exact
_FORGET = timedelta(days=7)  # complaints that closed while we were away are unsaid this far back
_OLDER_EVERY = timedelta(hours=6)  # those of more than 90 days are asked for anew
_PART = 500  # entries written at once: machines that push wait for no more than these


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """When each door was heard last; None: never."""

    webhook: datetime | None
    open311: datetime | None
    file: datetime | None
    """When the newest file was changed, not when it was read."""

    @property
    def newest(self) -> datetime | None:
        return max(filter(None, (self.webhook, self.open311, self.file)), default=None)


@dataclass(kw_only=True)
class Complaints(Feed):
    """Complaints from a signed webhook, Open311 and spreadsheets.

    Nothing is told before a source was heard once. Readings are as old as the last answer of
    Open311, where it is asked; without it they are of now once the webhook has spoken. Where only
    files are imported they are as old as the newest file (the time of its last change, or of its
    newest complaint): `late_after` and `stale_after` are then best some days.
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
    """Folder for CSV and XLSX files; they are imported and moved to done/, and whatever else lies
    there to rejected/, with the reasons beside it."""
    due_days: float = 5
    """Calendar days after which a complaint is overdue."""
    due_days_by_category: dict[str, float] = field(default_factory=dict)
    """The same for single categories: { "Jalan rusak" = 14 }."""

    def __post_init__(self) -> None:
        self._days = {name.casefold(): days for name, days in self.due_days_by_category.items()}
        origin = self.origin.value
        inbox = Inbox(Path(self.inbox)) if self.inbox else None
        self._importer = Importer(inbox, self._due, origin) if inbox else None
        self._server = Open311(
            base=self.open311, key=self.open311_key, jurisdiction=self.jurisdiction
        )
        self._answered_at: datetime | None = None  # Open311, since we were started
        self._complete = False  # whether it gave all its open complaints then
        self._older_at: datetime | None = None  # when it was asked for those of more than 90 days,
        self._older_complete = False  # and whether it gave all of them
        self._refused = 0  # entries of its last answer that could not be used
        self._known_bad: set[str] = set()
        self._told: set[str] | None = None

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        try:
            doors = {"import": self._import, "open311": self._ask}
            told = [told async for _, told in desk.each(partial(_look, desk), doors)]
            async for reading in self._tell(desk):
                yield reading
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dipakai: {error}") from error
        troubles = [one.why if isinstance(one, NotSeen) else one for one in told]
        if any(troubles):
            raise SourceDown("; ".join(filter(None, troubles)))

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        if self.webhook_secret is None:
            return ()
        door = Door(desk, self.webhook_secret, self._due, self.origin.value)
        return [Route("/complaints", door.post, methods=["POST"])]

    async def close(self) -> None:
        if self._importer is not None:
            await self._importer.close()

    def _due(self, category: str, received_at: datetime) -> datetime:
        return received_at + timedelta(days=self._days.get(category.casefold(), self.due_days))

    # --- what the sources say, into the records; returns what is wrong, "" when nothing is

    async def _import(self, desk: Desk) -> str:
        return await self._importer.take(desk) if self._importer else ""

    async def _ask(self, desk: Desk) -> str:
        if not self.open311:
            return ""
        origin, now = self.origin.value, desk.now()
        known = await desk.records.read(kept.open_ids, "open311", origin)
        try:
            older = self._older_at is None or now - self._older_at >= _OLDER_EVERY
            answers = await self._server.look(known, desk.zone, now, older=older)
        except SourceDown as error:
            return str(error)
        for start in range(0, len(answers.good), _PART):
            part = answers.good[start : start + _PART]
            await desk.records.write(kept.put_all, part, self._due, origin)
        await desk.records.write(kept.put_gone, "open311", answers.gone, origin, now)
        self._put_aside(desk, [*answers.bad, *answers.doubts])
        desk.note["open311"] = f"{answers.nameless} entri tanpa nomor dilewati"
        if answers.older_complete is not None:
            self._older_at, self._older_complete = now, answers.older_complete
        self._complete = answers.complete and self._older_complete
        self._refused = len(answers.bad)
        self._answered_at = now
        return answers.trouble

    def _put_aside(self, desk: Desk, reasons: Sequence[tuple[str, bytes]]) -> None:
        """An entry that stays bad is told once, not at every look."""
        for reason, body in reasons:
            if reason not in self._known_bad:
                desk.reject("open311", reason, body)
        self._known_bad = {reason for reason, _ in reasons}

    # --- what the records hold, onto the wall

    async def _tell(self, desk: Desk) -> AsyncGenerator[Reading]:
        now, heard = desk.now(), await self._heard(desk)
        at = self._as_of(heard, now)
        if at is None:
            return  # nothing is known, and that is not zero
        totals = await self._totals(desk, heard, now)
        origin = self._origin(heard, totals)
        complaints = await desk.records.read(kept.open_by_due, self.origin.value, _MOST_TOLD)
        told: set[str] = set()
        for complaint in complaints:
            key = _key(complaint.source, complaint.external_id)
            told.add(key)
            reading = self.reading(key, dict(_value(complaint, now)), at)
            yield replace(reading, origin=origin)
        for key in await self._before(desk, now) - told:
            yield self.reading(key, None, now)
        self._told = told
        yield replace(self.reading("totals/all", dict(totals), at), origin=origin)

    async def _heard(self, desk: Desk) -> _Heard:
        """By each door, also before we were started."""

        async def last(source: str) -> datetime | None:
            return await desk.records.read(kept.heard_at, source, self.origin.value)

        file = await desk.records.read(newest_file_at, self.origin.value)
        return _Heard(
            webhook=await last("webhook") if self.webhook_secret else None,
            open311=self._answered_at or (await last("open311") if self.open311 else None),
            file=file or await last("import"),
        )

    def _as_of(self, heard: _Heard, now: datetime) -> datetime | None:
        """How old all of it is: as old as the last answer of whom we ask. Who tells of changes by
        himself, as the webhook does, may be silent because there is nothing new."""
        if self.open311:
            return heard.open311 or heard.newest
        return now if heard.webhook else heard.file

    def _origin(self, heard: _Heard, totals: ComplaintTotals) -> Origin:
        """Typed in, as soon as any of it is; a mixture is not told as live."""
        live = heard.webhook or heard.open311
        typed = totals["from_file"] or not live
        return Origin.MANUAL if typed and self.origin is Origin.LIVE else self.origin

    async def _totals(self, desk: Desk, heard: _Heard, now: datetime) -> ComplaintTotals:
        today = datetime.combine(now.astimezone(desk.zone).date(), time(), desk.zone)
        counts = await desk.records.read(kept.totals, self.origin.value, now, today)
        return ComplaintTotals(
            open=counts.open,
            overdue=counts.overdue,
            new_today=counts.new_today,
            closed_today=counts.closed_today,
            undated=counts.undated,
            gone=counts.gone,
            at_least=self._partial(),
            from_file=counts.from_file,
            file_at=heard.file.isoformat() if heard.file else None,
            refused=await self._not_used(desk),
        )

    def _partial(self) -> bool:
        """Whether there may be more open complaints than the records hold."""
        importing = self._importer is not None and self._importer.busy
        return importing or (bool(self.open311) and not self._complete)

    async def _not_used(self, desk: Desk) -> dict[str, int | None]:
        """Of the last file and of the last answer: how much of each could not be used."""
        refused: dict[str, int | None] = {}
        file = await desk.records.read(last_file, self.origin.value)
        if file is not None and (file.refused or not file.taken):
            refused[file.name] = file.refused or None
        if self._refused:
            refused["Open311"] = self._refused
        return refused

    async def _before(self, desk: Desk, now: datetime) -> set[str]:
        """Keys that may be on the bus from the last look, or from before we were started."""
        if self._told is not None:
            return self._told
        closed = await desk.records.read(kept.closed_since, self.origin.value, now - _FORGET)
        return {_key(source, number) for source, number in closed}


async def _look(desk: Desk, door: Callable[[Desk], Awaitable[str]]) -> str:
    """What is wrong with it, "" when nothing is. Raises SourceDown."""
    try:
        return await door(desk)
    except RecordsDown as error:
        raise SourceDown(f"Basis data tidak dapat dipakai: {error}") from error


def _key(source: str, number: str) -> str:
    return f"complaint/{source}:{number}"


def _value(complaint: OpenComplaint, now: datetime) -> Complaint:
    due, received = complaint.due_at, complaint.received_at
    typed_in = complaint.source == "import"
    return Complaint(
        number=complaint.external_id,
        source=complaint.source,
        title=complaint.title,
        category=complaint.category,
        agency=complaint.agency,
        address=complaint.address,
        stage=complaint.stage,
        received_at=received.isoformat() if received else None,
        due_at=due.isoformat() if due else None,
        overdue=due is not None and due < now,
        file_at=complaint.updated_at.isoformat() if typed_in else None,
    )
