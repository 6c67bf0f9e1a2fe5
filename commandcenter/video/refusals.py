"""Passwords that a camera has refused: not one of them is offered again by itself, not even after
a restart, because cameras lock out who keeps trying."""

from __future__ import annotations

import hashlib
import logging
import secrets
from pathlib import Path

import orjson

from commandcenter.video.messages import Task

_log = logging.getLogger(__name__)


class Refusals:
    """Kept in a file, by camera: a salted digest of the address, user and password that were
    refused (scrypt, RFC 7914, because passwords of cameras are short)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests = _read(path)

    def has(self, task: Task) -> bool:
        """Whether exactly this was refused."""
        kept = self._digests.get(task.camera, "")
        return bool(kept) and _digest(task, kept.partition("$")[0]) == kept

    def add(self, task: Task) -> None:
        """It was refused."""
        if not self.has(task):
            self._digests[task.camera] = _digest(task, secrets.token_hex(8))
            self._write()

    def forget(self, camera: str) -> None:
        """The camera has let us in, or somebody asks for another attempt."""
        if self._digests.pop(camera, None) is not None:
            self._write()

    def _write(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(orjson.dumps(self._digests))
            fresh.chmod(0o600)
            fresh.replace(self._path)
        except OSError as error:  # this process knows; only the next one will not
            _log.warning("%s cannot be written: %s", self._path, error.strerror)


def _digest(task: Task, salt: str) -> str:
    said = "\0".join((task.url, task.user, task.password))
    made = hashlib.scrypt(said.encode(), salt=salt.encode(), n=2**12, r=8, p=1)
    return f"{salt}${made.hex()}"


def _read(path: Path) -> dict[str, str]:
    try:
        told = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _log.warning("%s cannot be read and is begun anew: %s", path, error)
        return {}
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}
