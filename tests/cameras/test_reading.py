"""Reading one camera: packets, keyframes, bursts, turns. Real streams, the thread of one watch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeAlias

import cv2
import numpy as np
import pytest

from commandcenter.video import capture, jpeg
from commandcenter.video.capture import Frame, Stream, decode_keyframe
from commandcenter.video.clock import Pace
from commandcenter.video.keyframes import SHORTEN
from commandcenter.video.messages import CameraFault, Picture, Report, Task
from commandcenter.video.session import Session, Shot
from commandcenter.video.torn import is_torn
from commandcenter.video.watch import Watch
from tests.cameras.footage import Film, film
from tests.cameras.strange_camera import StrangeCamera
from tests.conftest import wait_until


class Watched:
    """A watch in this process, and what it told."""

    def __init__(self, task: Task) -> None:
        self.reports: list[Report] = []
        self.watch = Watch(task, self.reports.append)
        self.watch.start()

    def renew(self, **changes: Any) -> None:
        self.watch.renew(replace(self.watch.task, **changes))

    def until(self, true: Callable[[], bool], what: str) -> None:
        wait_until(true, f"{what}; now {[(r.state, r.detail) for r in self.reports[-5:]]}")

    @property
    def pictures(self) -> list[Picture]:
        return [report.picture for report in self.reports if report.picture is not None]

    @property
    def states(self) -> list[str]:
        return [report.state for report in self.reports if report.state is not None]

    @property
    def details(self) -> list[str]:
        return [report.detail for report in self.reports if report.state is not None]

    @property
    def received(self) -> int:
        return sum(report.received for report in self.reports)

    @property
    def wishes(self) -> int:
        return sum(report.wants for report in self.reports)


Look: TypeAlias = Callable[..., Watched]


@pytest.fixture
def look() -> Iterator[Look]:
    """look(url, **task): watch a camera, with a test's short times."""
    begun: list[Watched] = []

    def start(url: str, **options: Any) -> Watched:
        quick: dict[str, Any] = {"every": 0.4, "open_timeout": 3.0, "read_timeout": 3.0}
        quick["networks"] = ("127.0.0.0/8",)
        begun.append(Watched(Task(camera="cam", url=url, **quick | options)))
        return begun[-1]

    yield start
    for one in begun:
        one.watch.stop.set()
    for one in begun:
        one.watch.thread.join(10)
        assert not one.watch.thread.is_alive()


def coded(made: Film, number: int) -> bytes:
    """A picture of a film, in Annex B."""
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in made.pictures[number])


# --- keyframes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_keyframe_alone_is_a_picture_and_what_follows_it_is_none(codec: Any) -> None:
    made = film(codec, 320, 180, seconds=0.8)
    frame = decode_keyframe(coded(made, 4))
    assert frame is not None
    assert frame.shape == (180, 320, 3)
    assert decode_keyframe(coded(made, 5)) is None


@pytest.mark.parametrize("junk", [b"", b"\x00", b"\x00\x00\x00\x01\x65", bytes(10_000)])
def test_what_is_no_keyframe_is_no_picture(junk: bytes) -> None:
    assert decode_keyframe(junk) is None


def test_a_keyframe_of_which_packets_were_lost_is_no_picture() -> None:
    """bluecherry-client#40: its decoder fills up the rest, and says nothing."""
    whole = coded(film(kbit=2000), 4)
    assert decode_keyframe(whole) is not None
    third = len(whole) // 3
    parts = [whole[:third], whole[: 2 * third], whole[:third] + whole[third + 1400 :]]
    assert [decode_keyframe(part) for part in parts] == [None] * 3


def test_the_green_of_a_keyframe_in_h265_that_was_not_read_to_its_end_is_no_picture() -> None:
    """mediamtx#180, opencv#18524."""
    frame = np.random.default_rng(1).integers(0, 255, (180, 320, 3)).astype(np.uint8)
    assert not is_torn(frame)
    frame[140:] = (0, 77, 0)
    assert is_torn(frame)


def test_what_is_plain_or_striped_from_top_to_bottom_is_whole() -> None:
    bars = np.zeros((180, 320, 3), np.uint8)
    bars[:, ::40] = 255
    plain = [np.full((180, 320, 3), level, np.uint8) for level in (0, 99)]
    assert not any(is_torn(frame) for frame in [bars, *plain])


def test_a_picture_of_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "LARGEST_PIXELS", 320 * 180 - 1)
    with pytest.raises(CameraFault, match="320x180 terlalu besar") as told:
        decode_keyframe(coded(film("h264", 320, 180, seconds=0.8), 0))
    assert told.value.state == "unsupported"


def test_a_keyframe_of_too_many_bytes_is_not_decoded(
    strange: StrangeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "LARGEST_KEYFRAME", 1000)
    stream = Stream(Task(camera="cam", url=strange.rtsp("healthy")))
    assert stream.wait().keyframe
    with pytest.raises(CameraFault, match="lebih besar dari"):
        stream.keyframe()
    stream.close()


