"""What Fingerspot's cloud pushes (developer.fingerspot.io, webhook "attlog").

A message is {"type": "attlog", "cloud_id": …, "data": {…}}.
The data has pin, scan ("2026-02-05 18:58:46", old ones without seconds), verify and status_scan;
photo_url is never kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from commandcenter.attendance import iclock

_PAGE = 200  # scans


def read_scans(body: bytes) -> tuple[str, list[Any]]:
    """The machine's serial and its scans, whatever they are; none for any other message.

    Raises BadLine.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise iclock.BadLine(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise iclock.BadLine("not a JSON object")
    serial = iclock.read_serial(str(told.get("cloud_id", "")))
    if told.get("type") != "attlog":
        return serial, []
    data = told.get("data")
    if isinstance(data, dict):
        return serial, [data]
    if not isinstance(data, list):
        raise iclock.BadLine("data is not an object with pin and scan")
    return serial, data


def pages(scans: Sequence[Any]) -> Iterator[list[bytes]]:
    """The scans as lines of ATTLOG, some at a time."""
    for start in range(0, len(scans), _PAGE):
        yield [_line(scan) for scan in scans[start : start + _PAGE]]


def _line(item: Any) -> bytes:
    if not isinstance(item, dict):
        return b"?"
    time = item.get("scan") or item.get("scan_date")
    fields = (item.get("pin"), time, item.get("status_scan"), item.get("verify"))
    texts = ("" if f is None else str(f) for f in fields)
    return "\t".join(" ".join(text.split()) for text in texts).encode(errors="replace")
