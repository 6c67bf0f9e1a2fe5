"""A password that was refused is known again, whatever was restarted, and only that one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from commandcenter.video.messages import Task
from commandcenter.video.refusals import Refusals
from tests.leaks import secret

PASSWORD = secret("kamera-dishub-77")
NOW = datetime(2026, 11, 21, 2, 42, tzinfo=UTC)
TASK = Task(camera="a", url="rtsp://10.0.0.1/x", user="ops", password=PASSWORD)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "refused.json"


def test_what_was_refused_is_known_after_a_restart(path: Path) -> None:
    Refusals(path).add(TASK, NOW)
    assert Refusals(path).has(TASK)


@pytest.mark.parametrize(
    "change", [{"password": "another-one"}, {"user": "admin"}, {"url": "rtsp://10.0.0.2/x"}]
)
def test_another_password_user_or_address_deserves_an_attempt(
    path: Path, change: dict[str, str]
) -> None:
    refusals = Refusals(path)
    refusals.add(TASK, NOW)
    assert not refusals.has(replace(TASK, **change))  # type: ignore[arg-type]


def test_whoever_asks_for_an_attempt_gets_one(path: Path) -> None:
    refusals = Refusals(path)
    refusals.add(TASK, NOW)
    refusals.forget("a")
    assert not refusals.has(TASK)
    assert not Refusals(path).has(TASK)


def test_neither_the_file_nor_its_mode_gives_the_password_away(path: Path) -> None:
    Refusals(path).add(TASK, NOW)
    assert PASSWORD not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"[]", b"\xff", b'{"a": 7}', b'{"a": {"accepted_at": "x"}}']
)
def test_a_broken_file_is_begun_anew(path: Path, rubbish: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(rubbish)
    refusals = Refusals(path)
    assert not refusals.has(TASK)
    refusals.add(TASK, NOW)
    assert Refusals(path).has(TASK)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusals = Refusals(tmp_path / "file" / "refused.json")
    refusals.add(TASK, NOW)
    assert refusals.has(TASK)


# --- what was taken before ------------------------------------------------------------------------


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_a_password_that_was_never_taken_is_never_tried_again(path: Path) -> None:
    refusals = Refusals(path)
    refusals.add(TASK, NOW)
    assert refusals.next_at(TASK) is None
    assert refusals.accepted_until(TASK) is None


def test_one_that_was_taken_is_tried_after_minutes_and_then_each_half_hour(path: Path) -> None:
    """maciej-or/hikvision_next#289, home-assistant/core#109989."""
    refusals = Refusals(path)
    refusals.accept(TASK, NOW)
    assert refusals.next_at(TASK) is None
    refusals.add(TASK, after(10))
    assert refusals.accepted_until(TASK) == NOW
    assert refusals.next_at(TASK) == after(13)
    refusals.try_again("a", after(13))
    refusals.add(TASK, after(13))  # refused again
    assert refusals.next_at(TASK) == after(43)
    refusals.accept(TASK, after(43))
    assert not refusals.has(TASK)
    refusals.add(TASK, after(50))
    assert (refusals.accepted_until(TASK), refusals.next_at(TASK)) == (after(43), after(53))


def test_who_restarts_does_not_offer_it_more_often(path: Path) -> None:
    refusals = Refusals(path)
    refusals.accept(TASK, NOW)
    refusals.add(TASK, after(1))
    for minute in (4, 34, 64):
        again = Refusals(path)
        assert again.has(TASK)
        assert again.next_at(TASK) == after(minute)
        again.try_again("a", after(minute))
        assert Refusals(path).next_at(TASK) == after(minute + 30)  # though it died at once


def test_what_was_taken_is_known_after_a_restart_and_nothing_else_is(path: Path) -> None:
    Refusals(path).accept(TASK, NOW)
    again = Refusals(path)
    assert again.accepted_until(TASK) == NOW
    other = replace(TASK, password="another-one")
    again.add(other, after(1))
    assert again.next_at(other) is None
    assert again.next_at(TASK) is None


def test_a_list_of_before_is_read(path: Path) -> None:
    Refusals(path).add(TASK, NOW)
    kept = orjson.loads(path.read_bytes())["a"]["refused"]
    path.write_bytes(orjson.dumps({"a": kept}))
    assert Refusals(path).has(TASK)


def test_pictures_that_keep_coming_write_the_file_seldom(path: Path) -> None:
    refusals = Refusals(path)
    refusals.accept(TASK, NOW)
    path.unlink()
    refusals.accept(TASK, after(5))
    assert not path.exists()
    assert refusals.accepted_until(TASK) == after(5)
    refusals.accept(TASK, after(11))
    assert Refusals(path).accepted_until(TASK) == after(11)