def test_jpegs_that_are_broken_or_enormous_are_no_pictures() -> None:
    made = cv2.imencode(".jpg", np.zeros((90, 160, 3), np.uint8))[1].tobytes()
    size = made.index(b"\xff\xc0") + 5  # ISO/IEC 10918-1 B.2.2: height and width
    bomb = made[:size] + b"\xff\xff\xff\xff" + made[size + 4 :]
    assert jpeg.read(made).shape == (90, 160, 3)
    for broken in (made[:100], bomb):
        with pytest.raises(CameraFault, match="rusak"):
            jpeg.read(broken)


# --- streams --------------------------------------------------------------------------------------


def test_an_old_picture_that_a_server_sends_first_is_not_shown_as_a_new_one(
    look: Look, strange: StrangeCamera
) -> None:
    watched = look(strange.rtsp("backlog"), large=640, quality=95)
    watched.until(lambda: len(watched.pictures) > 1, "two pictures came")
    first, second = watched.pictures[:2]
    newest = [number for number in range(0, 60, 4) if shows(first, film(), number)]
    assert newest == [28]  # of the 30 that came at once the newest keyframe: 0.2 s old
    told = next(report.at for report in watched.reports if report.picture is first)
    assert 0.15 < (told - first.captured_at).total_seconds() < 0.8
    between = next(n for n in range(0, 60, 4) if shows(second, film(), n)) - 28
    passed = (second.captured_at - first.captured_at).total_seconds()
    assert passed == pytest.approx(between / 10, abs=0.05)  # by the camera's clock


@pytest.mark.parametrize("by_tcp", [True, False])
def test_packets_by_tcp_are_read_a_few_at_a_time_and_those_by_udp_at_once(
    strange: StrangeCamera, by_tcp: bool
) -> None:
    naps: list[float] = []
    task = Task(camera="cam", url=strange.rtsp(f"healthy-{by_tcp}"), every=0.4)

    def nap(seconds: float) -> None:
        naps.append(seconds)
        time.sleep(seconds)

    with closing(Stream(task)) as stream:
        session = Session(stream, task, Pace(0.4), carried=lambda _: by_tcp, sleep=nap)
        shots: list[Shot] = []
        sizes: list[int] = []
        while len(shots) < 8:
            shot = session.next()
            sizes.append(session.received)
            if shot is not None:
                session.took()
                shots.append(shot)
    assert bool(naps) is by_tcp
    times = [shot.taken for shot in shots[2:]]
    apart = [(after - before) / 0.4 for before, after in pairwise(times)]
    assert apart == pytest.approx([round(one) for one in apart], abs=0.1)  # keyframes, by its clock
    usual = sum(len(coded(film(), n)) for n in range(120)) / 120
    assert sum(sizes) / len(sizes) == pytest.approx(usual, rel=0.5)  # estimated, or exact


def shows(picture: Picture, made: Film, number: int) -> bool:
    """Whether a still shows this picture of a film."""
    frame, still = decode_keyframe(coded(made, number)), jpeg.read(picture.large)
    return difference(frame, still) < 1.0


def difference(one: Frame | None, other: Frame | None) -> float:
    """The mean difference of two pictures, in levels of grey."""
    assert one is not None
    assert other is not None
    return float(np.abs(one.astype(np.int16) - other).mean())


def test_who_looks_gets_a_burst_in_the_same_watch_and_never_a_second_session(
    look: Look, strange: StrangeCamera
) -> None:
    watched = look(strange.rtsp("healthy-burst"), every=5.0)
    watched.until(lambda: len(watched.pictures) == 1, "it is live")
    watched.renew(burst=5.0)
    watched.until(lambda: len(watched.pictures) >= 6, "five more came")
    times = [picture.captured_at for picture in watched.pictures[1:6]]
    assert (times[-1] - times[0]).total_seconds() < 1.5
    assert times == sorted(set(times))
    watched.renew(burst=0.0)
    watched.until(lambda: strange.counted("healthy-burst")["PLAY"] == 3, "back to keyframes")
    assert set(watched.states) == {"live"}
    assert strange.counted("healthy-burst")["DESCRIBE"] == 4  # one question first, three openings


def test_a_seldom_picture_costs_one_short_session_each(look: Look, strange: StrangeCamera) -> None:
    watched = look(strange.rtsp("healthy-snap"), way="snap", every=1.5)
    watched.until(lambda: len(watched.pictures) == 2, "two pictures came")
    assert strange.counted("healthy-snap")["PLAY"] == 2
    first, second = watched.pictures
    assert 1.0 < (second.captured_at - first.captured_at).total_seconds() < 3.0
    longest = len(coded(film(), 0)) * 12  # a second of the stream is about that much
    assert 0 < watched.received < 2 * longest


