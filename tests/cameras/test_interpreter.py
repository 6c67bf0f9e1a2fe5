"""RTSP on behalf of FFmpeg: what the camera gets, and what FFmpeg gets. Without any socket."""

from __future__ import annotations

import hashlib
import re
from urllib.request import parse_http_list, parse_keqv_list

import pytest

from commandcenter.video.interpreter import Interpreter, Message, Refusal
from tests.leaks import secret

OURS, THEIRS = "rtsp://127.0.0.1:40001", "rtsp://10.0.0.5:554"
PASSWORD = secret("rahasia: di tengah")
SHA = 'WWW-Authenticate: Digest realm="IPC", nonce="n1", algorithm=SHA-256'
SDP = "v=0\r\nm=video 0 RTP/AVP 26\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


def ask(method: str, number: int = 1, url: str = f"{OURS}/x") -> bytes:
    return f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: Lavf\r\n\r\n".encode()


def answer(status: str, number: int, *headers: str, body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {status}", f"CSeq: {number}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body]).encode()


def interpreter() -> Interpreter:
    return Interpreter(OURS, THEIRS, "ops", PASSWORD)


def proof(request: bytes) -> dict[str, str]:
    """What the Digest of a request says."""
    (told,) = Message.read(request).all("authorization")
    return parse_keqv_list(parse_http_list(told.removeprefix("Digest ")))


def test_a_camera_that_knows_sha_256_alone_is_answered_and_ffmpeg_never_hears_of_it() -> None:
    """AlexxIT/go2rtc#2344: FFmpeg knows MD5 alone."""
    between = interpreter()
    first = between.asked(ask("DESCRIBE", 7))
    assert first.startswith(b"DESCRIBE rtsp://10.0.0.5:554/x RTSP/1.0\r\n")
    told, again = between.answered(answer("401 Unauthorized", 1, SHA))
    assert told == b""
    said = proof(again)

    def h(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    inner = h(f"ops:IPC:{PASSWORD}"), h(f"DESCRIBE:{THEIRS}/x")
    assert said["response"] == h(f"{inner[0]}:n1:{inner[1]}")
    told, again = between.answered(answer("200 OK", 2, body=SDP))
    assert again == b""
    assert b"CSeq: 7\r\n" in told
    assert b"RTP/AVP 96" in told
    assert b"RTP/AVP 26" not in told
    assert proof(between.asked(ask("SETUP", 8, f"{THEIRS}/x/track1")))["nonce"] == "n1"


def test_a_nonce_that_is_too_old_is_answered_once_more_and_a_refusal_is_handed_on() -> None:
    between = interpreter()
    between.asked(ask("PLAY"))
    assert between.answered(answer("401 Unauthorized", 1, SHA))[1]
    stale = SHA.replace("n1", "n2") + ", stale=TRUE"
    told, again = between.answered(answer("401 Unauthorized", 2, stale))
    assert (told, proof(again)["nonce"]) == (b"", "n2")
    told, again = between.answered(answer("401 Unauthorized", 3, stale))
    assert told.startswith(b"RTSP/1.0 401")
    assert again == b""


def test_what_is_refused_after_the_description_is_known_until_it_is_granted() -> None:
    """AlexxIT/go2rtc#1616, GSYVideoPlayer#3338, google/ExoPlayer#9800: refused by SETUP."""
    between = interpreter()
    between.asked(ask("SETUP"))
    between.answered(answer("453 Not Enough Bandwidth", 1))
    assert between.refusal == Refusal(453, offered=False, stale=False)
    between.asked(ask("SETUP"))
    between.answered(answer("401 Unauthorized", 2, SHA))
    between.answered(answer("401 Unauthorized", 3, SHA))
    assert between.refusal == Refusal(401, offered=True, stale=False)
    between.asked(ask("SETUP"))
    between.answered(answer("200 OK", 4))
    between.asked(ask("GET_PARAMETER"))
    between.answered(answer("501 Not Implemented", 5))
    assert between.refusal is None


def test_a_redirect_is_never_handed_on() -> None:
    between = interpreter()
    between.asked(ask("DESCRIBE"))
    told, _ = between.answered(answer("302 Moved", 1, "Location: rtsp://10.9.9.9/x"))
    assert told.startswith(b"RTSP/1.0 403")
    assert b"10.9.9.9" not in told


@pytest.mark.parametrize(
    ("base", "kept"),
    [
        ("rtsp://10.0.0.5/x/", True),
        ("rtsp://10.0.0.5:554/x?channel=1&subtype=0/", True),
        ("10.0.0.5:554/x/", False),  # scottlamb/moonfire-nvr#356, bluenviron/mediamtx#825
        ("rtsp://rtsp://10.0.0.5/x/", False),  # AlexxIT/go2rtc#208
        ("", False),
    ],
)
def test_a_base_that_is_no_address_is_left_out(base: str, kept: bool) -> None:
    between = interpreter()
    between.asked(ask("DESCRIBE"))
    told, _ = between.answered(answer("200 OK", 1, f"Content-Base: {base}", body=SDP))
    assert (b"Content-Base" in told) is kept


def test_pictures_pass_however_they_are_cut() -> None:
    between = interpreter()
    between.asked(ask("PLAY", 3))
    packet = b"$\x00\x00\x05RTSP/" + b"$\x01\x00\x02\r\n"
    whole = packet + answer("200 OK", 1) + packet
    told = b"".join(between.answered(whole[at : at + 1])[0] for at in range(len(whole)))
    assert told == packet + Message.read(answer("200 OK", 3)).write() + packet
    assert between.asked(b"$\x01\x00\x01x") == b"$\x01\x00\x01x"


def test_what_is_left_of_a_broken_picture_swallows_no_whole_one() -> None:
    """bluenviron/gortsplib#653, curl#10808: bytes without a head between two pictures."""
    between = interpreter()
    picture = b"$\x00\x00\x05hello"
    for junk in (b"garbage \xff\xa5 z", b"ABC\xff", b"HALF A LINE\n", b"a" * 300):
        told, _ = between.answered(picture + junk + picture)
        assert told.endswith(picture)
        assert told.count(picture) == 2


def test_a_message_without_an_end_is_no_reason_to_gather_bytes_for_ever() -> None:
    between = interpreter()
    between.answered(b"RTSP/1.0 200 OK\r\nX: " + b"x" * 200_000)
    with pytest.raises(ValueError, match="too long"):
        between.answered(b"RTSP/1.0 200 OK\r\nX: " + b"x" * 200_000)


def test_what_a_camera_asks_of_us_is_handed_on_and_so_is_our_answer() -> None:
    between = interpreter()
    asked = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    assert between.answered(asked) == (asked, b"")
    assert re.match(rb"RTSP/1.0 200", between.asked(answer("200 OK", 1)))
