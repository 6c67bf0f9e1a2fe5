"""What is judged without a camera: stillness, answers to challenges, the list, the messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from commandcenter.feed import SourceDown
from commandcenter.reading import Reading
from commandcenter.video import rtsp
from commandcenter.video.messages import (
    LENGTHS,
    BadReport,
    CameraFault,
    Picture,
    Report,
    Task,
    lengths,
)
from commandcenter.video.stillness import Stillness
from commandcenter.video.supervisor import pause
from tests.cameras.conftest import Room

AT = datetime(2026, 11, 21, 2, 42, 17, tzinfo=UTC)


def look(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (90, 160), np.uint8)


def seconds_still(looks: list[NDArray[np.uint8]]) -> float:
    """How long the last of these looks, one a second, has not changed."""
    stillness = Stillness()
    for second, one in enumerate(looks):
        at = AT + timedelta(seconds=second)
        changed = stillness.judge(one, at)
    return (at - changed).total_seconds()


def test_a_picture_that_repeats_is_still() -> None:
    assert seconds_still([look()] * 30) == 29


def test_an_encoder_that_swings_between_a_few_looks_of_one_picture_is_still() -> None:
    swings = [look(seed) for seed in range(6)]
    assert seconds_still(swings * 5) == 24


def test_the_digit_of_a_clock_is_a_change() -> None:
    looks = []
    for second in range(30):
        one = look()
        one[2:4, 8:10] = second * 8
        looks.append(one)
    assert seconds_still(looks) == 0


def test_noise_of_a_few_grey_levels_is_no_change() -> None:
    noisy = [np.clip(look() // 2 + 60 + look(n) % 5, 0, 255).astype(np.uint8) for n in range(30)]
    assert seconds_still(noisy) >= 25


def test_digest_answers_as_the_example_of_rfc_2617_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "0a4f113b")
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    said = rtsp.authorization(
        [challenge], "/dir/index.html", "Mufasa", "Circle Of Life", method="GET"
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in said
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in said


def test_digest_is_preferred_to_basic_and_basic_is_taken_when_alone() -> None:
    both = ['Basic realm="x"', 'Digest realm="x", nonce="n", algorithm=SHA-256']
    assert rtsp.authorization(both, "rtsp://x/", "a", "b").startswith("Digest ")
    assert rtsp.authorization(both[:1], "rtsp://x/", "a", "b:c") == "Basic YTpiOmM="
    with pytest.raises(CameraFault, match="tidak dikenal"):
        rtsp.authorization(["Negotiate"], "rtsp://x/", "a", "b")


def test_an_address_carries_the_password_url_encoded_and_repr_does_not() -> None:
    task = Task(camera="x", url="rtsp://[::1]:554/a?b=c", user="me@home", password="a:/#?@")
    assert task.url_with_password == "rtsp://me%40home:a%3A%2F%23%3F%40@[::1]:554/a?b=c"
    assert "#?" not in repr(task)


def test_a_report_is_read_back_as_it_was_written() -> None:
    picture = Picture(captured_at=AT, changed_at=AT, width=4, height=3, jpeg=b"\xff\xd8 jpeg")
    report = Report(
        camera="a", at=AT, within=3.5, thread=7, state="live", picture=picture, rejected=b"\x00"
    )
    raw = report.encode()
    header, jpeg = lengths(raw[: LENGTHS.size])
    body = raw[LENGTHS.size :]
    assert len(body) == header + jpeg
    assert Report.decode(body[:header], body[header:]) == report


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b'{"at": 5}', b"\xff", b'"at"'])
def test_junk_is_not_a_report(junk: bytes) -> None:
    with pytest.raises(BadReport):
        Report.decode(junk, b"")


def test_a_frame_of_absurd_length_is_refused() -> None:
    with pytest.raises(BadReport, match="a frame of"):
        lengths(b"HTTP/1.1")


def test_the_first_worker_is_replaced_at_once_and_later_ones_with_patience() -> None:
    assert [pause(n) for n in (0, 1, 2)] == [0, 0, 0]
    assert 0.75 <= pause(3) <= 1
    assert 22 <= pause(50) <= 30


async def test_a_list_with_mistakes_is_told_with_every_row(room: Room) -> None:
    room.watch("a,A,rtsp://u:hidden@10.0.0.1/x,,", "b,B,ftp://10.0.0.1/x,,", "c,C,rtsp://h/,,plain")
    with pytest.raises(SourceDown) as told:
        await room.look()
    for mistake in ("row 2, column url", "row 3, column url", "row 4, column password"):
        assert mistake in str(told.value)
    assert "hidden" not in str(told.value)


async def test_a_wrong_new_list_is_put_aside_and_the_good_one_stays(room: Room) -> None:
    room.watch("a,A,rtsp://127.0.0.1:1/x,,", "b,B,rtsp://127.0.0.1:1/y,,")
    await room.look()
    room.write("a,A,rtsp://127.0.0.1:1/x,,", "a,A,rtsp://127.0.0.1:1/x,,")
    await room.look()
    assert "a stands there more than once" in room.tray.kept[0][1]
    assert room.states().keys() == {"a", "b"}
    room.write("b,B,rtsp://127.0.0.1:1/y,,")
    await room.look()
    gone = [reading for reading in room.told if reading.value is None]
    assert [reading.key for reading in gone] == ["camera/a"]
    assert room.now("b")["place"] == 0


async def test_a_camera_tells_the_device_that_its_list_says_it_hangs_on(room: Room) -> None:
    room.watch()
    listed = "id,name,url,behind\na,A,rtsp://127.0.0.1:1/x,rtr-gudang\nb,B,rtsp://127.0.0.1:1/y,\n"
    (room.folder / "cameras.csv").write_text(listed)
    await room.look()
    assert (room.now("a")["behind"], room.now("b")["behind"]) == ("rtr-gudang", "")


async def test_a_camera_whose_password_is_not_set_says_which_to_set(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    room.watch("a,A,rtsp://127.0.0.1:1/x,me,env:NOT_SET")
    await room.look()
    assert room.state("a") == "unauthorized"
    assert "NOT_SET" in room.now("a")["detail"]
    before: list[Reading] = list(room.told)
    await room.look()
    assert room.told == before  # said once
