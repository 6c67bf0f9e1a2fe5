"""A Python with known weaknesses is told of, and one with backported mends is not."""

from __future__ import annotations

import html.parser
import http.cookies
import re
import tarfile

import pytest

from commandcenter import interpreter
from commandcenter.interpreter import LOWEST, warning
from tests.web.conftest import ROOT


@pytest.mark.parametrize("minor", LOWEST)
def test_one_of_ones_own_is_judged_by_its_number(minor: tuple[int, int]) -> None:
    lowest = LOWEST[minor]
    assert warning((*minor, lowest), of_distribution=False) == ""
    told = warning((*minor, lowest - 1), of_distribution=False)
    assert f"is older than {minor[0]}.{minor[1]}.{lowest}" in told


def test_a_later_one_is_well() -> None:
    assert warning((3, 15, 0), of_distribution=False) == ""


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python with all mends, whichever runs this."""
    monkeypatch.setattr(http.cookies, "SimpleCookie", str)
    monkeypatch.setattr(html.parser.HTMLParser, "goahead", lambda *_: None)

    def refuse(*_: object) -> None:
        raise tarfile.HeaderError("invalid offset")

    monkeypatch.setattr(tarfile.TarInfo, "_block", refuse)


@pytest.mark.usefixtures("mended")
def test_one_of_a_distribution_is_tried_out() -> None:
    assert warning((3, 11, 2), of_distribution=True) == ""


@pytest.mark.usefixtures("mended")
def test_what_it_lacks_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    quadratic = re.compile("x*y")
    monkeypatch.setattr(http.cookies, "SimpleCookie", lambda text: quadratic.search("x" * 9000))
    told = warning((3, 11, 2), of_distribution=True)
    assert "lacks mends for http.cookies (CVE-2024-7592); update it" in told


def test_a_negative_size_in_a_tar_is_tried_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarfile.TarInfo, "_block", lambda *_: 0)
    assert interpreter._tar()


def test_the_readme_names_the_lowest_releases() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for (major, minor), patch in LOWEST.items():
        assert f"{major}.{minor}.{patch}" in readme
