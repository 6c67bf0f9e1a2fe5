"""Whether this Python has the mends that count for a server to which strangers send things.

The lowest releases with all that was known on 1 October 2026, from Misc/NEWS.d of python/cpython:

- http.cookies: quadratic time for backslashes, CVE-2024-7592 (3.11.10, 3.12.6)
- tarfile: an endless loop for a negative size, CVE-2025-8194 (3.11.14, 3.12.12, 3.13.6)
- html.parser: quadratic time, CVE-2025-6069 (3.11.14, 3.12.12, 3.13.6) and CVE-2026-15308
  (3.11.16, 3.13.15, 3.14.7)
- zipfile: a small member that fills the memory, CVE-2026-15310; expat 2.8.5; the name of a server
  unchecked by ssl and asyncio, CVE-2026-19553 (the releases below)

A distribution brings such mends into the release that it has (Debian 12: 3.11.2), so there the
number says nothing and it is tried out.
"""

from __future__ import annotations

import http.cookies
import sys
import tarfile
import time
from collections.abc import Callable
from html.parser import HTMLParser

LOWEST = {(3, 11): 17, (3, 12): 15, (3, 13): 16, (3, 14): 8}  # later ones were born with them
_SLOW = 0.05  # seconds of CPU; linear 0.002, quadratic 0.4 or more


def warning(version: tuple[int, int, int], *, of_distribution: bool) -> str:
    """What is wrong with a Python, and what to do; "" when nothing is known."""
    name, lowest = ".".join(map(str, version)), LOWEST.get(version[:2], 0)
    if version[2] >= lowest:
        return ""
    if not of_distribution:
        return (
            f"Python {name} is older than {version[0]}.{version[1]}.{lowest}: what a stranger "
            "sends may hold it up (commandcenter/interpreter.py names the weaknesses); "
            "install a newer one"
        )
    weak = [what for what, shows in _WEAKNESSES.items() if shows()]
    if not weak:
        return ""
    return f"this Python {name} lacks mends for {', '.join(weak)}; update it (apt-get upgrade)"


def warning_here() -> str:
    """The same, for the Python that runs this."""
    return warning(sys.version_info[:3], of_distribution=sys.base_prefix == "/usr")


def _cookies() -> bool:
    return _is_slow(lambda: http.cookies.SimpleCookie('a="' + "\\" * 8_000 + '"'))


def _html() -> bool:
    return _is_slow(lambda: _close(HTMLParser(), "<a " * 2_000))


def _close(parser: HTMLParser, text: str) -> None:
    parser.feed(text)
    parser.close()


def _tar() -> bool:
    try:
        tarfile.TarInfo()._block(-1)  # type: ignore[attr-defined]
    except tarfile.TarError:
        return False
    return True


def _is_slow(work: Callable[[], object]) -> bool:
    began = time.thread_time()  # CPU, so that a busy machine is not taken for a weak Python
    work()
    return time.thread_time() - began > _SLOW


_WEAKNESSES = {
    "http.cookies (CVE-2024-7592)": _cookies,
    "html.parser (CVE-2025-6069)": _html,
    "tarfile (CVE-2025-8194)": _tar,
}
