"""What a message says: in the region's language, short, and every event accounted for."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from commandcenter.language import Language, catalogue
from commandcenter.notify import messages
from commandcenter.records.outbox import Message
from tests.conftest import NOW
from tests.notify.conftest import ZONE

SAY = Language("en", ZONE)


def message(number: int, **told: object) -> Message:
    facts: dict[str, object] = {
        "id": number,
        "key": f"{number}/group",
        "channel": "group",
        "incident_id": number,
        "kind": "opened",
        "subject": f"[WARNING] Link {number} down",
        "body": "",
        "urgent": False,
        "created_at": NOW + timedelta(seconds=number),
        "due_at": NOW,
        "attempts": 0,
        "error": "",
    }
    return Message(**(facts | told))  # type: ignore[arg-type]


def test_a_recovery_says_from_when_to_when() -> None:
    told = messages.recovered(SAY, "Link down", NOW, NOW + timedelta(minutes=3, seconds=59))
    assert told == "[RECOVERED] Link down 09:42–09:46 WIB, 3 min"
    told = messages.recovered(SAY, "Link down", NOW, NOW + timedelta(days=1))
    assert told == "[RECOVERED] Link down 21 Nov 09:42 WIB – 22 Nov 09:42 WIB, 24 h"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (172_800, "2 d")],
)
def test_how_long_it_lasted(seconds: int, told: str) -> None:
    assert messages.lasted(SAY, timedelta(seconds=seconds)) == told


def test_many_are_counted_by_what_they_are() -> None:
    many = [
        message(1, urgent=True),
        message(2),
        message(3),
        message(4, kind="resolved", urgent=True),
    ]
    letter = messages.joined(SAY, many, {})
    assert letter.title == "[CRITICAL] 4 events"
    assert letter.body.startswith("4 events in 3 s: 1 critical, 2 warnings, 1 recovered")


def test_good_news_alone_are_good_news() -> None:
    letter = messages.joined(SAY, [message(n, kind="resolved") for n in (1, 2)], {})
    assert (letter.title, letter.mood) == ("[RECOVERED] 2 events", "good")


def test_the_number_at_the_end_is_that_of_the_messages_whatever_they_say() -> None:
    one, two = message(1), message(2)
    assert messages.number_of([one, two]) == messages.number_of([two, one])
    assert messages.number_of([one]) != messages.number_of([two])
    again = messages.signed(messages.single(SAY, one, None, "another line"), [one])
    assert again.body.endswith(f"[{messages.number_of([one])}]")


def test_in_indonesian_it_says_the_same() -> None:
    words = catalogue("id")
    source = "".join(
        path.read_text(encoding="utf-8") for path in Path(messages.__file__).parent.glob("*.py")
    )
    said = set(re.findall(r'say\(\s*"([^"]+)"', source)) | set(messages._LEVEL.values())
    assert len(said) > 20
    for text in said:
        assert text in words, text
        assert names(words[text]) == names(text)
    say = Language("id", ZONE)
    letter = messages.joined(say, [message(1, urgent=True), message(2)], {})
    assert letter.title == "[KRITIS] 2 kejadian"
    assert letter.body.startswith("2 kejadian dalam 1 dtk: 1 kritis, 1 peringatan")


def names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
