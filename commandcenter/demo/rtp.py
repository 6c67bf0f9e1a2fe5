"""H.264 in RTP packets: RFC 3550 section 5.1, RFC 6184 sections 5.6 (single) and 5.8 (FU-A)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PAYLOAD_TYPE = 96
CLOCK = 90_000  # RTP ticks a second, RFC 6184 section 8.2.1
_FU_A = 28
_LARGEST = 1400  # octets of a payload


@dataclass
class Packetizer:
    """The RTP sender of one session; `source` is its SSRC."""

    source: int
    sequence: int = 0

    def packets(self, units: Sequence[bytes], seconds: float) -> Iterator[bytes]:
        """The packets of one picture; the last one carries the marker."""
        payloads = [payload for unit in units for payload in fragments(unit)]
        stamp = int(seconds * CLOCK) & 0xFFFFFFFF
        for place, payload in enumerate(payloads, start=1):
            marked = PAYLOAD_TYPE | (0x80 if place == len(payloads) else 0)
            head = struct.pack("!BBHII", 0x80, marked, self.sequence, stamp, self.source)
            self.sequence = (self.sequence + 1) & 0xFFFF
            yield head + payload


def fragments(unit: bytes) -> Iterator[bytes]:
    """A NAL unit as one payload, or as fragmentation units when it is too large for one."""
    if len(unit) <= _LARGEST:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    body = unit[1:]
    for start in range(0, len(body), _LARGEST - 2):
        piece = body[start : start + _LARGEST - 2]
        first = 0x80 if start == 0 else 0
        last = 0x40 if start + len(piece) == len(body) else 0
        yield bytes((indicator, first | last | kind)) + piece


def interleaved(channel: int, packet: bytes) -> bytes:
    """A packet inside the RTSP connection (RFC 2326 section 10.12)."""
    return struct.pack("!cBH", b"$", channel, len(packet)) + packet
