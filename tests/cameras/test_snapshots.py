"""Cameras that hand out JPEGs over HTTP: by Digest, by Basic, over thin links, and broken ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from commandcenter.video import snapshot as fetching
from commandcenter.video.grants import Grants
from commandcenter.video.messages import CameraFault, Report, Task
from commandcenter.video.relay import Relay
from commandcenter.video.snapshot import Fetched, Snapshot
from tests.leaks import secret
from tests.tcp import serving

USER = "operator"
PASSWORD = secret("p@ss:w/or#d?%40 é of http")
JPEG = b"\xff\xd8\xff" + bytes(12_000) + b"\xff\xd9"
CHALLENGES = {
    "/digest": 'Digest realm="cam", nonce="n1", qop="auth"',
    "/sha": 'Digest realm="cam", nonce="n1", qop="auth", algorithm=SHA-256',
    "/basic": 'Basic realm="cam"',
    "/locked": 'Digest realm="cam", nonce="n1", qop="auth"',
}
HASHES = {"/digest": hashlib.md5, "/sha": hashlib.sha256}


@dataclass
class Offered:
    """The passwords that were offered, by path."""

    proofs: dict[str, list[str]] = field(default_factory=dict)


class HttpCamera(BaseHTTPRequestHandler):
    """/open, /digest, /sha and /basic are pictures; the others are what can go wrong."""

    protocol_version = "HTTP/1.1"
    offered = Offered()

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        proof = self.headers.get("Authorization", "")
        if proof:
            self.offered.proofs.setdefault(path, []).append(proof)
        if path in CHALLENGES and not self._right(path, proof):
            self._send(401, b"", ("WWW-Authenticate", CHALLENGES[path]))
        elif path in ("/open", *CHALLENGES):
            self._send(200, JPEG)
        else:
            getattr(self, f"_{path.removeprefix('/')}", self._gone)()

    def _right(self, path: str, proof: str) -> bool:
        if path == "/basic":
            return proof == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if path == "/locked" or not proof:
            return False
        said = parse_keqv_list(parse_http_list(proof.partition(" ")[2]))

        def h(text: str) -> str:
            return HASHES[path](text.encode()).hexdigest()

        asked = h(f"{USER}:cam:{PASSWORD}"), h(f"GET:{self.path}")
        middle = ":".join(said[k] for k in ("nonce", "nc", "cnonce", "qop"))
        return said["response"] == h(f"{asked[0]}:{middle}:{asked[1]}")

    def _gone(self) -> None:
        self._send(404, b"")

    def _busy(self) -> None:
        self._send(503, b"<ResponseStatus>Device Busy</ResponseStatus>")

    def _early(self) -> None:
        self._send(200, b"\r\n" + JPEG)

    def _nothing(self) -> None:
        self._send(200, b"")

    def _filled(self) -> None:
        asked = f"/filled?loginuse={USER}&loginpas={quote(PASSWORD, safe='')}"
        self._send(200 if self.path == asked else 404, JPEG)

    def _json(self) -> None:
        self._send(200, b'[{"cmd":"Snap","code":1,"error":{"detail":"please login first"}}]')

    def _stale(self) -> None:
        """A right password comes too late each other time: somebody else has used up the nonce."""
        if self.headers.get("Authorization", "").count('nonce="n2"'):
            self._send(200, JPEG)
            return
        again = ', stale=TRUE, nonce="n2"' if "Authorization" in self.headers else ', nonce="n1"'
        self._send(401, b"", ("WWW-Authenticate", f'Digest realm="cam", qop="auth"{again}'))

    def _page(self) -> None:
        self._send(200, b"<html>login</html>")

    def _forbidden(self) -> None:
        self._send(403, b"")

    def _mjpeg(self) -> None:
        self._send(200, b"", ("Content-Type", "multipart/x-mixed-replace; boundary=x"))

    def _elsewhere(self) -> None:
        self._send(302, b"", ("Location", "http://me:hidden@169.254.169.254/latest"))

    def _huge(self) -> None:
        self._send(200, b"\xff\xd8" + bytes(17 << 20))

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"10000\r\n" + b"\xff\xd8".ljust(65536, b"x") + b"\r\n")

    def _drips(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response_only(status)
        self.send_header("Date", self.date_time_string())
        for name, value in (("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle of a huge picture is what is wanted."""


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    server = Quiet(("127.0.0.1", 0), HttpCamera)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def task(url: str, **more: Any) -> Task:
    told: dict[str, Any] = {"networks": ("127.0.0.0/8",), "read_timeout": 3.0, "way": "http"}
    return Task(camera="cam", url=url, **told | more)


async def fetch(url: str, **more: Any) -> Fetched:
    camera = Snapshot(task(url, **more))
    try:
        return await camera.fetch()
    finally:
        await camera.close()


@pytest.mark.parametrize("path", ["/open", "/digest", "/sha", "/basic", "/digest?channel=1&x=%20"])
async def test_a_picture_is_fetched_with_whatever_login_is_asked_for(
    camera: str, path: str
) -> None:
    fetched = await fetch(camera + path, user=USER, password=PASSWORD)
    assert fetched.jpeg == JPEG
    assert fetched.age_seconds == 0.0
    assert len(JPEG) < fetched.bytes < len(JPEG) + 1000


