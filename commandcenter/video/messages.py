"""What travels between the supervisor and its worker processes.

To a worker: lines of JSON, each an order: the whole list of its tasks, or a grant. From a worker:
frames of three big-endian 32-bit lengths, a JSON header and two JPEGs (which may be empty).
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

import orjson

from commandcenter.vocabulary import CameraState

LENGTHS = struct.Struct(">III")
LONGEST_HEADER = 1 << 20
LARGEST_PICTURE = 16 << 20

Way: TypeAlias = Literal["keep", "snap", "http"]
"""How a camera is read: its stream stays open; open, take one, close; a JPEG's address."""
Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners as parts of the width and height, from the upper left: 0 to 1."""


class BadReport(ValueError):
    """Bytes from a worker that are not a report; the sentence says why."""


class CameraFault(Exception):
    """A camera gives no picture: its state, and why in words for the operator. Particulars that no
    wall may show, an address or the camera's own words, come last, after a colon."""

    def __init__(self, state: CameraState, detail: str, rejected: bytes = b"") -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail
        self.rejected = rejected
        """What it sent instead of a picture, to be put aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A camera to watch. Times in seconds, widths in pixels. Its password never shows in repr."""

    camera: str
    url: str = field(repr=False)
    """May have {user} and {password} in it, for cameras that want both in the address."""
    user: str = ""
    password: str = field(default="", repr=False)
    way: Way = "keep"
    every: float = 5.0
    burst: float = 0.0
    """Pictures a second while somebody has opened the camera; 0: nobody has."""
    small: int = 480
    large: int = 1280
    quality: int = 75
    masks: tuple[Polygon, ...] = ()
    """What is painted over before anything else is done with a picture."""
    networks: tuple[str, ...] = ()
    """CIDR ranges in which cameras may be; whatever else the address leads to is refused."""
    link: str = ""
    """The link with a budget that it hangs on: every take needs the supervisor's grant."""
    rate: float = 0.0
    """Bytes a second that it may take from its link while it is read; 0: as many as it likes."""
    open_timeout: float = 5.0
    read_timeout: float = 20.0
    keyframe_timeout: float = 60.0
    frozen_after: float = 20.0
    verify_tls: bool = True
    history: str = ""
    """Folder in which the looks of this camera are remembered from one start to the next; ""
    forgets them."""
    asked: int = 0
    """How often an operator asked for a new attempt; a refused password is tried again then."""
    rest: float = field(default=0.0, compare=False)
    """Wait so long before the first attempt, so that not all begin at once."""
    refused: bool = field(default=False, compare=False)
    """Its password has been refused already: a new worker must not try it again."""

    def filled(self, url: str) -> str:
        """`url` with user and password where it has {user} and {password}: for the camera only."""
        told = {"{user}": self.user, "{password}": self.password}
        for name, value in told.items():
            url = url.replace(name, quote(value, safe=""))
        return url

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nothing may say that is told of this camera: its password, and how Basic has it."""
        if not self.password:
            return ()
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return self.password, basic, basic.rstrip("=")

    @property
    def url_with_password(self) -> str:
        """The address with user and password, URL-encoded: for FFmpeg's memory only."""
        if not self.user:
            return self.url
        parts = urlsplit(self.url)
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One line to a worker: all of its tasks, or a camera that may take a picture now."""

    tasks: tuple[Task, ...] | None = None
    grant: str = ""

    def line(self) -> bytes:
        """As a line for its stdin."""
        return orjson.dumps(asdict(self)) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read what `line` wrote."""
        told = orjson.loads(line)
        tasks = told["tasks"]
        return cls(
            tasks=None if tasks is None else tuple(_task(one) for one in tasks),
            grant=told["grant"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One still, in two sizes. `width` and `height` are those of the camera's own picture."""

    captured_at: datetime
    """When the camera took it, as far as that can be known: not when it was fetched."""
    changed_at: datetime
    """Since when the camera's picture has looked as it does."""
    width: int
    height: int
    small: bytes = field(repr=False)
    large: bytes = field(repr=False)


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
    received: int = 0
    """Bytes that came from the camera since its last report."""
    keyframe_every: float = 0.0
    """Seconds from one keyframe of its stream to the next, the longest lately; 0: not known."""
    wants: bool = False
    """It would like to take a picture, and waits for a grant."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """Of a process that tells that it is alive: bytes of its cameras that became no packet."""

    def after(self, earlier: Report | None) -> Report:
        """This report, with the picture of an earlier one that nobody has taken yet."""
        if earlier is None:
            return self
        told = replace(self, received=self.received + earlier.received)
        return told if self.picture is not None else replace(told, picture=earlier.picture)

    def encode(self) -> bytes:
        """As one frame on the worker's stdout."""
        header = asdict(self) | {"rejected": base64.b64encode(self.rejected).decode()}
        small = large = b""
        if self.picture is not None:
            small, large = header["picture"].pop("small"), header["picture"].pop("large")
        told = orjson.dumps(header)
        return LENGTHS.pack(len(told), len(small), len(large)) + told + small + large

    @classmethod
    def decode(cls, header: bytes, small: bytes, large: bytes) -> Self:
        """Read what `encode` wrote. Raises BadReport."""
        try:
            told = orjson.loads(header)
            return cls(
                **told
                | {
                    "at": _moment(told["at"]),
                    "picture": _picture(told["picture"], small, large),
                    "rejected": base64.b64decode(told["rejected"]),
                    "unread": {str(c): int(size) for c, size in told["unread"].items()},
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadReport(f"not a report: {error}") from error


def lengths(head: bytes) -> tuple[int, int, int]:
    """The lengths of header and pictures at the head of a frame. Raises BadReport if absurd."""
    header, small, large = LENGTHS.unpack(head)
    if header > LONGEST_HEADER or max(small, large) > LARGEST_PICTURE:
        raise BadReport(f"a frame of {header} + {small} + {large} bytes")
    return header, small, large


def orders_line(tasks: Sequence[Task]) -> bytes:
    """All the tasks of a worker, as a line for its stdin."""
    return Orders(tasks=tuple(tasks)).line()


def _task(told: Mapping[str, Any]) -> Task:
    masks = tuple(tuple((x, y) for x, y in polygon) for polygon in told["masks"])
    return Task(**{**told, "masks": masks, "networks": tuple(told["networks"])})


def _picture(told: dict[str, Any] | None, small: bytes, large: bytes) -> Picture | None:
    if told is None:
        return None
    times = {name: _moment(told[name]) for name in ("captured_at", "changed_at")}
    return Picture(**told | times, small=small, large=large)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
