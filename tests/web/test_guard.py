"""The guard: who may knock, at which doors, under which name."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from commandcenter.web.guard import COOKIE, Guard, Rules
from tests.web.conftest import Site

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.address) as found:
        yield found


@pytest.mark.parametrize("path", ["/", "/wall/utama", "/wall/utama/", "/wall/samping", "/console"])
def test_a_page_is_served_whole_also_as_the_first_that_is_asked_for(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "/assets/live.js" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "/unknown",
        "/wall/lain",
        "/wall/pairing/x",
        "/screens/x",
        "/screens/displays/x/control",
        "/docs",
        "/redoc",
        "/openapi.json",
        "/healthz/",
        "/health",
        "/metrics/x",
        "/console/x",
        "/rejects",
        "/_reload-hash",
        "/_dash-ws-callback",
        "/_alive_x",
        "/assets/no-such-file.js",
        "/snapshots/simpang/1.png",
        "/.git/config",
        "/assets/../config.toml",
        "/assets/%2e%2e/config.toml",
        "/assets/..%2fconfig.toml",
    ],
)
def test_what_is_not_there_is_answered_404(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1:8050"])
def test_a_host_name_that_is_not_ours_is_refused(client: httpx.Client, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    assert answer.status_code == 400
    assert "[web] names" in answer.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/unknown", "/readyz", "/assets/live.js"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts


def knock(site: Site, path: str, *headers: str) -> int:
    """The HTTP status that a WebSocket handshake gets; 101 is a welcome."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        return int(connection.recv(64).split(b" ")[1])


def test_the_live_socket_opens_to_our_own_page(site: Site) -> None:
    host, origin = f"Host: 127.0.0.1:{site.port}", f"Origin: {site.address}"
    assert knock(site, "/live?page=/wall/utama", host, origin) == 101


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://evil.example:{port}",
        "http://127.0.0.1:{other}",
        "http://localhost:{port}",  # a name of ours, but not the one that was called
        "http://127.0.0.1.evil.example:{port}",
        "http://127.0.0.1@evil.example:{port}",
        "127.0.0.1:{port}",
    ],
)
def test_the_live_socket_stays_shut_for_any_other_origin(site: Site, origin: str | None) -> None:
    headers = [f"Host: 127.0.0.1:{site.port}"]
    if origin is not None:
        headers.append("Origin: " + origin.format(port=site.port, other=site.port + 1))
    assert knock(site, "/live?page=/wall/utama", *headers) == 403


def test_the_live_socket_stays_shut_for_a_name_that_was_rebound_to_us(site: Site) -> None:
    rebound = f"evil.example:{site.port}"
    assert knock(site, "/live", f"Host: {rebound}", f"Origin: http://{rebound}") == 403


