"""Sentences with numbers in them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from commandcenter.language import Language

JAKARTA = ZoneInfo("Asia/Jakarta")


def test_a_number_in_a_sentence_is_written_as_the_language_writes_it() -> None:
    say = Language("id", JAKARTA)
    assert say("{n} open", n=3000) == "3.000 terbuka"
    assert say("{n} open", n=999) == "999 terbuka"
    assert Language("en", JAKARTA)("{n} open", n=3000) == "3,000 open"


def test_what_only_looks_like_a_number_is_left_alone() -> None:
    say = Language("id", JAKARTA)
    assert say("{n} open", n="3000") == "3000 terbuka"


def test_a_sentence_whose_values_come_later_keeps_their_places() -> None:
    assert Language("id", JAKARTA)("{n} open") == "{n} terbuka"
