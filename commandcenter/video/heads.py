"""Heads of HTTP answers as cameras write them, made into what a strict reader takes.

Cameras send lines that are no header (home-assistant/core#14960, #46600, #151745: "Tue, 12 Jun 2012
01:56:34 GMT"), a space before the colon (#38673), or lines that end otherwise (wz_mini_hacks#538).
Every browser shows their pictures; h11 refuses the whole answer (RFC 9112 section 5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LONGEST = 64 * 1024  # bytes of a head
_ENDS = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"\s*HTTP/(1\.[01])\s+(\d{3})\b")
_HEADER = re.compile(rb"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*?)[ \t]*")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Heads:
    """Changes a connection (relay.Changes) on which one answer comes."""

    def __init__(self) -> None:
        self._head: bytearray | None = bytearray()
        """What has come of it so far; None: the body comes."""

    def asked(self, data: bytes) -> bytes:
        return data

    def answered(self, data: bytes) -> tuple[bytes, bytes]:
        """Raises ValueError where it has no end."""
        if self._head is None:
            return data, b""
        self._head += data if self._head else data.lstrip(b"\r\n")
        end = _ENDS.search(self._head)
        if end is None:
            if len(self._head) > _LONGEST:
                raise ValueError("a head that is too long")
            return b"", b""
        head, body = bytes(self._head[: end.start()]), bytes(self._head[end.end() :])
        self._head = None
        return put_right(head) + body, b""


def put_right(head: bytes) -> bytes:
    """A head of which only those lines are left that are headers, each in its usual form."""
    first, *lines = re.split(rb"\r?\n", head)
    status = _STATUS.match(first)
    told = b"HTTP/%s %s" % (status[1], status[2]) if status is not None else first
    return b"\r\n".join([told, *_headers(lines), b"", b""])


def _headers(lines: list[bytes]) -> Iterator[bytes]:
    sized = False
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            continue
        name, value = found[1], _CONTROL.sub(b"", found[2])
        if name.lower() == b"content-length":
            if sized or not value.isdigit():
                continue
            sized = True
        yield name + b": " + value
