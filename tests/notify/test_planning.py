"""From the log of incidents to the outbox: who gets which message, each step exactly once."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from commandcenter.notify.settings import Duty, Escalation, Notify
from commandcenter.records import escalation, outbox
from commandcenter.records.database import RecordsDown
from commandcenter.records.incidents import merge, touch
from commandcenter.records.life import Step, Terms, lapse, take_step
from tests.conftest import NOW
from tests.notify.conftest import MakeOffice, Office, channel


async def test_a_fall_and_its_end_are_told(open_office: MakeOffice) -> None:
    office: Office = await open_office(notify=Notify(link="http://pusat.test/"))
    number = await office.opens(
        detail="no answer to 3 pings",
        office="Dinkes",
        provider="Telkomsel",
        affected=[{"key": "x"}],
    )
    assert await office.second() == 1
    [(to, letter)] = office.gateway.taken
    assert to == "group"
    assert letter.title == "[CRITICAL] Link rtr down"
    assert letter.mood == "bad"
    *lines, mark = letter.body.split("\n")
    assert lines == [
        "no answer to 3 pings",
        "Dinkes · Telkomsel",
        "since 09:42:17 WIB",
        "1 things behind it are affected",
        f"http://pusat.test/console?incident={number}",
    ]
    assert mark.startswith("[")
    office.clock.forward(190)
    await office.recovers()
    assert await office.second() == 1
    assert office.gateway.titles[1] == "[RECOVERED] Link rtr down 09:42–09:45 WIB, 3 min"
    assert office.gateway.taken[1][1].mood == "good"
    assert await office.second(3600) == 0


async def test_on_the_very_first_start_old_incidents_are_not_told(open_office: MakeOffice) -> None:
    office: Office = await open_office()
    with office.records.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM setting"))
    await office.opens("old")
    await office.notifier.begin()
    await office.opens("new")
    await office.notifier.begin()  # a restart changes nothing
    await office.second()
    assert office.gateway.titles == ["[CRITICAL] Link new down"]


async def test_what_is_told_of_a_life(open_office: MakeOffice) -> None:
    office: Office = await open_office(channel(most_per_minute=60))
    await office.opens(level="warning")
    await office.second(1)
    await worse(office)
    await office.second(1)
    await office.recovers()
    await office.second(1)
    await office.opens(level="critical")  # within half an hour: the same incident goes on
    await office.second(1)
    assert office.gateway.titles == [
        "[WARNING] Link rtr down",
        "[CRITICAL] Worse: Link rtr down",
        "[RECOVERED] Link rtr down 09:42–09:42 WIB, 2 s",
        "[CRITICAL] Again: Link rtr down",
    ]


async def worse(office: Office) -> None:
    thing = ("link-down", "network", "device/rtr")
    told = partial(touch, thing=thing, at=office.clock.now, title="Link rtr down", detail="")
    await office.records.write(partial(told, level="critical"))


async def test_a_channel_hears_only_the_levels_and_steps_it_wants(open_office: MakeOffice) -> None:
    office: Office = await open_office(
        channel("falls", levels=("critical",), steps=("opened",)), channel("all")
    )
    await office.opens("minor", level="warning")
    await office.opens("major")
    await office.second()
    await office.recovers("major")
    await office.second()
    assert office.gateway.of("falls") == ["[CRITICAL] Link major down"]
    assert len(office.gateway.of("all")) == 3


async def test_the_end_is_told_to_who_was_told_of_the_fall_though_the_duty_has_changed(
    open_office: MakeOffice,
) -> None:
    day = Duty(role="noc", person="Ani", starts=time(7), ends=time(19), channels=("ani",))
    night = Duty(role="noc", person="Budi", starts=time(19), ends=time(7), channels=("budi",))
    office: Office = await open_office(
        channel("ani", roles=()), channel("budi", roles=()), duties=(day, night)
    )
    await office.opens("one", owner="noc")
    await office.second()
    office.clock.now = datetime(2026, 11, 21, 19, 0, tzinfo=ZoneInfo("Asia/Jakarta"))
    await office.opens("two", owner="noc")
    await office.recovers("one")
    await office.second()
    ends = "[RECOVERED] Link one down 09:42–19:00 WIB, 9 h"
    assert office.gateway.of("ani") == ["[CRITICAL] Link one down", ends]
    assert office.gateway.of("budi") == ["[CRITICAL] Link two down"]


async def test_an_incident_that_became_part_of_another_is_not_called_recovered(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    await office.opens("child")
    above = await office.opens("core")
    await office.second()
    child, core = (("link-down", "network", f"device/{one}") for one in ("child", "core"))
    await office.records.write(merge, child, office.clock.now, into=core)
    await office.second()
    assert office.gateway.titles[-1] == f"[PART] Link child down: part of incident #{above}"


# --- escalation ---------------------------------------------------------------------------------

LADDER = (
    Escalation(after=600, role="boss"),
    Escalation(after=300, role="coordinator"),
    Escalation(after=900, role="coordinator", levels=("warning",)),
)
CHANNELS = (channel("noc"), channel("coordinator", roles=("coordinator",)))
ALL = (*CHANNELS, channel("boss", roles=("boss",)))


async def test_nobody_acknowledges_so_others_are_told_each_once(open_office: MakeOffice) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    await office.second(299)
    assert office.gateway.of("coordinator") == []
    await office.second(1)
    await office.second(200)
    assert office.gateway.of("coordinator") == [
        "[CRITICAL] Not acknowledged for 5 min: Link rtr down"
    ]
    assert office.gateway.of("boss") == []
    await office.second(100)
    await office.second(5000)
    assert office.gateway.of("boss") == ["[CRITICAL] Not acknowledged for 10 min: Link rtr down"]
    assert len(office.gateway.of("coordinator")) == 1
    row = await office.row(number)
    assert (row.escalated, row.version) == (2, 1)  # an operator's screen is not outdated by it


async def test_whoever_acknowledges_or_shelves_stops_it(open_office: MakeOffice) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    await office.step(await office.opens("a"), "acknowledge")
    until = office.clock.now.replace(hour=8)
    await office.step(await office.opens("b"), "shelve", until=until)
    await office.second(1000)
    assert office.gateway.of("coordinator") == office.gateway.of("boss") == []


async def test_an_acknowledgement_that_ran_out_starts_the_clock_again(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    await office.second(300)
    terms = Terms(acknowledged_for=60)
    row = await office.row(number)
    step = Step(incident=number, version=row.version, act="acknowledge", who="operator 1")
    await office.records.write(take_step, step, office.clock.now, terms)
    office.clock.forward(60)
    await office.records.write(lapse, office.clock.now, terms)
    await office.second(299)
    assert len(office.gateway.of("coordinator")) == 1
    await office.second(1)
    assert len(office.gateway.of("coordinator")) == 2


async def test_the_time_that_a_thing_that_flaps_was_open_counts_over_its_recoveries(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    for _ in range(2):
        await office.opens()
        await office.second(140)
        await office.recovers()
        await office.second(60)
    await office.opens()
    await office.second(19)
    assert office.gateway.of("coordinator") == []
    await office.second(1)  # open for 140 + 140 + 20 s
    assert len(office.gateway.of("coordinator")) == 1


async def test_what_was_acknowledged_before_it_recovered_starts_the_clock_anew(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    await office.second(200)
    await office.step(number, "acknowledge")
    await office.recovers()
    await office.opens()
    await office.second(299)
    assert office.gateway.of("coordinator") == []


async def test_rungs_that_fell_due_while_nobody_ran_are_told_once_each(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    await office.second()
    await office.second(7200)
    assert len(office.gateway.of("coordinator")) == len(office.gateway.of("boss")) == 1
    assert (await office.row(number)).escalated == 2


async def test_in_maintenance_nobody_is_woken(open_office: MakeOffice) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    office.notifier.in_maintenance.add(number)
    await office.second(1000)
    assert office.gateway.of("boss") == []
    office.notifier.in_maintenance.clear()
    await office.second()
    assert len(office.gateway.of("boss")) == 1


async def test_who_acknowledges_in_the_same_moment_wins(open_office: MakeOffice) -> None:
    office: Office = await open_office(*ALL, escalations=LADDER)
    number = await office.opens()
    seen = await office.row(number)
    await office.step(number, "acknowledge")
    due = [(seen, {"role": "boss", "after": 600.0})]
    assert await office.records.write(escalation.escalate, office.clock.now, due) == 0


# --- exactly once -------------------------------------------------------------------------------


async def test_a_plan_that_breaks_off_is_made_again_from_the_same_place(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    await office.opens("a")
    with office.records.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE outbox RENAME TO away"))
    with pytest.raises((RecordsDown, sa.exc.ProgrammingError)):
        await office.notifier.plan()
    with office.records.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE away RENAME TO outbox"))
    await office.second()
    await office.notifier.plan()
    assert office.gateway.titles == ["[CRITICAL] Link a down"]
    assert await office.records.read(outbox.behind) == 0


async def test_old_messages_are_thrown_away_but_none_that_waits(open_office: MakeOffice) -> None:
    office: Office = await open_office()
    await office.opens("a")
    await office.second()
    office.gateway.why = "closed"
    await office.opens("b")
    await office.second()
    office.clock.forward(31 * 86_400)
    await office.notifier.forget()
    [waits] = await office.records.read(outbox.waiting, "group")
    assert waits.subject == "[CRITICAL] Link b down"
    figures = (await office.records.read(outbox.figures, NOW))["group"]
    assert (figures.waiting, figures.last_sent_at) == (1, None)
