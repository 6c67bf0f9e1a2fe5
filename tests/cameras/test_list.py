"""The list of cameras as the feed takes it over: mistakes, changes, secrets that are not there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from commandcenter.feed import SourceDown
from commandcenter.reading import Reading
from commandcenter.video.messages import Picture, Report
from tests.cameras.conftest import Room


async def test_a_list_with_mistakes_is_told_with_every_row(room: Room) -> None:
    room.watch("a,A,rtsp://u:hidden@10.0.0.1/x,,", "b,B,ftp://10.0.0.1/x,,", "c,C,rtsp://h/,,plain")
    with pytest.raises(SourceDown) as told:
        await room.look()
    for mistake in ("baris 2, kolom url", "baris 3, kolom url", "baris 4, kolom password"):
        assert mistake in str(told.value)
    assert "hidden" not in str(told.value)


async def test_a_row_that_becomes_wrong_leaves_its_camera_as_it_was(room: Room) -> None:
    room.watch("a,A,rtsp://127.0.0.1:1/x,,", "b,B,rtsp://127.0.0.1:1/y,,")
    await room.look()
    room.write("a,A baru,rtsp://127.0.0.1:1/x,,", "b,B,ftp://127.0.0.1:1/y,,")
    await room.look()
    assert "baris 3, kolom url" in room.tray.kept[0][1]
    assert (room.now("a")["name"], room.now("b")["name"]) == ("A baru", "B")


async def test_at_a_start_one_wrong_row_takes_no_other_camera_away(room: Room) -> None:
    room.watch("a,A,rtsp://127.0.0.1:1/x,,", "b,B,rtsp://h:99999/y,,", "c,C,rtsp://127.0.0.1:1/z,,")
    await room.look()
    assert room.states().keys() == {"a", "c"}
    assert room.desk.left_out == {"b"}
    assert ["baris 3, kolom url" in told for told in room.desk.list_mistakes] == [True]


async def test_a_new_list_of_which_nothing_can_be_used_leaves_the_last_one(room: Room) -> None:
    room.watch("a,A,rtsp://127.0.0.1:1/x,,", "b,B,rtsp://127.0.0.1:1/y,,")
    await room.look()
    room.write("a,A,ftp://127.0.0.1:1/x,,")
    await room.look()
    assert room.states().keys() == {"a", "b"}
    room.write("b,B,rtsp://127.0.0.1:1/y,,")
    await room.look()
    gone = [reading for reading in room.told if reading.value is None]
    assert [reading.key for reading in gone] == ["camera/a"]
    assert room.now("b")["place"] == 0


async def test_a_camera_tells_the_device_that_its_list_says_it_hangs_on(room: Room) -> None:
    room.watch("a,A,rtsp://127.0.0.1:1/x,,")
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


@pytest.mark.parametrize(
    ("every", "state", "patience"),
    [(0.0, "live", 80.0), (2.0, "live", 15.0), (24.0, "live", 35.0), (90.0, "late", 117.5)],
)
async def test_a_camera_whose_keyframes_are_seldom_is_so_steadily_and_says_why(
    room: Room, every: float, state: str, patience: float
) -> None:
    """badbread/crumbvms#114, ZLMediaKit/ZLMediaKit#1665: the factory settings of most cameras."""
    feed = room.watch("a,A,rtsp://127.0.0.1:1/x,,", every=5.0)
    await room.look()
    at = room.desk.now()
    still: dict[str, Any] = {"width": 640, "height": 360, "small": b"s", "large": b"l"}
    report = Report(
        camera="a",
        at=at,
        within=30,
        thread=1,
        state="live",
        picture=Picture(captured_at=at, changed_at=at, **still),
        keyframe_every=every,
    )
    told = (await feed._take(room.desk, report)).value or {}
    assert (told["state"], told["patience"]) == (state, patience)
    named = "keyframe tiap" in told["detail"] and "H.264+/H.265+" in told["detail"]
    assert named is (every > 15)
    if state == "live":
        assert not feed._is_late("a", at + timedelta(seconds=patience - 1))
        assert feed._is_late("a", at + timedelta(seconds=patience + 1))


async def test_a_list_without_a_camera_is_told(room: Room) -> None:
    room.watch()
    with pytest.raises(SourceDown, match="daftar kamera kosong"):
        await room.look()


async def test_a_feed_of_quiet_cameras_is_still_heard(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its card would grow old while it is looked at: a camera that is locked tells nothing."""
    monkeypatch.delenv("NOT_SET", raising=False)
    feed = room.watch("a,A,rtsp://127.0.0.1:1/x,me,env:NOT_SET")
    await room.look()
    feed._told_at -= timedelta(seconds=feed.late_after)
    room.told.clear()
    await room.look()
    assert [reading.key for reading in room.told] == ["camera/a"]
