"""A password that was refused is known again, whatever was restarted, and only that one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from commandcenter.video.messages import Task
from commandcenter.video.refusals import Refusals
from tests.leaks import secret

PASSWORD = secret("kamera-dishub-77")
TASK = Task(camera="a", url="rtsp://10.0.0.1/x", user="ops", password=PASSWORD)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history" / "refused.json"


def test_what_was_refused_is_known_after_a_restart(path: Path) -> None:
    Refusals(path).add(TASK)
    assert Refusals(path).has(TASK)


@pytest.mark.parametrize(
    "change", [{"password": "another-one"}, {"user": "admin"}, {"url": "rtsp://10.0.0.2/x"}]
)
def test_another_password_user_or_address_deserves_an_attempt(
    path: Path, change: dict[str, str]
) -> None:
    refusals = Refusals(path)
    refusals.add(TASK)
    assert not refusals.has(replace(TASK, **change))  # type: ignore[arg-type]


def test_whoever_asks_for_an_attempt_gets_one(path: Path) -> None:
    refusals = Refusals(path)
    refusals.add(TASK)
    refusals.forget("a")
    assert not refusals.has(TASK)
    assert not Refusals(path).has(TASK)


def test_neither_the_file_nor_its_mode_gives_the_password_away(path: Path) -> None:
    Refusals(path).add(TASK)
    assert PASSWORD not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("rubbish", [b"", b"{", b"[]", b"\xff"])
def test_a_broken_file_is_begun_anew(path: Path, rubbish: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(rubbish)
    refusals = Refusals(path)
    assert not refusals.has(TASK)
    refusals.add(TASK)
    assert Refusals(path).has(TASK)


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusals = Refusals(tmp_path / "file" / "refused.json")
    refusals.add(TASK)
    assert refusals.has(TASK)
