"""Cameras that hand out JPEGs over HTTP, by Digest, by Basic, and broken ones."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from tests.cameras.conftest import PASSWORD, Room

USER = "operator"


def jpeg(grey: int) -> bytes:
    """A plain grey picture; made by cv2, in this process, which is a test's."""
    import cv2
    import numpy as np

    return cv2.imencode(".jpg", np.full((300, 1280, 3), grey, np.uint8))[1].tobytes()


class HttpCamera(BaseHTTPRequestHandler):
    """/open, /digest and /basic are pictures; the others are what can go wrong."""

    protocol_version = "HTTP/1.1"
    picture = b""

    def do_GET(self) -> None:
        if self.path == "/digest" and not self._digest():
            self._send(401, b"", ("WWW-Authenticate", 'Digest realm="cam", nonce="n1", qop="auth"'))
        elif self.path == "/basic" and not self._basic():
            self._send(401, b"", ("WWW-Authenticate", 'Basic realm="cam"'))
        elif self.path in ("/open", "/digest", "/basic"):
            self._send(200, self.picture)
        elif self.path == "/broken":
            self._send(200, self.picture[:200])
        elif self.path == "/page":
            self._send(200, b"<html>login</html>")
        elif self.path == "/huge":
            self._send(200, b"\xff\xd8" + bytes(17 << 20))
        else:
            self._send(404, b"")

    def _digest(self) -> bool:
        said = parse_keqv_list(
            parse_http_list(self.headers.get("Authorization", "Digest").partition(" ")[2])
        )
        if not said:
            return False

        def h(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        secret, request = h(f"{USER}:cam:{PASSWORD}"), h("GET:/digest")
        middle = ":".join(said[k] for k in ("nonce", "nc", "cnonce", "qop"))
        return said["response"] == h(f"{secret}:{middle}:{request}")

    def _basic(self) -> bool:
        proof = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {proof}"

    def _send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle of a huge picture is what is wanted."""


@pytest.fixture
def camera() -> Iterator[str]:
    HttpCamera.picture = jpeg(120)
    server = Quiet(("127.0.0.1", 0), HttpCamera)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_snapshots_are_fetched_and_what_is_wrong_with_them_is_told(
    room: Room, camera: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", PASSWORD)
    monkeypatch.setenv("WRONG", "guess")
    room.watch(
        f"open,A,{camera}/open,,",
        f"digest,B,{camera}/digest,{USER},env:CAMERA_PASSWORD",
        f"basic,C,{camera}/basic,{USER},env:CAMERA_PASSWORD",
        f"locked,D,{camera}/digest,{USER},env:WRONG",
        f"gone,E,{camera}/none,,",
        f"broken,F,{camera}/broken,,",
        f"page,G,{camera}/page,,",
        f"huge,H,{camera}/huge,,",
    )
    wanted = dict.fromkeys(("open", "digest", "basic"), "live")
    wanted |= dict.fromkeys(("broken", "page", "huge"), "unsupported")
    wanted |= {"locked": "unauthorized", "gone": "not_found"}
    await room.until(lambda: room.states() == wanted, f"the states are {wanted}")
    assert (room.now("open")["width"], room.now("open")["height"]) == (640, 150)
    assert room.now("huge")["detail"] == "gambarnya lebih besar dari 16 MB"
    aside = {source: (reason, body) for source, reason, body in room.tray.kept}
    assert aside["broken"] == ("gambar JPEG rusak", HttpCamera.picture[:200])
    assert aside["page"] == ("jawabannya bukan gambar JPEG", b"<html>login</html>")


async def test_a_snapshot_that_stays_the_same_is_frozen_until_it_changes(
    room: Room, camera: str
) -> None:
    room.watch(f"cam,A,{camera}/open,,", every=0.1, frozen_after=0.5)
    await room.until(lambda: room.state("cam") == "frozen", "it is frozen")
    HttpCamera.picture = jpeg(160)
    await room.until(lambda: room.state("cam") == "live", "it is live again")