@pytest.mark.parametrize(
    ("path", "state", "detail"),
    [
        ("/nowhere", "not_found", "alamat gambar tidak ada di kamera (404)"),
        (
            "/page",
            "unsupported",
            "jawabannya halaman web, bukan gambar JPEG; periksa alamat dan kata sandi",
        ),
        (
            "/json",
            "unsupported",
            "jawabannya pesan JSON, bukan gambar JPEG; periksa alamat dan kata sandi",
        ),
        ("/nothing", "unsupported", "jawaban kamera kosong, bukan gambar JPEG"),
        (
            "/busy",
            "unreachable",
            "kamera sibuk (503); terlalu banyak yang membukanya, atau sedang menyala",
        ),
        ("/forbidden", "unauthorized", "kamera menolak akses (403)"),
        ("/mjpeg", "unsupported", "alamat ini aliran MJPEG, bukan gambar diam"),
        ("/huge", "unsupported", "gambarnya lebih besar dari 16 MB"),
        ("/endless", "unsupported", "gambarnya lebih besar dari 16 MB"),
        ("/digest", "unauthorized", "kamera meminta kata sandi (401)"),
    ],
)
async def test_what_is_wrong_with_it_is_told(
    camera: str, path: str, state: str, detail: str
) -> None:
    with pytest.raises(CameraFault) as told:
        await fetch(camera + path)
    assert (told.value.state, told.value.detail) == (state, detail)


async def test_a_nonce_that_was_too_old_is_answered_once_more_and_refuses_no_password(
    camera: str,
) -> None:
    """RFC 7616 3.3; libwww-perl#166 and nginx-http-auth-digest#41 are clients that gave up."""
    HttpCamera.offered.proofs.clear()
    fetched = await fetch(f"{camera}/stale", user=USER, password=PASSWORD)
    assert fetched.jpeg == JPEG
    assert len(HttpCamera.offered.proofs["/stale"]) == 2


async def test_an_empty_line_before_a_picture_is_left_out(camera: str) -> None:
    assert (await fetch(f"{camera}/early")).jpeg == JPEG


async def test_user_and_password_are_put_into_the_address_where_it_wants_them(camera: str) -> None:
    """sarxos/webcam-capture#255: cameras that know nothing else."""
    url = f"{camera}/filled?loginuse={{user}}&loginpas={{password}}"
    assert (await fetch(url, user=USER, password=PASSWORD)).jpeg == JPEG
    assert PASSWORD not in repr(task(url, user=USER, password=PASSWORD))


async def test_a_refused_password_is_offered_once_an_attempt(camera: str) -> None:
    HttpCamera.offered.proofs.clear()
    with pytest.raises(CameraFault, match="kata sandi ditolak kamera"):
        await fetch(f"{camera}/locked", user=USER, password="guess")
    assert len(HttpCamera.offered.proofs["/locked"]) == 1


@pytest.mark.asvs("1.3.6")
async def test_a_redirect_is_told_and_not_followed(camera: str) -> None:
    with pytest.raises(CameraFault, match=r"mengalihkan ke alamat lain: http://169") as told:
        await fetch(f"{camera}/elsewhere", user=USER, password=PASSWORD)
    assert told.value.state == "unsupported"
    assert "hidden" not in str(told.value)


async def test_a_slow_drip_ends_at_the_read_timeout(camera: str) -> None:
    began = time.monotonic()
    with pytest.raises(CameraFault, match="tidak menjawab dalam"):
        await fetch(f"{camera}/drips", read_timeout=0.3)
    assert time.monotonic() - began < 2


async def test_an_address_outside_of_the_networks_is_not_asked(camera: str) -> None:
    for networks in ((), ("10.0.0.0/8",), ("0.0.0.0/0",)):
        with pytest.raises(CameraFault, match="di luar jaringan"):
            await fetch(f"{camera}/open", networks=networks)


async def test_a_name_keeps_its_host_header_though_its_address_is_pinned(camera: str) -> None:
    port = camera.rpartition(":")[2]
    fetched = await fetch(f"http://localhost:{port}/open", networks=("127.0.0.0/8", "::1/128"))
    assert fetched.jpeg == JPEG


# --- answers that are not as they should be -------------------------------------------------------

HEARD: list[str] = []  # what such a camera was asked
GOAHEAD = "Server: GoaHead\r\nTue, 12 Jun 2012 01:56:34 GMT\r\nContent-Type:image/jpeg\r\n"


