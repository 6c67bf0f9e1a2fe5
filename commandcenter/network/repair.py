"""Answers whose numbers are encoded as no standard allows, so that one costs only itself.

Firmware forgets the zero before a counter whose top bit is set, so that it reads as a negative
number, or tells a counter wider than its type (X.690 section 8.3, RFC 2578 section 7.1). pysnmp
drops the whole answer for it. Of SNMPv1 and v2c only: what is encrypted cannot be repaired.
"""

from __future__ import annotations

from collections.abc import Iterator

_SEQUENCE, _INTEGER, _OCTETS, _NULL, _OID, _ADDRESS = 0x30, 0x02, 0x04, 0x05, 0x06, 0x40
_GAUGE32, _OPAQUE, _COUNTER64, _RESPONSE = 0x42, 0x44, 0x46, 0xA2
_UNSIGNED = {0x41: 4, 0x42: 4, 0x43: 4, _COUNTER64: 8}  # Counter32, Gauge32, TimeTicks: octets
_EXCEPTIONS = (0x80, 0x81, 0x82)  # noSuchObject, noSuchInstance, endOfMibView
_V1, _V2C = b"\x00", b"\x01"
_NOTHING = bytes((_NULL, 0))


def repaired(packet: bytes) -> bytes | None:
    """The answer with every value readable or NULL; None when it is no answer, or needs nothing."""
    try:
        [(kind, message)] = _parts(packet)
        (_, version), community, (pdu, body) = _parts(message)
        request, status, index, (_, bindings) = _parts(body)
        if kind != _SEQUENCE or pdu != _RESPONSE or version not in (_V1, _V2C):
            return None
        told = b"".join(_binding(one, version) for _, one in _parts(bindings))
    except ValueError:
        return None
    answer = _wrap(_SEQUENCE, told)
    body = b"".join((*(_wrap(*part) for part in (request, status, index)), answer))
    whole = _wrap(_INTEGER, version) + _wrap(*community) + _wrap(_RESPONSE, body)
    mended = _wrap(_SEQUENCE, whole)
    return None if mended == packet else mended


def _binding(body: bytes, version: bytes) -> bytes:
    name, (kind, value) = _parts(body)
    return _wrap(_SEQUENCE, _wrap(*name) + _value(kind, value, version))


def _value(kind: int, value: bytes, version: bytes) -> bytes:
    if kind in _UNSIGNED:
        number = value.lstrip(b"\0")
        fits = value and len(number) <= _UNSIGNED[kind]
        if not fits or (kind == _COUNTER64 and version == _V1):
            return _NOTHING
        return _wrap(kind, b"\0" + number)
    if kind == _INTEGER and len(value) > 4 and value[0] < 0x80:
        return _value(_GAUGE32, value, version)  # a counter under the wrong name
    if kind == _INTEGER:
        return _wrap(kind, value) if 1 <= len(value) <= 4 else _NOTHING
    known = (
        kind in (_OCTETS, _OPAQUE)
        or (kind == _OID and value)
        or (kind == _ADDRESS and len(value) == 4)
        or (kind in _EXCEPTIONS and version == _V2C)
    )
    return _wrap(kind, value) if known else _NOTHING


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each part, one after the other. Raises ValueError."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("cut short")
        kind, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            width = size & 0x7F
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        if at + size > len(data):
            raise ValueError("cut short")
        yield kind, data[at : at + size]
        at += size


def _wrap(kind: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((kind, size)) + content
    told = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((kind, 0x80 | len(told))) + told + content
