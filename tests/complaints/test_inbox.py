"""Whatever people and programs drop into the folder is taken, or comes back with a reason."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from commandcenter.complaints.importer import Importer
from commandcenter.complaints.inbox import Inbox
from commandcenter.feed import Desk
from tests.conftest import NOW, Clock, Tray

HOUR = 3600
GOOD = b"id,judul,tanggal\n1,Air,3 Nov 2026\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def importer(folder: Path) -> Importer:
    return Importer(Inbox(folder), lambda _, at: at + timedelta(days=5), "live")


async def look_twice(importer: Importer, desk: Desk) -> None:
    for _ in range(2):
        assert await importer.take(desk) == ""


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in ("done", "rejected"))


def reason(folder: Path, name: str) -> str:
    return (folder / "rejected" / f"{name}.reasons.txt").read_text()


@pytest.mark.asvs("5.2.2")
@pytest.mark.parametrize(
    ("name", "raw", "advice"),
    [
        ("rekap.xls", b"\xd0\xcf\x11\xe0", "simpan sebagai Excel Workbook"),
        ("rekap.zip", b"PK\x05\x06" + b"\0" * 18, "buka arsipnya"),
        ("surat.pdf", b"%PDF-1.7", "PDF"),
        ("foto.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "bukan CSV dan bukan XLSX"),
        ("kosong.csv", b"", "kosong"),
        ("catatan.txt", b"ingat: rapat\n", "tidak ada kolom"),
    ],
)
async def test_what_is_no_list_comes_back_with_what_to_do(
    importer: Importer, desk: Desk, folder: Path, name: str, raw: bytes, advice: str
) -> None:
    (folder / name).write_bytes(raw)
    await look_twice(importer, desk)
    assert left(folder) == []
    assert advice in reason(folder, name)


async def test_a_table_is_taken_whatever_its_name(
    importer: Importer, desk: Desk, folder: Path
) -> None:
    """OpenSID/OpenSID#5859: HTML that is named .xls."""
    table = b"<table><tr><th>No. Aduan<th>Judul</tr><tr><td>1</td><td>Air</td></tr></table>"
    for name, raw in (("a.xls", table), ("b.txt", GOOD), ("c", GOOD), ("D.CSV", GOOD)):
        (folder / name).write_bytes(raw)
    await look_twice(importer, desk)
    done = {path.name for path in (folder / "done").iterdir()}
    assert done >= {"a.xls", "b.txt", "c", "D.CSV"}


async def test_folders_and_links_come_back(importer: Importer, desk: Desk, folder: Path) -> None:
    (folder / "November").mkdir()
    (folder / "November" / "a.csv").write_bytes(GOOD)
    (folder / "pintasan.csv").symlink_to(folder / "nowhere.csv")
    await look_twice(importer, desk)
    assert left(folder) == []
    assert (folder / "rejected" / "November" / "a.csv").exists()
    assert "taruh berkasnya langsung" in reason(folder, "November")
    assert "tautan" in reason(folder, "pintasan.csv")


@pytest.mark.parametrize("name", ["Thumbs.db", "~$rekap.xlsx", ".~lock.a.csv#", ".DS_Store"])
async def test_what_programs_leave_behind_goes(
    importer: Importer, desk: Desk, folder: Path, name: str
) -> None:
    (folder / name).write_bytes(b"x")
    await look_twice(importer, desk)
    assert left(folder) == []
    assert "boleh dihapus" in reason(folder, name)


@pytest.mark.parametrize("name", ["rekap.csv.part", ".rekap.csv.Xa3f", "rekap.crdownload"])
async def test_what_is_not_whole_after_an_hour_goes(
    importer: Importer, desk: Desk, folder: Path, clock: Clock, name: str
) -> None:
    (folder / name).write_bytes(b"x")
    await look_twice(importer, desk)
    assert left(folder) == [name]
    clock.forward(HOUR)
    await importer.take(desk)
    assert left(folder) == []


