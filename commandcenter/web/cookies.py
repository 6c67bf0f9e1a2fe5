"""The cookies of a request, read by ourselves.

Python's own reader takes quadratic time for backslashes in a quoted value (CVE-2024-7592), and
stands behind every framework. So nothing but our own cookies is passed on: those have no quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.types import Scope

_OURS = re.compile(rb"((?:__Host-)?commandcenter_[a-z]{1,40})=([!#-+\--:<-\[\]-~]{0,512})")
"""What we set, and of values what RFC 6265, section 4.1.1, calls cookie-octets."""
MOST = 20


def with_our_cookies(scope: Scope) -> Scope:
    """The same request with our own cookies and no others. Of two with the same name the first
    counts: it is the one of the longer path (RFC 6265, section 5.4)."""
    headers = scope["headers"]
    told = [value for name, value in headers if name == b"cookie"]
    if not told:
        return scope
    kept = dict(reversed(list(_ours(b"; ".join(told)))))
    cookie = b"; ".join(b"%b=%b" % pair for pair in reversed(kept.items()))
    others = [pair for pair in headers if pair[0] != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", cookie)]}


def _ours(told: bytes) -> Iterator[tuple[bytes, bytes]]:
    found = 0
    for part in told.split(b";"):
        match = _OURS.fullmatch(part.strip(b" \t"))
        if match is not None and found < MOST:
            found += 1
            yield match[1], match[2]
