"""The body of a page: read to its end or to a limit, and unpacked within the same limit."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import httpx

MOST = 256 * 1024  # bytes that are read of a page, packed and unpacked
_ZLIB = ("gzip", "x-gzip", "deflate")
_UNREADABLE = ("br", "zstd", "compress", "x-compress", "dcb", "dcz")


class BadPacking(ValueError):
    """The body is not packed as its Content-Encoding says."""


@dataclass(kw_only=True)
class Body:
    """What came of a body so far."""

    content: bytes = b""  # unpacked, at most MOST
    received: int = 0  # bytes on the wire
    cut: bool = False  # there was more than we read
    packed: str = ""  # the Content-Encoding that we cannot unpack
    expected: int | None = None  # the Content-Length
    _layers: list[Layer] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether a browser would show nothing at all."""
        return not self.packed and not self.content.strip()

    async def read(self, response: httpx.Response) -> None:
        """Read to the end or to the limit. Raises BadPacking, httpx.HTTPError."""
        self._begin(response.headers)
        async for chunk in response.aiter_raw():
            self.received += len(chunk)
            self._take(chunk)
            self.cut = self.received >= MOST or len(self.content) >= MOST
            if self.cut:
                return
        if self.received and not all(layer.is_whole() for layer in self._layers):
            raise BadPacking("isinya berhenti sebelum selesai")

    def _begin(self, headers: httpx.Headers) -> None:
        length = headers.get("content-length", "")
        self.expected = int(length) if length.isdecimal() and len(length) < 16 else None
        codings = [c.strip().lower() for c in headers.get("content-encoding", "").split(",")]
        self.packed = next((c for c in codings if c in _UNREADABLE), "")
        # Any other word ("none", "utf-8") packs nothing, and browsers pass over it. The last one
        # was applied last (RFC 9110 8.4); more than a few are nobody's honest page.
        self._layers = [Layer() for c in codings if c in _ZLIB][:4]

    def _take(self, chunk: bytes) -> None:
        room = MOST - len(self.content)
        for layer in self._layers:
            chunk = layer.unpack(chunk, MOST)
        self.content += chunk[:room]


class Layer:
    """gzip (RFC 1952) or deflate, as zlib packs it (RFC 1950) or without that (RFC 1951): browsers
    take both."""

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._begun = False
        self._first = b""  # kept until it can be told how it is packed, which takes two bytes
        self.finished = False

    def is_whole(self) -> bool:
        """Whether nothing is missing, but for a checksum at the end: browsers do without it."""
        return self.finished or (self._begun and all(map(self._awaits_a_check, (b"\0", b"\xff"))))

    def _awaits_a_check(self, filling: bytes) -> bool:
        """Whether what comes next is taken for the checksum."""
        unpacker = self._unpacker.copy()
        try:
            unpacker.decompress(filling * 8, 1)
        except zlib.error as error:
            return "check" in str(error)  # "incorrect data check"
        return unpacker.eof

    def unpack(self, packed: bytes, most: int) -> bytes:
        """At most `most` bytes, whatever is packed in there. Raises BadPacking."""
        found, packed, self._first = b"", self._first + packed, b""
        if not self._begun and len(packed) < 2:
            self._first, packed = packed, b""
        while packed and len(found) < most:
            if self.finished:  # several gzip members are one body; what is no member is passed over
                if packed[:2] != b"\x1f\x8b":
                    break
                self._unpacker, self.finished = zlib.decompressobj(zlib.MAX_WBITS | 32), False
            found += self._step(packed, most - len(found))
            self.finished = self._unpacker.eof
            packed = self._unpacker.unused_data if self.finished else b""
        return found

    def _step(self, packed: bytes, most: int) -> bytes:
        try:
            found = self._unpacker.decompress(packed, most)
        except zlib.error as error:
            if self._begun:
                raise BadPacking("isinya rusak di tengah") from error
            self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                found = self._unpacker.decompress(packed, most)
            except zlib.error:
                raise BadPacking("isinya tidak dikemas begitu") from error
        self._begun = True
        return found
