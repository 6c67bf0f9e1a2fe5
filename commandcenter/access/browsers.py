"""Browsers that an account was signed in with before: they have a budget of attempts of their own
(commandcenter.access.throttle), so that nobody else's attempts keep their person out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets

from commandcenter.access.throttle import name_key

MOST = 16  # people who share one browser: a desk of several shifts
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class KnownBrowsers:
    """Reads and writes the cookie: "<number>.<mark>.<mark>…", a mark for each account that was
    signed in here. A mark is HMAC-SHA-256 of number and account under a key of our own, so it can
    neither be made up nor moved, and tells nobody which account it stands for. It opens nothing."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def known(self, cookie: str, username: str) -> str:
        """The browser's number if this account was signed in here before, else ""."""
        number, marks = _read(cookie)
        wanted = self._mark(number, username)
        return number if any(hmac.compare_digest(wanted, mark) for mark in marks) else ""

    def remember(self, cookie: str, username: str) -> str:
        """The cookie once this account was signed in here, too."""
        number, marks = _read(cookie)
        number = number or secrets.token_urlsafe(16)
        mine = self._mark(number, username)
        return ".".join([number, mine, *(mark for mark in marks if mark != mine)][: MOST + 1])

    def _mark(self, number: str, username: str) -> str:
        told = f"browser {number} {name_key(username)}".encode()
        return _text(hmac.digest(self.key, told, hashlib.sha256)[:16])


def _read(cookie: str) -> tuple[str, list[str]]:
    number, *marks = cookie.split(".")[: MOST + 1]
    if not all(_ID.fullmatch(part) for part in (number, *marks)):
        return "", []
    return number, marks


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
