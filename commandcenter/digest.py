"""What is kept of a token: enough to know it again, not enough to use it."""

from __future__ import annotations

import hashlib


def digest(token: str) -> str:
    """64 hexadecimal digits of its SHA-256. Tokens here are random, so no salt is needed."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