def test_behind_a_link_a_picture_waits_for_its_turn_and_comes_no_faster_than_it_may(
    look: Look, strange: StrangeCamera
) -> None:
    watched = look(strange.rtsp("healthy-link"), way="snap", link="radio", rate=50_000.0)
    watched.until(lambda: watched.wishes == 1, "it wishes for a turn")
    assert strange.counted("healthy-link") == {}
    watched.watch.grant()
    watched.until(lambda: watched.wishes == 2, "it wishes for the next one")
    assert len(watched.pictures) == 1
    assert strange.counted("healthy-link")["PLAY"] == 1
    assert watched.received > len(watched.pictures[0].small)


@pytest.mark.parametrize("way", ["keep", "snap"])
def test_what_ffmpeg_does_not_understand_is_interpreted_for_it(
    look: Look, strange: StrangeCamera, way: Any
) -> None:
    """AlexxIT/go2rtc#2344: SHA-256 alone; nonces that are too old; and the second video."""
    modern = look(strange.rtsp(f"modern-{way}"), user="ops", password="b", way=way)
    second = look(strange.rtsp(f"two_videos-{way}"), way=way)
    for watched in (modern, second):
        watched.until(lambda watched=watched: len(watched.pictures) > 1, "pictures come")  # type: ignore[misc]
        assert set(watched.states) == {"live"}


def test_a_refused_password_is_tried_again_only_when_somebody_asks(
    look: Look, strange: StrangeCamera
) -> None:
    def attempts() -> int:
        return strange.counted("locked-a").get("Authorization", 0)

    watched = look(strange.rtsp("locked-a"), user="a", password="b")
    watched.until(lambda: watched.states == ["unauthorized"], "it is refused")
    watched.renew(burst=3.0)  # somebody looks at it: that is no reason
    watched.renew(burst=0.0)
    assert attempts() == 1
    watched.renew(asked=1)
    watched.until(lambda: watched.states == ["unauthorized"] * 2, "it is refused again")
    assert attempts() == 2


def test_what_is_refused_after_the_description_is_told_and_locks_nobody_out(
    look: Look, strange: StrangeCamera
) -> None:
    """evercam-server#91, pi-nvr#11: cameras lock an address out that keeps trying."""
    locked = look(strange.rtsp("locked_later-a"), user="a", password="b")
    full = look(strange.rtsp("full-a"))
    locked.until(lambda: "unauthorized" in locked.states, "it is refused")
    assert strange.counted("locked_later-a")["Authorization"] <= 3  # FFmpeg, then we: each once
    assert locked.details[-1] == "kata sandi ditolak kamera (401)"
    full.until(lambda: "sibuk (453)" in " ".join(full.details), "it is told why")


def test_a_new_worker_is_told_of_a_refused_password_and_does_not_try_it(
    look: Look, strange: StrangeCamera
) -> None:
    watched = look(strange.rtsp("locked-b"), user="a", password="b", refused=True)
    watched.until(lambda: watched.states == ["unauthorized"], "it says so")
    watched.until(lambda: len(watched.reports) >= 3, "it rests")
    assert strange.counted("locked-b") == {}


def test_streams_that_change_or_break_are_shown_again_or_told_with_a_reason(
    look: Look, strange: StrangeCamera
) -> None:
    resized = look(strange.rtsp("resized"))
    keyless = look(strange.rtsp("keyless"), keyframe_timeout=1.0)
    broken = look(strange.rtsp("truncated"))
    silent = look(strange.rtsp("hangs"), read_timeout=1.0)
    keyless.until(lambda: keyless.states[:1] == ["late"], "it is late")
    why = next(report.detail for report in keyless.reports if report.state == "late")
    assert why == "tidak ada keyframe sejak 1 detik; " + SHORTEN
    broken.until(lambda: broken.states[:1] == ["unsupported"], "it is not supported")
    assert next(r.rejected for r in broken.reports if r.state).startswith(b"\x00\x00")
    assert max(len(report.rejected) for report in broken.reports) <= 64 * 1024
    silent.until(lambda: strange.counted("hangs")["PLAY"] == 2, "it is opened again at once")
    assert set(silent.states) == {"live"}  # which is no reason for a bad word yet
    resized.until(lambda: {p.width for p in resized.pictures} >= {640, 320}, "both sizes came")
    assert strange.counted("resized")["PLAY"] == 1
    assert set(resized.states) == {"live"}


def test_an_address_outside_of_the_networks_is_never_asked(
    look: Look, strange: StrangeCamera
) -> None:
    watched = look(strange.rtsp("healthy-forbidden"), networks=("10.0.0.0/8",))
    watched.until(lambda: watched.states == ["forbidden"], "it is refused")
    assert strange.counted("healthy-forbidden") == {}