@pytest.mark.parametrize("path", ["/_dash-ws-callback", "/", "/wall/utama", "/healthz"])
def test_there_is_no_other_socket(site: Site, path: str) -> None:
    host, origin = f"Host: 127.0.0.1:{site.port}", f"Origin: {site.address}"
    assert knock(site, path, host, origin) == 403


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_callbacks_and_steps_come_from_our_own_pages_only(
    client: httpx.Client, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    for path in ("/_dash-update-component", "/console/steps", "/a/x.y"):
        assert client.post(path, json={}, headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("page", "shown"),
    [("/", "panel-network"), ("/wall/utama", "panel-network"), ("/console", '"Console"')],
)
def test_the_layout_is_that_of_the_page_which_asks(
    client: httpx.Client, page: str, shown: str
) -> None:
    drawn = client.get("/_dash-layout", params={"page": page}).text
    assert shown in drawn
    assert ('"Console"' in drawn) == (page == "/console")


def test_the_layout_of_a_page_that_is_not_there_says_so(client: httpx.Client) -> None:
    assert "Halaman ini tidak ada" in client.get("/_dash-layout", params={"page": "/nowhere"}).text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_the_console_does_not_answer_to_a_proxy(client: httpx.Client, header: str) -> None:
    for path in ("/console", "/console/rejects", "/console/incidents/1/log", "/console/history"):
        assert client.get(path, headers={header: "127.0.0.1"}).status_code == 403
        assert client.get(path).status_code == 200


THEIRS, REVOKED = "token-of-display-7", "token-of-a-revoked-display"
RULES = Rules(
    names=("ours",),
    pages={"/", "/console", "/screens", "/wall", "/wall/utama"},
    policy="x",
    displays=lambda token: 7 if token == THEIRS else None,
)
HERE, ELSEWHERE = "127.0.0.1", "10.0.0.9"


def doors(text: str) -> list[str]:
    """ "GET /x", "POST /y"… of a text with one or more a line."""
    return [door.strip() for line in text.strip().splitlines() for door in line.split("|")]


OPEN = doors("""
    GET /assets/live.js | GET /_dash-component-suites/dash/x.js | GET /_favicon.ico
    GET /wall | GET /wall/ | POST /wall/pairing | POST /wall/pairing/collect
    GET /healthz | GET /readyz | GET /metrics | GET /a/abc-_1.xyz | POST /a/abc-_1.xyz
""")
FOR_DISPLAYS = doors("""
    WS /live?page=/wall | GET /_dash-layout?page=/wall | GET /_dash-layout?page=/wall/
    GET /_dash-layout?page=%2Fwall&lang=en
""")
FOR_DISPLAYS_AND_HERE = doors("""
    GET /_dash-dependencies | POST /_dash-update-component | GET /snapshots/simpang/17.jpg
""")
HERE_ONLY = doors("""
    GET / | GET /wall/utama | GET /wall/utama/
    WS /live | WS /live?page=/ | WS /live?page=/wall/utama | WS /live?page=/console
    GET /_dash-layout | GET /_dash-layout?page= | GET /_dash-layout?page=/
    GET /_dash-layout?page=/wall/utama | GET /_dash-layout?page=/nowhere
    GET /_dash-layout?page=/console | GET /_dash-layout?page=/console//
    GET /_dash-layout?page=%2Fscreens | WS /live?page=/screens/
    GET /console | GET /console/ | GET /console/rejects | GET /console/incidents/1/log
    POST /console/steps | GET /console/incidents/1 | GET /console/evidence/1
    GET /console/history?page=2 | GET /console/history.csv | GET /console/channels
    GET /console/maintenance | GET /console/maintenance.ics | POST /console/maintenance
    POST /console/maintenance/1/cancel | GET /console/handover | POST /console/handover
    POST /console/handover/1/take | POST /console/handover/1/refuse
    POST /console/channels/telegram/test
    GET /screens | GET /screens/ | POST /screens/pair | POST /screens/guests
    POST /screens/displays/3/control | POST /screens/displays/3/change
    POST /screens/displays/3/revoke | POST /screens/presets
    POST /screens/presets/apply | POST /screens/presets/delete
""")
MIXED = doors("""
    GET /_dash-layout?page=/wall&page=/console | GET /_dash-layout?page=/console&page=/wall
    WS /live?page=/wall&page=/ | WS /live?page=/wall&page=
""")
NOBODY = doors("""
    POST /console/incidents/1/acknowledge | GET /a/ | GET /a/x/y | GET /console/evidence/x
    GET /unknown | GET /wall/lain | GET /wall/pairing/x | GET /screens/x | GET /wall//
    WS /_dash-ws-callback | WS /wall | WS /wall/pairing | WS /assets/live.js
""")


async def _inner(scope: Scope, receive: Receive, send: Send) -> None:
    display = scope.get("state", {}).get("display", "nobody")
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "subprotocol": str(display)})
    else:
        await PlainTextResponse(str(display))(scope, receive, send)


