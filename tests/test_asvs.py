"""SECURITY.md answers for every requirement, and what it points to is there."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import pytest

from tests.web.conftest import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
# Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0, V1 to V17.
CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
VERDICTS = {"holds", "does not apply", "left to the operator", "does not hold"}
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.*?) \| ?(.*?) ?\|$", re.M)
FILE = re.compile(r"(?<![\w./])((?:[a-z_0-9]+/)*[a-z_0-9]+\.(?:py|js|txt|html))\b")
FOLDERS = ("commandcenter", "", "tests")


class Row(NamedTuple):
    """One requirement."""

    number: str
    level: str
    requirement: str
    verdict: str
    how: str
    test: str


ROWS = [Row(*found) for found in ROW.findall(TEXT)]


def test_every_requirement_of_levels_one_and_two_is_there_once_and_in_order() -> None:
    numbers = [tuple(map(int, row.number.split("."))) for row in ROWS]
    assert numbers == sorted(set(numbers))
    chapters = Counter(chapter for chapter, _, _ in numbers)
    assert tuple(chapters[n] for n in range(1, 18)) == CHAPTERS
    assert Counter(row.level for row in ROWS) == {"1": 70, "2": 183}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_each_has_a_verdict_with_its_reason(row: Row) -> None:
    assert row.verdict in VERDICTS
    assert row.how


@pytest.mark.parametrize("row", [row for row in ROWS if row.test], ids=lambda row: row.number)
def test_the_test_that_is_named_is_there(row: Row) -> None:
    assert (ROOT / "tests" / row.test).is_file()


@pytest.mark.parametrize("file", sorted({name for row in ROWS for name in FILE.findall(row.how)}))
def test_a_file_that_is_named_is_there(file: str) -> None:
    assert any((ROOT / folder / file).is_file() for folder in FOLDERS)


def test_the_gaps_are_told_together() -> None:
    gaps = TEXT.partition("### What does not hold")[2]
    told = set(re.findall(r"\d+\.\d+\.\d+", gaps))
    assert told == {row.number for row in ROWS if row.verdict == "does not hold"}
