"""Lists that people keep in spreadsheets: what is wrong costs only itself, and is told."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from commandcenter.feed import Desk
from commandcenter.kept_list import KeptList
from commandcenter.lists import DECISIVE, BadList, Listed, read_list


@dataclass(frozen=True, kw_only=True, slots=True)
class Pump:
    """A row of a list of the tests."""

    id: str
    litres: float
    staff: int = 0
    latitude: float | None = None
    kind: Literal["diesel", "electric"] = "diesel"
    mask: int = field(default=0, metadata=DECISIVE)


def write(folder: Path, *rows: str) -> Path:
    path = folder / "pumps.csv"
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text("\n".join(["id;litres;staff;latitude;kind;mask", *rows]) + "\n", "utf-8")
    os.utime(path, ns=(before + 1_000_000, before + 1_000_000))
    return path


def read_pumps(path: Path) -> Listed[Pump]:
    listed = read_list(path, Pump)
    listed.leave_out_repeated("id")
    return listed


def test_a_title_above_the_columns_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "pumps.csv"
    path.write_text("DAFTAR POMPA 2026\n\nid,litres\na,1\nb,x\n")
    listed = read_list(path, Pump)
    assert listed.usable() == [Pump(id="a", litres=1)]
    assert "baris 5, kolom litres" in listed.sentences()[0]


def test_a_wrong_row_costs_only_itself(tmp_path: Path) -> None:
    listed = read_list(write(tmp_path, "a;1", "b;banyak", ";3", "d;4"), Pump)
    assert [pump.id for pump in listed.usable()] == ["a", "d"]
    assert [told.partition("pumps.csv, ")[2] for told in listed.sentences()] == [
        "baris 3, kolom litres: 'banyak' bukan angka (baris ini dilewati)",
        "baris 4, kolom id: wajib diisi (baris ini dilewati)",
    ]


def test_a_wrong_cell_that_may_be_empty_costs_only_itself(tmp_path: Path) -> None:
    listed = read_list(write(tmp_path, "a;1;dua;utara;nuklir"), Pump)
    assert listed.usable() == [Pump(id="a", litres=1)]
    assert [told.partition("baris 2, ")[2] for told in listed.sentences()] == [
        "kolom kind: 'nuklir' tidak dikenal; tulis 'diesel' or 'electric'",
        "kolom latitude: 'utara' bukan angka",
        "kolom staff: 'dua' bukan bilangan bulat",
    ]


def test_a_wrong_cell_on_which_privacy_hangs_costs_the_row(tmp_path: Path) -> None:
    listed = read_list(write(tmp_path, "a;1;;;;kiri", "b;2"), Pump)
    assert [pump.id for pump in listed.usable()] == ["b"]


def test_numbers_are_read_as_they_are_written_here(tmp_path: Path) -> None:
    listed = read_list(write(tmp_path, "a;1,5;1.250;-2,6812"), Pump)
    assert listed.faultless() == [Pump(id="a", litres=1.5, staff=1250, latitude=-2.6812)]


def test_of_two_rows_with_one_id_the_first_stays(tmp_path: Path) -> None:
    listed = read_pumps(write(tmp_path, "a;1", "b;2", "a;3"))
    assert [pump.litres for pump in listed.usable()] == [1, 2]
    assert "baris 4, kolom id: 'a' sudah dipakai di baris 2" in listed.sentences()[0]


def test_a_list_of_which_no_row_can_be_used_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadList, match="baris 2, kolom litres"):
        read_list(write(tmp_path, "a;banyak"), Pump).usable()
    assert read_list(write(tmp_path), Pump).usable() == []  # nothing is listed, nothing is wrong


async def test_what_is_wrong_with_a_list_is_put_aside_once_for_each_writing(
    tmp_path: Path, desk: Desk
) -> None:
    kept = KeptList(write(tmp_path, "a;1", "b;x"), "id", read_pumps)
    for _ in range(3):
        assert (await kept.current(desk)).keys() == {"a"}
    assert len(desk.reject.kept) == 1  # type: ignore[attr-defined]
    assert desk.left_out == {"b"}
    assert len(desk.list_mistakes) == 1
    write(tmp_path, "a;1", "b;2")
    assert (await kept.current(desk)).keys() == {"a", "b"}
    assert not desk.list_mistakes
    assert not desk.left_out


async def test_a_thing_whose_row_becomes_wrong_stays_as_it_was(tmp_path: Path, desk: Desk) -> None:
    kept = KeptList(write(tmp_path, "a;1", "b;2"), "id", read_pumps)
    await kept.current(desk)
    write(tmp_path, "a;5", "b;dua")
    found = await kept.current(desk)
    assert {key: pump.litres for key, pump in found.items()} == {"a": 5, "b": 2}


async def test_a_new_list_without_a_usable_row_leaves_the_last_one(
    tmp_path: Path, desk: Desk
) -> None:
    kept = KeptList(write(tmp_path, "a;1"), "id", read_pumps)
    await kept.current(desk)
    (tmp_path / "pumps.csv").write_text("<html>not a list</html>")
    assert (await kept.current(desk)).keys() == {"a"}
    assert "tidak ada kolom id" in desk.list_mistakes[0]
