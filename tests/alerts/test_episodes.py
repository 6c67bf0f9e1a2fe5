"""An episode is one, however late or often it is told; what flaps stays open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from commandcenter.feed import Desk
from commandcenter.records.chain import log_of
from commandcenter.records.life import Act, Step, Terms, lapse, take_step
from feeds.alerts import Alerts
from tests.alerts.conftest import Senders, incidents, look, on_both, the_incident
from tests.alerts.samples import FIRING, FIRING_AGAIN, PROBLEM, RESOLVED, notification
from tests.conftest import NOW, Clock


async def decide(desk: Desk, clock: Clock, act: Act, **facts: Any) -> None:
    row = await the_incident(desk)
    step = Step(incident=row.id, version=row.version, act=act, who="Siti", **facts)
    await desk.records.write(take_step, step, clock.now, Terms())


def episode(began: datetime, ended: datetime | None = None) -> dict[str, Any]:
    status = "resolved" if ended else "firing"
    end = ended.isoformat() if ended else "0001-01-01T00:00:00Z"
    told = {**FIRING, "status": status, "startsAt": began.isoformat(), "endsAt": end}
    return notification(told)


async def flap(senders: Senders, clock: Clock, times: int) -> None:
    """Ten seconds bad, five good."""
    for _ in range(times):
        began = clock.now
        await senders.tell("alertmanager", episode(began))
        clock.forward(10)
        await senders.tell("alertmanager", episode(began, clock.now))
        clock.forward(5)


@on_both
@pytest.mark.parametrize("late", ["the same startsAt", "that of another replica of Prometheus"])
async def test_a_fall_that_a_cluster_tells_after_its_end_changes_nothing(
    senders: Senders, desk: Desk, clock: Clock, late: str
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    clock.forward(6)
    await senders.tell("alertmanager", notification(RESOLVED))
    clock.forward(300)
    begun = FIRING["startsAt"] if late == "the same startsAt" else "2026-11-20T16:47:09Z"
    await senders.tell("alertmanager", notification({**FIRING, "startsAt": begun}))
    row = await the_incident(desk)
    assert (row.state, row.count) == ("resolved", 1)


@pytest.mark.parametrize("before", [False, True])
async def test_a_fall_that_comes_after_its_own_end_opens_nothing(
    senders: Senders, desk: Desk, clock: Clock, *, before: bool
) -> None:
    """What we could not take, for we restarted, is sent again after what came next: of a short
    problem the recovery first (getsentry/sentry#122790 has the same in Slack)."""
    if before:  # its thing has an incident of an older episode
        older = {**PROBLEM, "event_id": "7"}
        await senders.tell("zabbix", older)
        await senders.tell("zabbix", {**older, "event_value": "0"})
        await senders.tell("alertmanager", episode(NOW - timedelta(days=3)))
        await senders.tell("alertmanager", episode(NOW - timedelta(days=3), NOW))
    told = sorted((row.title, row.count, row.state) for row in await incidents(desk))
    began = clock.now + timedelta(minutes=1)
    clock.forward(120)
    await senders.tell("zabbix", {**PROBLEM, "event_value": "0"})
    await senders.tell("alertmanager", episode(began, clock.now))
    clock.forward(30)
    await senders.tell("zabbix", PROBLEM)
    await senders.tell("alertmanager", episode(began))
    found = sorted((row.title, row.count, row.state) for row in await incidents(desk))
    assert found == told
    clock.forward(3600)
    await senders.tell("zabbix", {**PROBLEM, "event_id": "19"})
    await senders.tell("alertmanager", episode(clock.now))
    assert [row.state for row in await incidents(desk)] == ["open", "open"]


async def test_an_end_that_comes_after_the_next_fall_has_begun_ends_nothing(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    """The end of one fall waits to be sent again, or is that of another member of a cluster
    (prometheus/alertmanager#4108): the next one goes on."""
    began = clock.now
    await senders.tell("alertmanager", episode(began))
    await senders.tell("zabbix", PROBLEM)
    clock.forward(60)
    ended, again = clock.now, clock.now + timedelta(seconds=30)
    clock.forward(60)
    await senders.tell("alertmanager", episode(again))
    await senders.tell("zabbix", {**PROBLEM, "event_id": "119"})
    await senders.tell("zabbix", PROBLEM)  # once more, and late
    await senders.tell("alertmanager", episode(began, ended))
    await senders.tell("zabbix", {**PROBLEM, "event_value": "0"})
    assert [row.state for row in await incidents(desk)] == ["open", "open"]
    clock.forward(60)
    await senders.tell("alertmanager", episode(again, clock.now))
    await senders.tell("zabbix", {**PROBLEM, "event_id": "119", "event_value": "0"})
    assert [row.state for row in await incidents(desk)] == ["resolved", "resolved"]


async def test_nor_does_it_open_a_new_incident_when_the_first_is_closed(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    await senders.tell("alertmanager", notification(RESOLVED))
    clock.forward(60)
    await desk.records.write(lapse, clock.now, Terms(reopen_within=5))
    await senders.tell("alertmanager", notification(FIRING))
    assert await incidents(desk) == []


async def test_an_hour_later_the_same_episode_is_believed_for_its_sender_may_have_been_cut_off(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    await senders.tell("alertmanager", notification(RESOLVED))
    clock.forward(3601)
    await senders.tell("alertmanager", notification(FIRING))
    assert (await the_incident(desk)).state == "open"


async def test_the_end_that_a_wrong_clock_tells_from_the_future_hides_no_later_fall(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    ahead = clock.now.replace(year=2027)
    await senders.tell("alertmanager", episode(ahead))
    await senders.tell("alertmanager", episode(ahead, ahead))
    await senders.tell("alertmanager", episode(clock.now))
    assert (await incidents(desk))[0].state == "open"


async def test_what_is_shelved_or_acknowledged_stays_so_while_the_episode_is_repeated(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("alertmanager", notification(FIRING))
    until = clock.now.replace(hour=23)
    await decide(desk, clock, "shelve", until=until)
    await senders.tell("alertmanager", notification(FIRING))
    assert (await the_incident(desk)).state == "shelved"


async def test_what_a_person_resolved_opens_again_when_the_same_event_becomes_worse(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    await senders.tell("zabbix", {**PROBLEM, "severity": "2"})
    await decide(desk, clock, "resolve", cause="power")
    await senders.tell("zabbix", {**PROBLEM, "severity": "2"})
    assert (await the_incident(desk)).state == "resolved"
    await senders.tell("zabbix", {**PROBLEM, "severity": "5", "update_status": "1"})
    row = await the_incident(desk)
    assert (row.state, row.level) == ("open", "critical")


@on_both
async def test_what_flaps_is_marked_and_stays_open_until_it_was_calm(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock
) -> None:
    await flap(senders, clock, 10)
    row = await the_incident(desk)
    assert (row.state, row.flapping) == ("open", True)
    steps = [one.step for one in await desk.records.read(log_of, row.id)]
    assert steps[:4] == ["opened", "resolved", "reopened", "flapping"]
    assert "resolved" not in steps[4:]
    clock.forward(800)
    await look(feed, desk)
    assert (await the_incident(desk)).state == "open"
    clock.forward(100)
    await look(feed, desk)
    assert (await the_incident(desk)).state == "resolved"


async def test_what_flapped_and_then_stays_bad_is_calm_and_open(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock
) -> None:
    await flap(senders, clock, 3)
    await senders.tell("alertmanager", episode(clock.now))
    clock.forward(901)
    await look(feed, desk)
    row = await the_incident(desk)
    assert (row.state, row.flapping) == ("open", False)


async def test_two_members_of_a_cluster_that_repeat_an_alert_do_not_make_it_flap(
    senders: Senders, desk: Desk, clock: Clock
) -> None:
    for number in range(10):
        began = FIRING if number % 2 else FIRING_AGAIN
        await senders.tell("alertmanager", notification(began))
        clock.forward(10)
    assert not (await the_incident(desk)).flapping
