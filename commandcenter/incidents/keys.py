"""Keys as the records can hold them."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from commandcenter.reading import Reading

LONGEST_KEY = 200  # characters


def fitting(reading: Reading) -> Reading:
    """With such a key: a too long one ends in its digest."""
    key = reading.key
    if len(key) <= LONGEST_KEY and "\x00" not in key:
        return reading
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:16]
    return replace(reading, key=f"{key.replace(chr(0), '')[: LONGEST_KEY - 17]}~{digest}")
