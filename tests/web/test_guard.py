"""The guard: who may knock, at which doors, under which name."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.web.conftest import Site

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture(scope="module")
def client(site: Site) -> Iterator[httpx.Client]:
    with site.client() as found:
        yield found


@pytest.mark.parametrize("path", ["/", "/wall/utama", "/wall/utama/", "/wall/samping", "/console"])
def test_a_page_is_served_whole_also_as_the_first_that_is_asked_for(
    client: httpx.Client, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "/assets/live.js" in answer.text
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.asvs("1.1.1", "5.3.1", "13.4.1", "13.4.3")
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


@pytest.mark.asvs("1.2.3", "3.2.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6")
@pytest.mark.parametrize("path", ["/", "/healthz", "/unknown", "/readyz", "/assets/live.js"])
def test_every_answer_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    policy = headers["content-security-policy"]
    for closed in ("frame-ancestors", "object-src", "base-uri"):
        assert f"{closed} 'none'" in policy
    assert not [name for name in headers if name.startswith("access-control-")]
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
    assert knock(site, "/live?page=/wall/utama", host, origin) == 403
    cookie = f"Cookie: {site.cookie()}"
    assert knock(site, "/live?page=/wall/utama", host, origin, cookie) == 101


@pytest.mark.asvs("4.4.2")
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
        "https://127.0.0.1:{port}",
        "http://[127.0.0.1",
        "http://[" + "a" * 8000,
        "https://" * 900,
    ],
)
def test_the_live_socket_stays_shut_for_any_other_origin(site: Site, origin: str | None) -> None:
    headers = [f"Host: 127.0.0.1:{site.port}", f"Cookie: {site.cookie()}"]
    if origin is not None:
        headers.append("Origin: " + origin.format(port=site.port, other=site.port + 1))
    assert knock(site, "/live?page=/wall/utama", *headers) == 403


def test_a_proxy_that_speaks_tls_and_is_not_named_is_told_what_to_do(site: Site) -> None:
    with httpx.Client(base_url=site.address, headers={"Cookie": site.cookie()}) as client:
        origin = site.address.replace("http:", "https:")
        answer = client.post("/console/steps", headers={"Origin": origin}, json={})
    assert answer.status_code == 403
    assert "[web] proxies" in answer.text
    assert "see [web] proxies" in site.log()


def test_an_origin_that_is_none_is_refused_like_any_other(client: httpx.Client) -> None:
    answer = client.post(
        "/sign-out", headers={"Origin": "http://[", "Cookie": "commandcenter_session=x"}
    )
    assert answer.status_code == 403


def test_the_live_socket_stays_shut_for_a_name_that_was_rebound_to_us(site: Site) -> None:
    rebound = f"evil.example:{site.port}"
    assert knock(site, "/live", f"Host: {rebound}", f"Origin: http://{rebound}") == 403


@pytest.mark.parametrize("path", ["/_dash-ws-callback", "/", "/wall/utama", "/healthz"])
def test_there_is_no_other_socket(site: Site, path: str) -> None:
    host, origin = f"Host: 127.0.0.1:{site.port}", f"Origin: {site.address}"
    assert knock(site, path, host, origin) == 403


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_callbacks_and_steps_come_from_our_own_pages_only(
    client: httpx.Client, origin: str | None
) -> None:
    headers = {"Origin": origin or ""}
    for path in ("/_dash-update-component", "/console/steps", "/a/x.y", "/sign-in", "/sign-out"):
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


@pytest.mark.asvs("15.3.7")
def test_the_layout_of_a_page_that_is_not_there_says_so(client: httpx.Client) -> None:
    assert "Halaman ini tidak ada" in client.get("/_dash-layout", params={"page": "/nowhere"}).text


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
    headers = {"Accept-Encoding": "gzip", "Cookie": site.cookie()}
    asked: dict[str, Any] = {"headers": headers}
    with httpx.stream("GET", site.address + address, **asked) as answer:
        return answer.status_code, answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize(("hosts", "status"), [(1, b"200"), (2, b"400")])
def test_a_request_for_two_hosts_is_for_none(site: Site, hosts: int, status: bytes) -> None:
    """RFC 9112, section 3.2: a proxy in front may have meant the other one."""
    named = [f"Host: 127.0.0.1:{site.port}", "Host: elsewhere.example"][:hosts]
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as connection:
        connection.sendall("\r\n".join(["GET /healthz HTTP/1.1", *named, "", ""]).encode())
        assert connection.recv(64).split(b" ")[1] == status


@pytest.mark.asvs("2.4.1")
def test_whoever_copies_all_that_there_is_has_to_wait_and_is_named_to_administrators(
    site: Site,
) -> None:
    with site.client("Sari Export", "leader") as sari, site.client("Budi", "leader") as budi:
        answers = [sari.get("/console/history.csv?lang=en") for _ in range(45)]
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert [answer.status_code for answer in answers[:30]] == [200] * 30
        assert int(refused.headers["Retry-After"]) >= 1
        assert "Too many requests in a short time" in refused.text
        assert sari.get("/console").status_code == 200
        assert budi.get("/console/history.csv").status_code == 200
    with site.client("Ani", "admin") as admin:
        told = admin.get("/admin/audit?lang=en").text
    assert "Sari Export asked for too much in a short time and had to wait" in told
