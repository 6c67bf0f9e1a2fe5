"""From the inbox into the records: what becomes of each file, and how much of it cannot be used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from commandcenter.complaints.inbox import Inbox, no_list
from commandcenter.complaints.sheet import BadRow, Sheet, read_sheet
from commandcenter.feed import Desk
from commandcenter.records import complaints as kept
from commandcenter.records.complaint_files import ComplaintFile, note_file
from commandcenter.records.complaints import Due, Told
from commandcenter.records.database import RecordsDown
from commandcenter.spreadsheet import BadList

log = logging.getLogger(__name__)

_MOST_FILE_BYTES = 50 * 2**20
_MOST_TOLD = 200  # rows of one file that are put aside; all stand in its reasons
_PART = 500  # rows written at once: machines that push wait for no more than these
_WAIT_SECONDS = 10.0  # at one look; a big file goes on while other sources are looked at
_FIRST_YEAR = 2000  # before it a file's time is none: archives write 1980 where they have none


@dataclass(slots=True)
class Importer:
    """Takes files for a feed. `due` and `origin` are its own."""

    inbox: Inbox
    due: Due
    origin: str
    _stuck: set[Path] = field(default_factory=set)
    _task: asyncio.Task[str] | None = None

    @property
    def busy(self) -> bool:
        """Whether a file is being taken, and the records hold a part of it."""
        return self._task is not None

    async def take(self, desk: Desk) -> str:
        """Take what is ready, or go on with it. Returns what is wrong with the folder (in
        Indonesian), or "". Raises RecordsDown; the file is then taken at a later look."""
        self._task = self._task or asyncio.create_task(self._take_all(desk))
        done, _ = await asyncio.wait([self._task], timeout=_WAIT_SECONDS)
        if not done:
            return ""
        task, self._task = self._task, None
        return task.result()

    async def close(self) -> None:
        """Leave what is not finished where it lies."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _take_all(self, desk: Desk) -> str:
        stuck = set()
        try:
            ready = await asyncio.to_thread(self.inbox.ready, desk.now())
        except OSError as error:
            return f"Folder impor {self.inbox.folder} tidak dapat dipakai: {error.strerror}"
        for path in ready:
            try:
                await self._take(desk, path)
            except OSError as error:  # one that can neither be read nor moved must not stop others
                stuck.add(path)
                if path not in self._stuck:
                    desk.reject("import", f"{path.name}: cannot be moved away: {error.strerror}")
        self._stuck = stuck
        return f"Berkas di {self.inbox.folder} tidak dapat dipindahkan" if stuck else ""

    async def _take(self, desk: Desk, path: Path) -> None:
        changed_at = _changed_at(path, desk.now())
        try:
            sheet = await asyncio.to_thread(_read, path, desk, changed_at)
        except BadList as error:
            await self._refuse(desk, path, error.mistakes, changed_at)
            return
        for start in range(0, len(sheet.good), _PART):
            sheet.bad += await self._write(desk, sheet.good[start : start + _PART])
        taken = bool(sheet.good) or not sheet.bad
        _put_aside(desk, path, sheet)
        reasons = [f"{path.name}, {row.where}: {row.reason}" for row in sheet.bad]
        reasons += [f"{path.name}: {note}" for note in sheet.notes]
        await self._finish(desk, path, reasons, taken=taken)
        await self._note(desk, path, sheet.at, taken=taken, refused=len(sheet.bad))

    async def _write(self, desk: Desk, part: Sequence[Told]) -> list[BadRow]:
        closed = await desk.records.write(kept.put_all, part, self.due, self.origin)
        reason = "it is closed, and a file opens none anew; if it is open, its source has to say so"
        return [BadRow(f"number {told.external_id}", reason) for told in closed]

    async def _refuse(
        self, desk: Desk, path: Path, mistakes: Sequence[str], changed_at: datetime | None
    ) -> None:
        await self._finish(desk, path, mistakes, taken=False)
        desk.reject("import", mistakes[0])
        await self._note(desk, path, changed_at or desk.now(), taken=False, refused=0)

    async def _finish(self, desk: Desk, path: Path, reasons: Sequence[str], *, taken: bool) -> None:
        told = [desk.reason(reason) for reason in reasons]
        await asyncio.to_thread(self.inbox.finish, path, told, desk.now(), taken=taken)

    async def _note(
        self, desk: Desk, path: Path, at: datetime, *, taken: bool, refused: int
    ) -> None:
        name = path.name.encode(errors="replace").decode()
        file = ComplaintFile(name=name, file_at=at, taken=taken, refused=refused, at=desk.now())
        await desk.records.write(note_file, file, self.origin)


def _read(path: Path, desk: Desk, changed_at: datetime | None) -> Sheet:
    """Raises BadList, also where reading fails: the next look would not fare better."""
    try:
        if why := no_list(path):
            raise BadList([f"{path.name}: {why}"])
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise BadList([f"{path.name}: more than {_MOST_FILE_BYTES >> 20} MB: split it"])
        return read_sheet(path.name, path.read_bytes(), desk.zone, desk.now(), changed_at)
    except OSError as error:
        raise BadList([f"{path.name}: cannot be read: {error.strerror}"]) from error
    except (BadList, RecordsDown):
        raise
    except Exception as error:
        log.exception("complaints: a file could not be read")
        raise BadList([f"{path.name}: our own failure ({type(error).__name__})"]) from error


def _put_aside(desk: Desk, path: Path, sheet: Sheet) -> None:
    for row in sheet.bad[:_MOST_TOLD]:
        desk.reject("import", f"{path.name}, {row.where}: {row.reason}", row.kept)
    more = len(sheet.bad) - _MOST_TOLD
    if more > 0:
        desk.reject("import", f"{path.name}: and {more} more rows, see its .reasons.txt")


def _changed_at(path: Path, now: datetime) -> datetime | None:
    """When a file was last changed; None where its time is none."""
    try:
        changed_at = datetime.fromtimestamp(path.lstat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        return None
    return min(changed_at, now) if changed_at.year >= _FIRST_YEAR else None
