"""What a camera answers to DESCRIBE, and what is made of it; by listeners that answer so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from commandcenter.video.messages import CameraFault
from commandcenter.video.rtsp import Description, describe
from commandcenter.video.sdp import Video
from tests.cameras.conftest import Listener
from tests.leaks import secret
from tests.tcp import serving

Listen = Callable[[bytes | None], Awaitable[Listener]]
PASSWORD = secret("rtsp:p@ss/word")
SDP = """v=0
m=audio 0 RTP/AVP 8
a=rtpmap:8 PCMA/8000
m=video 0 RTP/AVP 96
a=rtpmap:96 H265/90000
a=framerate:12.5
a=x-dimensions:1920,1080
m=application 0 RTP/AVP 107
a=rtpmap:107 vnd.onvif.metadata/90000
"""


def answer(status: str, *headers: str, body: str = "") -> bytes:
    head = [f"RTSP/1.0 {status}", "CSeq: 1", *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(head).encode()


async def asked(camera: Listener, user: str = "", password: str = "") -> Description:
    return await describe(f"rtsp://127.0.0.1:{camera.port}/a b", user, password, 1.0)


async def test_a_description_tells_codec_size_and_rate_of_the_video(listen: Listen) -> None:
    found = await asked(await listen(answer("200 OK", "Server: Cam/1", body=SDP)))
    video = Video(codec="H265", place=1, payload=96, plain=True, width=1920, height=1080, fps=12.5)
    assert found == Description(video=video, server="Cam/1")


async def test_a_line_of_spaces_does_not_end_the_head(listen: Listen) -> None:
    """koush/scrypted#2137: "Session: 8217", a line of one space, and then the rest."""
    found = await asked(await listen(answer("200 OK", "Session: 8217", " ", body=SDP)))
    assert found.video.codec == "H265"


@pytest.mark.parametrize(
    ("said", "state", "detail"),
    [
        (answer("401 No"), "unauthorized", "kamera meminta kata sandi (401)"),
        (answer("403 No"), "unauthorized", "kamera menolak akses (403)"),
        (answer("404 No"), "not_found", "alamat aliran tidak ada di kamera (404)"),
        (answer("503 Busy"), "unreachable", "kamera sibuk (503)"),
        (
            answer("302 Moved", "Location: rtsp://me:hidden@10.0.0.9/x"),
            "unsupported",
            "kamera mengalihkan ke alamat lain: rtsp://10.0.0.9",
        ),
        (answer("200 OK", body="m=audio 0 RTP/AVP 8"), "unsupported", "tidak berisi video"),
        (answer("200 OK", body=SDP.replace("H265", "JPEG")), "unsupported", "format video JPEG"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unsupported", "jawabannya bukan RTSP"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n", "unsupported", "terlalu panjang"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "unsupported", "terlalu panjang"),
        (b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 100_000, "unsupported", "terlalu panjang"),
        (b"x" * 600_000, "unsupported", "jawabannya bukan RTSP"),
        (None, "unreachable", "tidak menjawab dalam 1 detik"),
    ],
)
async def test_every_other_answer_is_a_state_and_a_reason(
    listen: Listen, said: bytes | None, state: str, detail: str
) -> None:
    with pytest.raises(CameraFault) as told:
        await asked(await listen(said))
    assert told.value.state == state
    assert detail in told.value.detail


@pytest.mark.parametrize(
    ("challenge", "begin"),
    [
        ('Basic realm="x"', b"Authorization: Basic "),
        ('Digest realm="x", nonce="n"', b'Authorization: Digest username="me"'),
        ('Digest realm="x", nonce="n", algorithm=SHA-256', b"algorithm=SHA-256"),
    ],
)
async def test_a_password_is_offered_once_and_only_when_it_is_asked_for(
    listen: Listen, challenge: str, begin: bytes
) -> None:
    camera = await listen(answer("401 No", f"WWW-Authenticate: {challenge}"))
    with pytest.raises(CameraFault, match="kata sandi ditolak"):
        await asked(camera, "me", PASSWORD)
    assert len(camera.requests) == 2
    assert b"Authorization" not in camera.requests[0]
    assert begin in camera.requests[1]
    assert b"/a%20b RTSP/1.0" in camera.requests[1]  # one line, whatever the address holds


async def test_a_camera_of_ipv6_is_asked() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer("200 OK", body=SDP))

    async with serving(serve, "::1") as port:
        found = await describe(f"rtsp://[::1]:{port}/x", "", "", 2.0)
    assert found.video.codec == "H265"
