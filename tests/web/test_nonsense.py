"""Nonsense at every door, by strangers, viewers and administrators: no fault of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from string import printable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from commandcenter.web.doors import DOORS, Door, Who
from tests.conftest import RedisProcess
from tests.web.conftest import CONFIG, Site

DAYS = (
    *(
        "0001-01-01",
        "0000-00-00",
        "9999-12-31",
        "10000-01-01",
        "2026-02-30",
        "-1-1-1",
        "1969-12-31",
    ),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
    ),
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "0001-01",
        "9999-12",
        "2026-W01-1",
        "1e9999",
    ),
)
NUMBERS = ("0", "-1", "9" * 18, "9" * 19, "9" * 5000, "1e309", "NaN", "٣", "²", "0x10", "", " 1 ")
TEXTS = (
    "%00",
    "%ff%fe",
    "%",
    "%zz",
    "%ed%a0%80",
    "a" * 3000,
    "%e2%80%ae",
    "%0d%0aX:1",
    "'\"<>&;--",
    "..%2f..%2fetc",
    "nothing",
    "nothing/x.js",
    "dash/nothing.js",
    "dash_renderer/build/none.js",
    "dash/deps/polyfill@7.v1m1.12.1.min.js",
)
NAMES = (
    *("page", "from", "to", "since", "until", "before", "after", "at", "month", "day", "limit"),
    *("cursor", "text", "who", "about", "state", "office", "feed", "cause", "lang", "next", "code"),
    *(
        "told",
        "again",
        "seen",
        "seen-incidents",
        "error",
        "iss",
        "scope",
        "sort",
        "m",
        "changed_since",
    ),
)
BODIES = (
    b"",
    b"null",
    b"[]",
    b"[[[[",
    b"[" * 20_000,
    b'{"a":' * 3000,
    b'{"number": 99999999999999999999999999, "id": 1e400, "at": "0001-01-01T00:00:00+14:00"}',
    b'{"name": "\\ud800", "text": "\\udfff\\u0000", "note": "\\ud800", "code": "\\ud800"}',
    b'{"secret": "\\ud800"}',
    b'{"width": 1, "height": 1, "secret": "\\ud800\\udc00\\ud800"}',
    b"\xff\xfe\x00",
    b"username=%00&password=%ff&code=%ed%a0%80&next=//x&number=99999999999999999999&page=-1",
    b"username=\xed\xa0\x80&password=%00&name=%00&starts=0001-01-01T00:00&ends=9999-12-31T23:59",
    b"&".join(b"a=1" for _ in range(50)),
)
KINDS = ("application/json", "application/x-www-form-urlencoded", "\xff;charset=\xff")
_PART = r"\{\w+(?::\w+)?\}"
HEADERS = (
    {"Accept-Language": "\xff,;q=,id;q=9e999,*;q=-1,,," + "a-" * 500},
    {"Accept": "\xff/;q=nonsense,,,", "Accept-Encoding": "gzip;q=\xff"},
    {
        "Cookie": "commandcenter_session=\xff\xfe; commandcenter_browser=..\xff; "
        "commandcenter_display=\xed"
    },
    {"Cookie": "commandcenter_half=%ff; commandcenter_flight=\xff; a=b=c;;;=; \xff"},
    {
        "If-None-Match": "\xff",
        "If-Modified-Since": "Mon, 01 Jan 0001 00:00:00 GMT",
        "Range": "bytes=9999999999999999999999-",
    },
    {"Range": "bytes=5-1,,-0,\xff", "User-Agent": "\xff" * 400, "Referer": "http://[::"},
    {"Authorization": "Bearer \xff", "X-Forwarded-For": "\xff, 999.999.1.1, [::"},
    {"Authorization": "Basic \xff", "Idempotency-Key": "\xff" * 300},
)


@pytest.fixture(scope="module")
def open_site(
    module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One that believes whoever says where they come from: a stranger is another one each time,
    else only the first of them would be heard."""
    config = CONFIG.replace("port = {port}", 'port = {port}\nproxies = ["127.0.0.1"]')
    found = Site(tmp_path_factory.mktemp("open"), module_redis.url, config)
    found.start()
    yield found
    found.stop()


@dataclass
class Asker:
    """Somebody who asks for nonsense, and what went wrong on our side."""

    site: Site
    who: Who
    headers: dict[str, str]
    client: httpx.Client
    asked: int = 0
    broken: list[str] = field(default_factory=list)

    def all_at(self, door: Door, method: str) -> None:
        """Everything at this door; of what is closed to them a little."""
        few = None if "everybody" in door.to or self.who in door.to else 2
        here = re.sub(_PART, "77", door.path)
        for told in (*NUMBERS, *TEXTS)[:few] if re.search(_PART, door.path) else ():
            self.ask(method, told.join(re.split(_PART, door.path)))
        for told in (*DAYS, *NUMBERS, *TEXTS)[:few]:
            self.ask(method, here + "?" + "&".join(f"{name}={told}" for name in NAMES))
        for headers in HEADERS[:few]:
            self.ask(method, here, headers)
        for body, kind in product(BODIES, KINDS) if method == "POST" and few is None else ():
            self.ask(method, here, {"Content-Type": kind}, body)

    def ask(
        self, method: str, target: str, more: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        self.asked += 1
        came_from = {"X-Forwarded-For": f"2001:db8:{self.asked:x}::1"}
        headers = {**self.headers, **came_from, **(more or {})}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        # httpx would write the target as it should be.
        told: Any = {"target": quote(target, safe=printable.strip()).encode()}
        answer = self.client.request(
            method, self.site.address, headers=raw, content=body, extensions=told
        )
        if answer.status_code >= 500 and not target.startswith("/readyz"):  # no feeds are running
            self.broken.append(f"{method} {target[:90]} {more} {body[:60]!r}: {answer.status_code}")


def asker(site: Site, who: Who) -> Asker:
    headers = {"Origin": site.address, "Accept": "text/html"}
    if who in ("viewer", "admin"):
        headers["Cookie"] = site.cookie(f"Uji {who}", who)
    return Asker(site, who, headers, httpx.Client(timeout=30))


@pytest.mark.timeout(400)  # thousands of requests
@pytest.mark.parametrize("who", ["everybody", "viewer", "admin"])
def test_nonsense_at_any_door_is_answered_and_no_fault_of_ours(open_site: Site, who: Who) -> None:
    asking = asker(open_site, who)
    with asking.client:
        for door in sorted(DOORS, key=lambda door: door.path == "/sign-out"):
            for method in door.methods:
                if method != "WS":
                    asking.all_at(door, method)
    assert not asking.broken
    assert "Traceback" not in open_site.log()
    assert open_site.answers()
