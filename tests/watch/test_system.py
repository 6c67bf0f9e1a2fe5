"""What the program tells of itself can be judged like everything else."""

from __future__ import annotations

from datetime import timedelta

from commandcenter.incidents.decision import Close, Open
from commandcenter.incidents.judge import Judge
from commandcenter.incidents.rules import Rule
from commandcenter.reading import Reading
from tests.conftest import NOW

FAILING = Rule(
    name="channel-failing",
    feed="system",
    kind="channel",
    when="not ok",
    hold=300,
    text="Saluran pesan gagal: {key}",
    detail="{error}",
)


def channel(seconds: float, *, ok: bool) -> Reading:
    value = {"ok": ok, "error": "" if ok else "no route to host"}
    at = NOW + timedelta(seconds=seconds)
    return Reading(feed="system", key="channel/telegram", at=at, value=value)


def test_a_channel_of_messages_that_fails_for_long_is_an_incident_until_it_works() -> None:
    judge = Judge([FAILING], {})
    judge.wake(NOW)
    decided = []
    for seconds, ok in ((0, False), (200, False), (300, False), (310, True), (330, True)):
        reading = channel(seconds, ok=ok)
        decided += [*judge.see(reading, reading.at), *judge.tick(reading.at)]
    opened, closed = decided
    assert isinstance(opened, Open)
    assert opened.words.title == "Saluran pesan gagal: channel/telegram"
    assert opened.words.detail == "no route to host"
    assert isinstance(closed, Close)
