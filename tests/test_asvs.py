"""docs/asvs.md answers for every requirement, and claims nothing that no test shows."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.asvs import HOLDS, PAGE, VERDICTS, Requirement, claims, page, requirements
from tests.web.conftest import ROOT

# Requirements of levels 1 and 2 in each chapter of ASVS 5.0.0, V1 to V17.
CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
FILE = re.compile(r"(?<![\w./])((?:[a-z_0-9]+/)*[a-z_0-9-]+\.(?:py|js|txt|html|md))\b", re.I)
FOLDERS = ("commandcenter", "", "tests")
CLAIMS = list(claims())
KNOWN = requirements(CLAIMS)


def test_every_requirement_of_levels_one_and_two_is_there_in_order() -> None:
    places = [one.place for one in KNOWN]
    assert places == sorted(places)
    chapters = Counter(chapter for chapter, _, _ in places)
    assert tuple(chapters[n] for n in range(1, 18)) == CHAPTERS
    assert Counter(one.level for one in KNOWN) == {1: 70, 2: 183}


@pytest.mark.parametrize("one", KNOWN, ids=lambda one: one.number)
def test_what_holds_is_shown_by_a_test_and_what_does_not_is_not(one: Requirement) -> None:
    assert one.verdict in VERDICTS
    assert one.how
    assert (one.verdict == HOLDS) == bool(one.shown_by), (
        "mark a test with this number, or give it a verdict in tests/asvs.toml; never both"
    )


def test_no_test_claims_what_is_no_requirement() -> None:
    there = {one.number for one in KNOWN}
    assert {n for claim in CLAIMS for n in claim.numbers} <= there


def test_only_what_is_run_as_a_test_claims_something() -> None:
    assert [claim for claim in CLAIMS if not claim.test.startswith("test_")] == []


@pytest.mark.parametrize("file", sorted({name for one in KNOWN for name in FILE.findall(one.how)}))
def test_a_file_that_is_named_is_there(file: str) -> None:
    assert any((ROOT / folder / file).is_file() for folder in FOLDERS)


def test_the_page_is_as_the_tests_claim() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(KNOWN), "run `python -m tests.asvs`"
