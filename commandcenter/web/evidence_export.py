"""The evidence of an incident as one ZIP file, that anybody can check without us.

SHA256SUMS is as sha256sum(1) of GNU coreutils reads it with -c: 64 hex digits, two spaces, a name.
The hashes of evidence are those that the records took when it was kept, not of what is found now:
what was changed since does not fit.
"""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import orjson

from commandcenter.records.evidence import Evidence
from commandcenter.web.console_doors import plain

_STRANGE = re.compile(r"[^\w.-]+", re.ASCII)


async def archive(
    told: Mapping[str, Any],
    pieces: Iterable[Evidence],
    body_of: Callable[[int], Awaitable[bytes]],
    now: datetime,
) -> AsyncIterator[bytes]:
    """The file, in parts: incident.json with `told` and what is known of every piece, the pieces
    that are kept, and SHA256SUMS. One body at a time is in memory."""
    sink, facts, sums = _Sink(), [], {}
    with ZipFile(sink, "w") as file:
        for piece in pieces:
            body = await body_of(piece.id) if piece.state == "kept" else b""
            name = name_of(piece) if body else ""  # it may be forgotten at this very moment
            facts.append(_fact(piece, name))
            if name:
                _put(file, name, body, piece.at)
                sums[name] = piece.sha256
                yield sink.take()
        whole = {**told, "evidence": facts, "exported_at": plain(now)}
        body = orjson.dumps(whole, option=orjson.OPT_INDENT_2)
        _put(file, "incident.json", body, now)
        sums["incident.json"] = sha256(body).hexdigest()
        lines = (f"{digest}  {name}\n" for name, digest in sums.items())
        _put(file, "SHA256SUMS", "".join(lines).encode(), now)
    yield sink.take()


def name_of(piece: Evidence) -> str:
    """A file's name; times in UTC: stills/pelabuhan_before_20261121T024147Z_12.jpg."""
    at = f"{piece.at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if piece.kind != "picture":
        return f"data/{piece.kind}_{at}_{piece.id}.json"
    camera = _STRANGE.sub("-", piece.camera) or "camera"
    return f"stills/{camera}_{piece.role or 'at'}_{at}_{piece.id}.jpg"


def _fact(piece: Evidence, file: str) -> dict[str, Any]:
    """What is known of a piece, also of one that is not there."""
    return {
        "id": piece.id,
        "kind": piece.kind,
        "file": file or None,
        "state": piece.state,
        "camera": piece.camera,
        "role": piece.role,
        "at": plain(piece.at),
        "fell_at": plain(piece.fell_at),
        "forgotten_at": plain(piece.forgotten_at),
        "sha256": piece.sha256,
    }


def _put(file: ZipFile, name: str, body: bytes, at: datetime) -> None:
    entry = ZipInfo(name, at.astimezone(UTC).timetuple()[:6])
    entry.external_attr = 0o644 << 16
    # A JPEG does not get smaller.
    entry.compress_type = ZIP_STORED if name.endswith(".jpg") else ZIP_DEFLATED
    file.writestr(entry, body)


class _Sink(io.RawIOBase):
    """What a ZIP file is written into, and taken from while it grows."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def take(self) -> bytes:
        """What has been written since the last time."""
        taken, self._parts = b"".join(self._parts), []
        return taken
