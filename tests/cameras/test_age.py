"""How old a JPEG is by its headers, and which of them say nothing about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from commandcenter.video.age import Ages

NOW = datetime(2026, 11, 21, 2, 42, 17, tzinfo=UTC)


def ages(*behind: timedelta | None) -> list[float]:
    """The ages of pictures that were fetched 5 s apart, whose Last-Modified lay so far back."""
    known, told = Ages(), []
    for number, back in enumerate(behind):
        at = NOW + timedelta(seconds=5 * number)
        headers = {"date": format_datetime(at, usegmt=True)}
        if back is not None:
            headers["last-modified"] = format_datetime(at - back, usegmt=True)
        told.append(known.of(headers))
    return told


def seconds(*numbers: float) -> list[timedelta]:
    return [timedelta(seconds=number) for number in numbers]


def test_a_time_that_goes_on_with_the_pictures_is_believed() -> None:
    assert ages(*seconds(20, 20, 24, 3)) == [0.0, 20.0, 24.0, 3.0]


@pytest.mark.parametrize(
    "behind",
    [
        seconds(5, 10, 15, 20),  # a file's, which never changes: of the last start, say
        seconds(*[7 * 3600.0] * 4),  # local time under the name of GMT
        seconds(*[-7 * 3600.0] * 4),
        [NOW - datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=5 * n) for n in range(4)],
        [None] * 4,
    ],
    ids=["fixed", "hours behind", "hours ahead", "1970", "none"],
)
def test_a_time_that_says_nothing_about_the_picture_is_ignored(
    behind: list[timedelta | None],
) -> None:
    """static-web-server#488, richard-austin/security-cam#280."""
    assert ages(*behind) == [0.0] * 4


@pytest.mark.parametrize("text", ["", "0", "yesterday", "Thu, 99 Jan 1970 00:00:00 GMT", "-1"])
def test_what_is_no_time_is_ignored(text: str) -> None:
    known = Ages()
    for _ in range(3):
        assert known.of({"date": format_datetime(NOW, usegmt=True), "last-modified": text}) == 0.0
        assert known.of({"date": text, "last-modified": text}) == 0.0
