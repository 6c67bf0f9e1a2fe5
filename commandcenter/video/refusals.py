"""Passwords that a camera has refused: cameras lock out who keeps trying.

One that was never taken is not offered again by itself, not even after a restart. One that this
camera took before is: cameras refuse the right password while they start, or after some days
(hikvision_next#289, home-assistant/core#109989). That is done so seldom that it locks nobody out,
and who restarts this program does not make it happen more often.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from commandcenter.video.messages import Task

FIRST, FURTHER = timedelta(minutes=3), timedelta(minutes=30)
"""When a password that was taken before is offered again, and how often after that. Cameras lock
out after five to seven wrong ones within half an hour."""
_WRITTEN = timedelta(minutes=10)  # when it was last taken need not be known better after a restart
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Entry:
    """What is known of one camera. Digests are salted scrypt (RFC 7914) of address, user and
    password, because passwords of cameras are short; times are ISO, "" for never."""

    refused: str = ""
    refused_at: str = ""
    tried_at: str = ""
    """When it was last offered again by itself."""
    accepted: str = ""
    accepted_at: str = ""


class Refusals:
    """Kept in a file, by camera."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries = _read(path)
        self._matched: dict[tuple[str, ...], bool] = {}  # a digest takes 15 ms
        self._written: dict[str, datetime] = {}

    def has(self, task: Task) -> bool:
        """Whether exactly this was refused."""
        return self._matches(task, self._entry(task.camera).refused)

    def accepted_until(self, task: Task) -> datetime | None:
        """When exactly this was last accepted, as far as is known."""
        entry = self._entry(task.camera)
        known = entry.accepted_at and self._matches(task, entry.accepted)
        return datetime.fromisoformat(entry.accepted_at) if known else None

    def next_at(self, task: Task) -> datetime | None:
        """When it is to be offered again by itself; None: never, or it was not refused."""
        entry = self._entry(task.camera)
        if not entry.refused_at or not self.has(task) or self.accepted_until(task) is None:
            return None
        if entry.tried_at:
            return datetime.fromisoformat(entry.tried_at) + FURTHER
        return datetime.fromisoformat(entry.refused_at) + FIRST

    def add(self, task: Task, at: datetime) -> None:
        """It was refused."""
        if self.has(task):
            return
        entry = self._entries.setdefault(task.camera, Entry())
        entry.refused = _digest(task, secrets.token_hex(8))
        entry.refused_at, entry.tried_at = at.isoformat(), ""
        self._write()

    def try_again(self, camera: str, at: datetime) -> None:
        """It is offered again by itself. Known on disk before it is."""
        self._entries.setdefault(camera, Entry()).tried_at = at.isoformat()
        self._write()

    def accept(self, task: Task, at: datetime) -> None:
        """The camera has let us in."""
        entry = self._entries.setdefault(task.camera, Entry())
        new = not self._matches(task, entry.accepted)
        if new:
            entry.accepted = _digest(task, secrets.token_hex(8))
        last = self._written.get(task.camera)
        due = new or bool(entry.refused) or last is None or at - last > _WRITTEN
        entry.accepted_at = at.isoformat()
        entry.refused = entry.refused_at = entry.tried_at = ""
        if due:
            self._written[task.camera] = at
            self._write()

    def forget(self, camera: str) -> None:
        """Somebody asks for another attempt."""
        entry = self._entry(camera)
        if entry.refused:
            entry.refused = entry.refused_at = entry.tried_at = ""
            self._write()

    def _entry(self, camera: str) -> Entry:
        return self._entries.get(camera) or Entry()

    def _matches(self, task: Task, kept: str) -> bool:
        asked = (kept, *_said(task))
        if kept and asked not in self._matched:
            self._matched[asked] = _digest(task, kept.partition("$")[0]) == kept
        return bool(kept) and self._matched[asked]

    def _write(self) -> None:
        told = {camera: asdict(entry) for camera, entry in self._entries.items()}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(orjson.dumps(told))
            fresh.chmod(0o600)
            fresh.replace(self._path)
        except OSError as error:  # this process knows; only the next one will not
            _log.warning("%s cannot be written: %s", self._path, error.strerror)


def _said(task: Task) -> tuple[str, str, str]:
    return task.url, task.user, task.password


def _digest(task: Task, salt: str) -> str:
    made = hashlib.scrypt("\0".join(_said(task)).encode(), salt=salt.encode(), n=2**12, r=8, p=1)
    return f"{salt}${made.hex()}"


def _read(path: Path) -> dict[str, Entry]:
    try:
        told = orjson.loads(path.read_bytes())
        return {str(camera): _entry(one) for camera, one in dict(told).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        _log.warning("%s cannot be read and is begun anew: %s", path, error)
        return {}


def _entry(told: Any) -> Entry:
    """An entry; before there were more facts it was the digest of what was refused alone."""
    if isinstance(told, str):
        return Entry(refused=told)
    known = dict(told)
    entry = Entry(**{field.name: str(known.get(field.name, "")) for field in fields(Entry)})
    for at in (entry.refused_at, entry.tried_at, entry.accepted_at):
        if at and datetime.fromisoformat(at).tzinfo is None:
            raise ValueError(f"a time without a zone: {at}")
    return entry
