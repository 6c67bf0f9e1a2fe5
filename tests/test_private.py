"""Nobody but the program's own user reads what it keeps."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from commandcenter.private import tighten
from commandcenter.records.database import Records


def rights(path: Path) -> str:
    return oct(stat.S_IMODE(path.lstat().st_mode))


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """As an earlier version has left it."""
    found = tmp_path / "var"
    (found / "redis" / "appendonlydir").mkdir(parents=True)
    for name in ("records.db", "telegram-noc", "redis/appendonlydir/1.aof"):
        (found / name).write_text("secret")
        (found / name).chmod(0o644)
    (found / "hook").write_text("#!/bin/sh")
    (found / "hook").chmod(0o755)
    return found


def test_what_is_there_already_is_closed(var: Path) -> None:
    assert tighten(var) == 0
    assert {rights(path) for path in (var, *var.rglob("*")) if path.is_dir()} == {"0o700"}
    files = {path.name: rights(path) for path in var.rglob("*") if path.is_file()}
    assert files.pop("hook") == "0o700"
    assert set(files.values()) == {"0o600"}


def test_a_link_to_the_folder_is_followed_and_one_within_it_is_not(
    var: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "inbox"
    outside.mkdir(mode=0o755)
    (outside / "rekap.csv").touch(0o644)
    (var / "inbox").symlink_to(outside)
    (var / "rekap.csv").symlink_to(outside / "rekap.csv")
    (tmp_path / "link").symlink_to(var)
    tighten(tmp_path / "link")
    assert rights(var) == "0o700"
    assert (rights(outside), rights(outside / "rekap.csv")) == ("0o755", "0o644")


def test_what_belongs_to_somebody_else_is_counted_and_left(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = os.chmod

    def refuse(path: Path, mode: int, **more: bool) -> None:
        if path.name == "telegram-noc":
            raise PermissionError(errno.EPERM, "Operation not permitted")
        change(path, mode, **more)

    monkeypatch.setattr(os, "chmod", refuse)
    assert tighten(var) == 1
    assert rights(var / "records.db") == "0o600"


def test_a_folder_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    assert tighten(tmp_path / "var") == 0


@pytest.mark.parametrize("old", [True, False])
def test_the_records_and_what_sqlite_puts_beside_them_are_private(
    tmp_path: Path, *, old: bool
) -> None:
    if old:
        for name in ("records.db", "records.db-wal", "records.db-shm"):
            (tmp_path / name).touch(0o644)
    records = Records(f"sqlite:///{tmp_path}/records.db")
    records.migrate()
    found = {path.name: rights(path) for path in tmp_path.glob("records.db*")}
    records.close()
    assert {"records.db", "records.db-wal"} <= found.keys()
    assert set(found.values()) == {"0o600"}
