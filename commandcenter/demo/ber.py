"""The Basic Encoding Rules as SNMPv2c uses them (RFC 3416 section 3, RFC 2578 section 7.1).

A few dozen lines instead of pysnmp's command responder, which costs many times the processor time
for each answer; sixty-nine agents share one process with everything else in the demo.
"""

from __future__ import annotations

INTEGER, OCTET_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 0x80, 0x81, 0x82

Oid = tuple[int, ...]


class BadEncoding(ValueError):
    """Bytes that are not BER, or not of the type that must stand there."""


def wrap(tag: int, body: bytes) -> bytes:
    """Tag, length and body."""
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def number(value: int, tag: int = INTEGER) -> bytes:
    """An integer of any of the types; the shortest two's complement."""
    return wrap(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def text(value: str | bytes) -> bytes:
    """An OCTET STRING."""
    return wrap(OCTET_STRING, value.encode() if isinstance(value, str) else value)


def oid(value: Oid) -> bytes:
    """An OBJECT IDENTIFIER."""
    return wrap(
        OBJECT_IDENTIFIER, bytes((value[0] * 40 + value[1],)) + b"".join(map(_base128, value[2:]))
    )


def empty(tag: int) -> bytes:
    """NULL, or one of the exceptions noSuchObject, noSuchInstance, endOfMibView."""
    return bytes((tag, 0))


def split(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after another in `data`. Raises BadEncoding."""
    found = []
    while data:
        tag, body, data = _first(data)
        found.append((tag, body))
    return found


def expect(element: tuple[int, bytes], tag: int) -> bytes:
    """The body of an element that must have this tag. Raises BadEncoding."""
    if element[0] != tag:
        raise BadEncoding(f"tag 0x{element[0]:02x} where 0x{tag:02x} must stand")
    return element[1]


def read_number(body: bytes) -> int:
    """The value of an INTEGER's body."""
    return int.from_bytes(body, "big", signed=True)


def read_oid(body: bytes) -> Oid:
    """The value of an OBJECT IDENTIFIER's body. Raises BadEncoding."""
    if not body or body[-1] & 0x80:
        raise BadEncoding("an object identifier ends within a number")
    arcs, arc = [], 0
    for octet in body:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    return (*divmod(arcs[0], 40), *arcs[1:])


def _first(data: bytes) -> tuple[int, bytes, bytes]:
    if len(data) < 2:
        raise BadEncoding("ends within an element")
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start], "big")
    end = start + length
    if len(data) < end:
        raise BadEncoding("an element is longer than the datagram")
    return tag, data[start:end], data[end:]


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(arc & 0x7F | 0x80)
    return bytes(reversed(octets))
