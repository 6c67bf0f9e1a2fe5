"""How much a channel sends: quiet hours, digest, cap; nothing of it is lost."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from commandcenter.language import Language
from commandcenter.notify.messages import number_of
from commandcenter.notify.notifier import Notifier
from commandcenter.notify.pacing import back_off
from commandcenter.records import outbox
from commandcenter.records.incidents import open_incident, together
from tests.notify.conftest import MakeOffice, Office, channel

EVENTS = re.compile(r"^(\d[\d,.]*) events", re.MULTILINE)


def told_events(office: Office) -> int:
    """How many events all messages together speak of."""
    counted = 0
    for _, letter in office.gateway.taken:
        found = EVENTS.search(letter.body)
        counted += int(re.sub("[.,]", "", found[1])) if found else 1
    return counted


async def open_many(office: Office, names: range) -> None:
    at = office.clock.now
    acts = [
        lambda connection, n=n: open_incident(
            connection,
            ("link-down", "network" if n % 10 else "cameras", f"device/{n}"),
            at,
            level="warning" if n % 5 else "critical",
            title=f"Link {n} down",
        )
        for n in names
    ]
    await office.records.write(together, acts)


async def test_3000_events_in_a_minute_make_six_messages_that_tell_of_all(
    open_small_office: MakeOffice,
) -> None:
    office: Office = await open_small_office()
    for second in range(60):
        await open_many(office, range(second * 50, second * 50 + 50))
        await office.second(1)
    await office.second(12)
    assert len(office.gateway.taken) <= 6
    assert told_events(office) == 3000
    biggest = office.gateway.taken[1][1]
    assert biggest.title == "[CRITICAL] 600 events"
    first, domains, *lines = biggest.body.split("\n")
    assert first == "600 events in 11 s: 120 critical, 480 warnings"
    assert domains == "mostly: Network 540, CCTV 60"
    assert lines[0] == "• [CRITICAL] Link 50 down"
    assert lines[-2] == "and 592 more incidents"


async def test_the_cap_holds_across_restarts(open_office: MakeOffice) -> None:
    office: Office = await open_office()
    for n in range(30):
        await office.opens(f"r{n}")
        office.notifier = Notifier(  # a new process each time
            office.records,
            office.notifier.bus,
            office.notifier.roster,
            Language("en", ZoneInfo("Asia/Jakarta")),
            office.clock,
            office.gateway,
        )
        await office.second(1)
    assert len(office.gateway.taken) <= 5
    await office.second(60)
    assert told_events(office) == 30


async def test_a_flood_while_the_gateway_is_down_is_told_when_it_is_back(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    office.gateway.why = "closed"
    for second in range(10):
        await open_many(office, range(second * 30, second * 30 + 30))
        await office.second(10)
    assert office.gateway.refused < 10
    office.gateway.why = ""
    for _ in range(10):
        await office.second(20)
    assert len(office.gateway.taken) <= 3
    assert told_events(office) == 300


async def test_what_was_joined_and_is_in_doubt_goes_again_as_it_was(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    await open_many(office, range(20))
    await office.notifier.plan()
    messages = await office.records.read(outbox.waiting, "group")
    await office.records.write(outbox.begin, [message.id for message in messages])
    await open_many(office, range(20, 40))  # the process was killed here, and starts again
    for _ in range(3):
        await office.second(12)
    first, second = (letter.body for _, letter in office.gateway.taken)
    assert first.startswith("20 events")
    assert first.endswith(f"[{number_of(messages)}]")
    assert second.startswith("20 events")


async def test_messages_of_a_channel_that_is_no_more_do_not_wait_for_ever(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(channel("old"), channel("new"))
    await office.opens()
    await office.notifier.plan()
    office = await open_office(channel("new"))
    assert await office.records.read(outbox.waiting, "old") == []
    assert len(await office.records.read(outbox.waiting, "new")) == 1


async def test_a_few_go_one_by_one_and_the_critical_ones_first(
    open_small_office: MakeOffice,
) -> None:
    office: Office = await open_small_office()
    await office.opens("a", level="warning")
    await office.opens("b", level="warning")
    await office.opens("c")
    assert await office.second() == 3
    assert [title[:10] for title in office.gateway.titles] == [
        "[CRITICAL]",
        "[WARNING] ",
        "[WARNING] ",
    ]


async def test_a_fall_that_was_over_before_it_was_told_is_told_as_one(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(channel(digest=60))
    await office.opens(level="warning")
    await office.second()
    office.clock.forward(30)
    await office.recovers()
    assert await office.second() == 0
    assert await office.second(30) == 1
    assert office.gateway.titles == ["[RECOVERED] Link rtr down 09:42–09:42 WIB, 30 s"]
    assert await office.second(600) == 0


async def test_a_channel_that_wants_no_recoveries_is_not_told_of_a_fall_that_is_over(
    open_small_office: MakeOffice,
) -> None:
    office: Office = await open_small_office(channel(digest=120, steps=("opened",)))
    await office.opens(level="warning")
    await office.second()
    office.clock.forward(60)
    await office.recovers()
    await office.second(60)
    assert office.gateway.titles == ["[RECOVERED] Link rtr down 09:42–09:43 WIB, 1 min"]


async def test_warnings_are_gathered_and_critical_ones_go_at_once(open_office: MakeOffice) -> None:
    office: Office = await open_office(channel(digest=60))
    await office.opens("a", level="warning")
    await office.second()
    office.clock.forward(50)
    await office.opens("b", level="warning")
    await office.opens("c")
    assert await office.second() == 1
    assert office.gateway.titles == ["[CRITICAL] Link c down"]
    assert await office.second(10) == 1
    assert office.gateway.titles[1] == "[WARNING] 2 events"
    assert "2 events in 50 s: 2 warnings" in office.gateway.taken[1][1].body
    assert "• [WARNING] Link a down\n• [WARNING] Link b down" in office.gateway.taken[1][1].body


async def test_quiet_hours_over_midnight_hold_back_all_but_critical_ones(
    open_office: MakeOffice,
) -> None:
    hours = {"quiet_from": time(22), "quiet_until": time(6)}
    office: Office = await open_office(
        channel("phone", **hours), channel("silent", critical_always=False, **hours)
    )
    office.clock.now = local("22:00")
    await office.opens("a", level="warning")
    await office.second()
    office.clock.now = local("03:00", 22)
    await office.opens("b")
    await office.second()
    assert (office.gateway.of("phone"), office.gateway.of("silent")) == (
        ["[CRITICAL] Link b down"],
        [],
    )
    office.clock.now = local("05:59:59", 22)
    assert await office.second() == 0
    assert await office.second(1) == 3
    assert office.gateway.of("phone")[1:] == ["[WARNING] Link a down"]
    assert len(office.gateway.of("silent")) == 2
    [held] = [
        letter for _, letter in office.gateway.taken if letter.title == "[WARNING] Link a down"
    ][:1]
    assert "since 22:00:00 WIB" in held.body


def local(clock: str, day: int = 21) -> datetime:
    zone = ZoneInfo("Asia/Jakarta")
    return datetime.fromisoformat(f"2026-11-{day}T{clock}").replace(tzinfo=zone)


async def test_who_acknowledged_meanwhile_is_said(open_small_office: MakeOffice) -> None:
    office: Office = await open_small_office(channel(digest=60))
    number = await office.opens(level="warning")
    await office.second()
    office.clock.forward(10)
    await office.step(number, "acknowledge")
    await office.second(50)
    assert "Acknowledged at 09:42:27 WIB" in office.gateway.taken[0][1].body


def test_the_rests_grow_from_ten_seconds_to_a_quarter_of_an_hour() -> None:
    rests = [back_off(n, 1.0) for n in range(1, 10)]
    assert [rest.total_seconds() for rest in rests] == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert back_off(1, 0.0) == timedelta(seconds=8)
    assert back_off(10_000, 1.0) == timedelta(minutes=15)