async def answered(head: str, body: bytes = JPEG, **more: Any) -> Fetched:
    """What is fetched from a camera that answers so, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        HEARD.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(head.encode("latin-1") + body)

    async with serving(serve) as port:
        return await fetch(f"http://127.0.0.1:{port}/snapshot.cgi", **more)


@pytest.mark.parametrize(
    "head",
    [
        f"HTTP/1.1 200 OK\r\n{GOAHEAD}Content-Length:{len(JPEG)}\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Frame-Options : SAMEORIGIN\r\nContent-Type: image/jpeg\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-type: image/jpeg\nPragma: no-cache\n\n",
        "HTTP/1.1  200  OK\r\nContent-Length: 12 000\r\n\r\n",
        "\r\nHTTP/1.0 200\r\nServer: \x01\r\n\r\n",
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(JPEG) + 48}\r\n\r\n",
    ],
)
async def test_a_picture_is_read_though_its_head_is_not_as_it_should_be(head: str) -> None:
    """home-assistant/core#14960, #38673, #47511, #151745 and wz_mini_hacks#538."""
    assert (await answered(head)).jpeg == JPEG
    assert (await answered(head, rate=500_000.0)).jpeg == JPEG


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "tidak dapat dibaca sebagai HTTP"),
        ("x" * 200_000 + "\r\n\r\n", "sambungan diputus"),
    ],
)
async def test_what_is_no_http_at_all_is_told(said: str, detail: str) -> None:
    with pytest.raises(CameraFault, match=detail) as told:
        await answered(said, b"")
    assert told.value.state == "unreachable"


async def test_what_a_proxy_has_kept_is_as_old_as_it_says_and_is_not_asked_for() -> None:
    """frigate#5902: a proxy between that hands out the same picture for minutes."""
    fetched = await answered("HTTP/1.1 200 OK\r\nAge: 240\r\nContent-Type: image/jpeg\r\n\r\n")
    assert fetched.age_seconds == 240.0
    assert HEARD[-1].lower().count("cache-control: no-cache") == 1


async def test_a_user_and_a_realm_beyond_ascii_are_offered_as_they_are() -> None:
    realm = "Kamera é".encode().decode("latin-1")
    asked = f'WWW-Authenticate: Digest realm="{realm}", nonce="n"'
    with pytest.raises(CameraFault, match="kata sandi ditolak"):
        await answered(f"HTTP/1.1 401 No\r\n{asked}\r\n\r\n", b"", user="Ondřej", password="x")
    assert 'username="Ondřej", realm="Kamera é"' in HEARD[-1]


async def test_a_stream_of_pictures_is_told_however_its_type_is_written() -> None:
    with pytest.raises(CameraFault, match="aliran MJPEG"):
        await answered("HTTP/1.1 200 OK\r\nContent-Type: Multipart/X-Mixed-Replace\r\n\r\n")


# --- twenty cameras behind one link ---------------------------------------------------------------

RATE = 250_000.0  # bytes a second: 2 Mbit/s


class Behind:
    """Cameras behind a link with a budget, as a worker would read them."""

    def __init__(self, url: str, number: int) -> None:
        self.taken: dict[str, int] = {}
        self._granted = {str(n): asyncio.Event() for n in range(number)}
        self._grants = Grants({"radio": RATE}, lambda camera: self._granted[camera].set())
        self._url = url

    async def run(self, turns: int) -> None:
        """Until each has had so many."""
        following = [asyncio.create_task(self._follow(camera)) for camera in self._granted]
        async with asyncio.timeout(15):
            while len(self.taken) < len(following) or min(self.taken.values()) < turns:
                await asyncio.sleep(0.02)
        for one in following:
            one.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        self._grants.close()

    async def _follow(self, name: str) -> None:
        one = replace(task(self._url), camera=name, link="radio", rate=RATE)
        said = Report(camera=name, at=datetime.now(UTC), within=60, thread=1)
        camera = Snapshot(one)
        try:
            while True:
                self._grants.hear(one, replace(said, wants=True))
                await self._granted[name].wait()
                self._granted[name].clear()
                fetched = await camera.fetch()
                self.taken[name] = self.taken.get(name, 0) + 1
                self._grants.hear(one, replace(said, state="live", received=fetched.bytes))
        finally:
            await camera.close()


@pytest.fixture
async def measured(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[tuple[float, int]]]:
    """When how many bytes have come through all relays together."""
    relays: list[Relay] = []

    class Measured(Relay):
        def __init__(self, address: str, port: int, rate: float, **more: Any) -> None:
            super().__init__(address, port, rate, **more)
            relays.append(self)

    samples: list[tuple[float, int]] = []

    async def sample() -> None:
        while True:
            samples.append((time.monotonic(), sum(relay.received for relay in relays)))
            await asyncio.sleep(0.005)

    monkeypatch.setattr(fetching, "Relay", Measured)
    sampling = asyncio.create_task(sample())
    yield samples
    sampling.cancel()


async def test_twenty_cameras_behind_a_link_never_take_more_and_all_get_their_turn(
    camera: str, measured: list[tuple[float, int]]
) -> None:
    cameras = Behind(f"{camera}/open", 20)
    await cameras.run(turns=2)
    most = max(
        max(size for at, size in measured if at <= begin + 1) - before for begin, before in measured
    )
    assert RATE / 2 < most <= RATE  # never more, and the link is used
    assert len(cameras.taken) == 20
    assert max(cameras.taken.values()) - min(cameras.taken.values()) <= 1
