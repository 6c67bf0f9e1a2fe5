"""SECURITY.md and what it points to: documented as ASVS wants it, and true where code can tell."""

from __future__ import annotations

import re

import pytest

from commandcenter.access.settings import Access
from commandcenter.web.floods import DOORS, KNOWN, WRONG
from tests.web.conftest import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+) \|$", re.MULTILINE)
FLOODS = {  # what the table calls the limits of web/floods.py
    "signing in, from one address": "sign-in",
    "codes of a second step, from one address": "code",
    "the way to a provider and back, from one address": "oidc",
    "the sign-in page, from one address": "page",
    "a display asks for a code, from one address": "pairing",
    "a display asks whether it is paired, from one address": "collect",
    "one-time links (/enter), from one address": "enter",
    "links in messages (/a), from one address": "link",
    "sessions that are nobody's, from one address": "session",
    "tokens that are nobody's, from one address": "token",
    "pages and lists, of one visitor": "read",
    "files and pictures, of one visitor": "file",
    "exports, of one visitor": "export",
    "steps, forms and orders, of one visitor": "act",
    "writing by the API, of one token": "write",
    "live pages opened, by one visitor": "live",
}


def rows(heading: str) -> list[list[str]]:
    """The table below a heading, without its head."""
    part = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [row.split(" | ") for row in ROW.findall(part)][2:]


@pytest.mark.asvs("2.1.3", "2.3.2", "15.1.3")
def test_the_floods_that_are_told_are_those_of_the_code() -> None:
    told = {row[0]: (row[1], row[2]) for row in rows("Floods")}
    limits = {door.name: door for door in (*DOORS, *KNOWN)} | dict(WRONG)
    assert set(FLOODS.values()) == set(limits)
    for what, name in FLOODS.items():
        burst, lasting = told[what]
        assert int(burst.split()[-1].replace(",", "")) == limits[name].burst, what
        number, unit = re.findall(r"(\d+) a (minute|second)", lasting)[0]
        assert int(number) * (60 if unit == "second" else 1) == limits[name].a_minute, what


@pytest.mark.asvs(
    "6.1.2", "6.1.3", "7.1.1", "7.1.2", "7.1.3", "8.1.1", "8.1.2",
    "11.1.1", "11.1.2", "13.1.1", "14.1.1", "14.1.2", "16.1.1",
)  # fmt: skip
@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("docs/access.md", "the person's, the region's or the program's own names"),  # 6.1.2
        ("SECURITY.md", "There\nis no other way in. The ways are not equally strong"),  # 6.1.3
        ("docs/access.md", f"idle_minutes = {Access().idle_minutes} "),  # 7.1.1
        ("docs/access.md", f"absolute_hours = {Access().absolute_hours} "),
        ("docs/access.md", "Anybody may be signed in at as many places as they like"),  # 7.1.2
        ("docs/sign-in-elsewhere.md", "at the latest after\n  `[access] absolute_hours`"),  # 7.1.3
        ("docs/access.md", "## What is not for everybody"),  # 8.1.1
        ("SECURITY.md", "panels with `hide_from_guests` are not drawn at all"),  # 8.1.2
        ("SECURITY.md", "| Key | Made by | Used for | Renew |"),  # 11.1.1
        ("SECURITY.md", "Algorithms: argon2id"),  # 11.1.2
        ("SECURITY.md", "| From | To | What |"),  # 13.1.1
        ("SECURITY.md", "| What | Where | Protection |"),  # 14.1.1, 14.1.2
        ("SECURITY.md", "| Log | Holds | Where, for how long |"),  # 16.1.1
    ],
)
def test_what_is_to_be_documented_is(file: str, words: str) -> None:
    assert words in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.asvs("15.1.1")
def test_a_library_is_renewed_in_a_time_that_fits_its_weakness() -> None:
    days = [int(re.findall(r"(\d+) days", row[1])[0]) for row in rows("Libraries")]
    assert len(days) >= 4
    assert days == sorted(days)


def test_it_is_short_and_leads_on() -> None:
    assert len(TEXT) < 13_000
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert "docs/asvs.md" in links
    assert [link for link in links if not (ROOT / link).is_file()] == []