@pytest.mark.parametrize("lock", ["~$rekap.xlsx", "~$kap.xlsx", ".~lock.rekap.xlsx#"])
async def test_a_file_that_somebody_has_open_waits(
    importer: Importer, desk: Desk, folder: Path, clock: Clock, lock: str
) -> None:
    (folder / "rekap.xlsx").write_bytes(GOOD)
    (folder / lock).write_bytes(b"x")
    await look_twice(importer, desk)
    assert left(folder) == sorted(["rekap.xlsx", lock])
    (folder / lock).unlink()
    await importer.take(desk)
    assert left(folder) == []


async def test_a_lock_that_was_forgotten_keeps_its_file_for_an_hour_only(
    importer: Importer, desk: Desk, folder: Path, clock: Clock
) -> None:
    (folder / "rekap.csv").write_bytes(GOOD)
    (folder / "~$rekap.csv").write_bytes(b"x")
    await look_twice(importer, desk)
    clock.forward(HOUR)
    await look_twice(importer, desk)
    assert left(folder) == []
    assert (folder / "done" / "rekap.csv").exists()


async def test_a_copy_that_keeps_its_old_time_is_not_taken_while_it_grows(
    importer: Importer, desk: Desk, folder: Path
) -> None:
    """Pikselkroken/pixlstash#621: copies that keep the time of their original."""
    path = folder / "rekap.csv"
    for more in (GOOD[:20], GOOD):
        path.write_bytes(more)
        os.utime(path, (1e9, 1e9))
        assert await importer.take(desk) == ""
        assert left(folder) == ["rekap.csv"]
    await importer.take(desk)
    assert left(folder) == []


async def test_one_that_cannot_be_moved_does_not_stop_the_others_and_is_told_once(
    importer: Importer, desk: Desk, folder: Path, tray: Tray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """trimble-oss/dba-dash#2073: one bad file blocked all that came after it."""
    move = Path.replace

    def stuck(path: Path, target: Path) -> Path:
        if path.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", stuck)
    for name in ("a.csv", "b.csv"):
        (folder / name).write_bytes(GOOD)
    told = [await importer.take(desk) for _ in range(3)]
    assert told[0] == ""
    assert all("tidak dapat dipindahkan" in trouble for trouble in told[1:])
    assert left(folder) == ["a.csv"]
    assert [reason for _, reason, _ in tray.kept] == [
        "a.csv: cannot be moved away: Permission denied"
    ]


@pytest.mark.asvs("5.3.2")
async def test_a_name_of_any_length_and_any_letters_is_moved(
    importer: Importer, desk: Desk, folder: Path
) -> None:
    for name in (b"rekap-\xff.csv", ("é" * 120 + ".csv").encode()):
        (folder / os.fsdecode(name)).write_bytes(b"nip,nama\n1,Budi\n")
    await look_twice(importer, desk)
    assert left(folder) == []
    assert len(list((folder / "rejected").glob("*.reasons.txt"))) == 2


def test_a_time_before_2000_is_no_time_of_a_file(folder: Path) -> None:
    from commandcenter.complaints.importer import _changed_at

    (folder / "a.csv").write_bytes(GOOD)
    os.utime(folder / "a.csv", (3e8, 3e8))  # 1979, as archives write it
    assert _changed_at(folder / "a.csv", NOW) is None


@pytest.mark.parametrize("rights", [0o770, 0o2770, 0o700])
async def test_who_may_put_lists_there_may_read_what_became_of_them(
    importer: Importer, desk: Desk, folder: Path, rights: int
) -> None:
    folder.chmod(rights)
    (folder / "kosong.csv").write_bytes(b"")
    os.umask(0o077)  # as the program has it
    await look_twice(importer, desk)
    assert stat.S_IMODE((folder / "rejected").stat().st_mode) == rights
    beside = folder / "rejected" / "kosong.csv.reasons.txt"
    assert stat.S_IMODE(beside.stat().st_mode) == rights & 0o666
