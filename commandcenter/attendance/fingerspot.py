"""What Fingerspot's cloud pushes (developer.fingerspot.io, webhook "attlog").

A message is {"type": "attlog", "cloud_id": …, "data": {…}}.
The data has pin, scan ("2026-02-05 18:58:46", old ones without seconds), verify and status_scan;
photo_url is never kept.
"""

from __future__ import annotations

from typing import Any

import orjson

from commandcenter.attendance import iclock


def read_scans(body: bytes) -> tuple[str, list[bytes]]:
    """The machine's serial and its scans as lines of ATTLOG; no lines for any other message.

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
        return serial, [_line(data)]
    if not isinstance(data, list):
        raise iclock.BadLine("data is not an object with pin and scan")
    return serial, [_line(item) if isinstance(item, dict) else b"?" for item in data]


def _line(item: dict[str, Any]) -> bytes:
    time = item.get("scan") or item.get("scan_date")
    fields = (item.get("pin"), time, item.get("status_scan"), item.get("verify"))
    texts = ("" if f is None else str(f) for f in fields)
    return "\t".join(" ".join(text.split()) for text in texts).encode(errors="replace")