async def at_the_door(asked: str, address: str, token: str = "") -> str:
    """What whoever knocks so is told: its display's number or "nobody" inside, "" outside."""
    method, _, whole = asked.partition(" ")
    path, _, query = whole.partition("?")
    headers = {"host": "ours", "origin": "http://ours"}
    if token:
        headers["cookie"] = f"theme=dark; {COOKIE}={token}"
    scope = {
        "type": "websocket" if method == "WS" else "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (address, 1234),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if method == "WS" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await Guard(_inner, RULES)(scope, receive, send)
    first = sent[0]
    if first["type"] == "websocket.close":
        assert first["code"] == 4403
        return ""
    if first["type"] == "websocket.accept":
        return str(first["subprotocol"])
    if first["status"] != 200:
        assert first["status"] in (403, 404)
        return ""
    return str(sent[1]["body"].decode())


@pytest.mark.parametrize("asked", [*OPEN, *FOR_DISPLAYS, *FOR_DISPLAYS_AND_HERE, *HERE_ONLY])
@pytest.mark.parametrize("token", ["", REVOKED, "unknown"])
async def test_from_elsewhere_without_a_valid_token_only_the_open_doors_open(
    asked: str, token: str
) -> None:
    assert await at_the_door(asked, ELSEWHERE, token) == ("nobody" if asked in OPEN else "")


@pytest.mark.parametrize("asked", [*OPEN, *FOR_DISPLAYS, *FOR_DISPLAYS_AND_HERE, *HERE_ONLY])
async def test_from_elsewhere_a_token_opens_the_displays_own_wall_and_no_other_page(
    asked: str,
) -> None:
    told = await at_the_door(asked, ELSEWHERE, THEIRS)
    if asked in FOR_DISPLAYS or asked.rstrip("/") == "GET /wall":
        assert told == "7"
    else:
        assert told == ("" if asked in HERE_ONLY else "nobody")


@pytest.mark.parametrize("asked", [*OPEN, *FOR_DISPLAYS, *FOR_DISPLAYS_AND_HERE, *HERE_ONLY])
@pytest.mark.parametrize("token", ["", REVOKED])
async def test_on_this_machine_everything_opens_but_the_wall_of_a_display_one_is_not(
    asked: str, token: str
) -> None:
    assert await at_the_door(asked, HERE, token) == ("" if asked in FOR_DISPLAYS else "nobody")


@pytest.mark.parametrize("asked", [*OPEN, *FOR_DISPLAYS, *FOR_DISPLAYS_AND_HERE, *HERE_ONLY])
async def test_on_this_machine_a_display_is_one_at_its_wall_only(asked: str) -> None:
    own = asked in FOR_DISPLAYS or asked.rstrip("/") == "GET /wall"
    assert await at_the_door(asked, HERE, THEIRS) == ("7" if own else "nobody")


@pytest.mark.parametrize("asked", MIXED)
async def test_a_token_opens_no_other_page_that_is_named_beside_its_own(asked: str) -> None:
    assert await at_the_door(asked, ELSEWHERE, THEIRS) == ""
    assert await at_the_door(asked, HERE, THEIRS) == "nobody"
    assert await at_the_door(asked, HERE) == ""


POSTED = {d[5:] for d in OPEN + HERE_ONLY if d.startswith("POST ")}
READ = {d[4:] for d in OPEN + HERE_ONLY if d.startswith("GET ")}  # some doors do both


@pytest.mark.parametrize("door", sorted(POSTED - READ))
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_door_that_changes_something_cannot_be_looked_through(
    door: str, method: str
) -> None:
    transport = httpx.ASGITransport(app=Guard(_inner, RULES), client=(HERE, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://ours") as client:
        assert (await client.request(method, door)).status_code == 405


@pytest.mark.parametrize("asked", NOBODY)
async def test_what_is_not_a_door_opens_to_nobody(asked: str) -> None:
    for address in (HERE, ELSEWHERE):
        for token in ("", THEIRS):
            assert await at_the_door(asked, address, token) == ""


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("", False),
        ("testclient", False),
        ("10.0.0.9", False),
        ("::ffff:10.0.0.9", False),
        ("127.0.0.1.evil.example", False),
    ],
)
async def test_this_machine_is_known_by_its_address(address: str, opens: bool) -> None:
    assert await at_the_door("GET /console", address) == ("nobody" if opens else "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/wall/pairing", "/screens/guests", "/screens/pair"])
async def test_what_changes_something_comes_from_our_own_page(method: str, path: str) -> None:
    transport = httpx.ASGITransport(app=Guard(_inner, RULES), client=(HERE, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://ours") as client:
        for origin in ("http://evil.example", "null", "http://ours.evil.example"):
            answer = await client.request(method, path, headers={"Origin": origin})
            assert answer.status_code == 403
        own = await client.request(method, path, headers={"Origin": "http://ours"})
        assert own.status_code == 200


def assets(page: str) -> list[str]:
    """The addresses of scripts and styles in a page."""
    words = page.replace('src="', 'href="').split('href="')[1:]
    found = [word.partition('"')[0] for word in words]
    return [f for f in found if f.partition("?")[0].endswith((".js", ".css"))]


def test_scripts_and_styles_are_compressed_and_kept_by_the_browser_for_ever(
    site: Site, client: httpx.Client
) -> None:
    addresses = assets(client.get("/").text)
    assert len(addresses) > 10
    for address in addresses:
        raw = client.get(address, headers={"Accept-Encoding": "identity"}).content
        for _ in range(2):  # the second comes from memory
            status, headers, body = fetch(site, address)
            assert status == 200
            assert "max-age=31536000" in headers["cache-control"]
            if len(raw) >= 1024:
                assert headers["content-encoding"] == "gzip"
                assert gzip.decompress(body) == raw
                assert int(headers["content-length"]) == len(body) < len(raw)


def fetch(site: Site, address: str) -> tuple[int, httpx.Headers, bytes]:
    """A GET whose body stays as it came over the wire."""
    asked: dict[str, Any] = {"headers": {"Accept-Encoding": "gzip"}}
    with httpx.stream("GET", site.address + address, **asked) as answer:
        return answer.status_code, answer.headers, b"".join(answer.iter_raw())
