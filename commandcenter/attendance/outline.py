"""What may be kept of lines that are put aside: the form of a scan, and nothing else.

Machines send names, passwords, cards, faces and fingers of staff, also where they do not belong: a
line `USER PIN=… Name=… Passwd=…` in the table of scans, a template in a message of the cloud.
"""

from __future__ import annotations

import re

_SCAN = (
    re.compile(rb"\s*[0-9]{1,24}\s*"),  # the pin
    re.compile(rb"\s*[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}([ T][0-9:]{4,8})?\s*"),
    re.compile(rb"\s*(?:[0-9]{1,3}\s*)?"),  # status
    re.compile(rb"\s*(?:[0-9]{1,3}\s*)?"),  # verify
)
_HIDDEN = re.compile(rb"\[[0-9]+ bytes\]")


def outline(body: bytes) -> bytes:
    """Lines of scans, of which everything that is not pin, time, status or verify is left out:
    only its size is told. An outline is its own outline."""
    return b"\n".join(_line(line) for line in body.split(b"\n"))


def _line(line: bytes) -> bytes:
    fields = line.split(b"\t")
    head = fields[: _known(fields)] if len(fields) > 1 else []
    if rest := b"\t".join(fields[len(head) :]):
        head.append(rest if _HIDDEN.fullmatch(rest) else b"[%d bytes]" % len(rest))
    return b"\t".join(head)


def _known(fields: list[bytes]) -> int:
    """How many fields, from the first on, are what they are in a scan."""
    for place, (field, form) in enumerate(zip(fields, _SCAN, strict=False)):
        if not form.fullmatch(field):
            return place
    return min(len(fields), len(_SCAN))
