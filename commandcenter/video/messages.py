"""What travels between the supervisor and its worker processes.

To a worker: lines of JSON, each the whole list of its tasks. From a worker: frames of two
big-endian 32-bit lengths, a JSON header and a JPEG (which may be empty).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from commandcenter.vocabulary import CameraState

LENGTHS = struct.Struct(">II")
LONGEST_HEADER = 1 << 20
LARGEST_PICTURE = 16 << 20


class BadReport(ValueError):
    """Bytes from a worker that are not a report; the sentence says why."""


class CameraFault(Exception):
    """A camera gives no picture: its state, and why in words for the operator."""

    def __init__(self, state: CameraState, detail: str, rejected: bytes = b"") -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail
        self.rejected = rejected
        """What it sent instead of a picture, to be put aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A camera to watch. Times in seconds, `width` in pixels. Its password never shows in repr."""

    camera: str
    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    every: float = 5.0
    width: int = 640
    quality: int = 75
    open_timeout: float = 5.0
    read_timeout: float = 20.0
    frozen_after: float = 20.0
    unauthorized_pause: float = 3600.0
    verify_tls: bool = True
    rest: float = field(default=0.0, compare=False)
    """Wait so long before the first attempt: a refused password survives a change of worker."""

    @property
    def url_with_password(self) -> str:
        """The address with user and password, URL-encoded: for FFmpeg's memory only."""
        if not self.user:
            return self.url
        parts = urlsplit(self.url)
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One still. `changed_at`: since when the camera's picture has looked as it does."""

    captured_at: datetime
    changed_at: datetime
    width: int
    height: int
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a camera's thread says. Without a state it is only a sign of life."""

    camera: str
    at: datetime
    within: float
    """The thread will be heard of again within so many seconds, or it hangs."""
    thread: int
    state: CameraState | None = None
    detail: str = ""
    picture: Picture | None = None
    rejected: bytes = field(default=b"", repr=False)

    def after(self, earlier: Report | None) -> Report:
        """This report, with the picture of an earlier one that nobody has taken yet."""
        if earlier is None or self.picture is not None:
            return self
        return replace(self, picture=earlier.picture)

    def encode(self) -> bytes:
        """As one frame on the worker's stdout."""
        header = asdict(self) | {"rejected": base64.b64encode(self.rejected).decode()}
        jpeg = b""
        if self.picture is not None:
            jpeg = header["picture"].pop("jpeg")
        told = orjson.dumps(header)
        return LENGTHS.pack(len(told), len(jpeg)) + told + jpeg

    @classmethod
    def decode(cls, header: bytes, jpeg: bytes) -> Self:
        """Read what `encode` wrote. Raises BadReport."""
        try:
            told = orjson.loads(header)
            return cls(
                **told
                | {
                    "at": _moment(told["at"]),
                    "picture": _picture(told["picture"], jpeg),
                    "rejected": base64.b64decode(told["rejected"]),
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadReport(f"not a report: {error}") from error


def lengths(head: bytes) -> tuple[int, int]:
    """The lengths of header and JPEG at the head of a frame. Raises BadReport if absurd."""
    header, jpeg = LENGTHS.unpack(head)
    if header > LONGEST_HEADER or jpeg > LARGEST_PICTURE:
        raise BadReport(f"a frame of {header} + {jpeg} bytes")
    return header, jpeg


def tasks_line(tasks: Sequence[Task]) -> bytes:
    """The tasks of a worker as a line for its stdin."""
    return orjson.dumps([asdict(task) for task in tasks]) + b"\n"


def read_tasks(line: bytes) -> list[Task]:
    """Read what `tasks_line` wrote."""
    return [Task(**told) for told in orjson.loads(line)]


def _picture(told: dict[str, Any] | None, jpeg: bytes) -> Picture | None:
    if told is None:
        return None
    times = {name: _moment(told[name]) for name in ("captured_at", "changed_at")}
    return Picture(**told | times, jpeg=jpeg)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
