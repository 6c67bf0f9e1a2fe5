"""Who is told at this moment: duties, hand-over, quiet hours."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from commandcenter.notify.roster import Roster
from commandcenter.notify.settings import Duty, Notify
from tests.notify.conftest import ZONE, channel

DAY = Duty(role="noc", person="Ani", starts=time(7), ends=time(19), channels=("ani",))
NIGHT = Duty(role="noc", person="Budi", starts=time(19), ends=time(7), channels=("budi",))
ROSTER = Roster(
    zone=ZONE,
    channels=[
        channel("ani", roles=()),
        channel("budi", roles=()),
        channel("heads", roles=("coordinator",)),
        channel("all"),
    ],
    duties=[DAY, NIGHT],
)


def at(clock: str, day: int = 21) -> datetime:
    """A local time of November 2026; the 21st is a Saturday."""
    return datetime.fromisoformat(f"2026-11-{day:02}T{clock}").replace(tzinfo=ZONE)


def names(roster: Roster, owner: str, now: datetime) -> list[str]:
    return [channel.name for channel in roster.told([owner], now)]


def test_the_duty_is_handed_over_at_the_minute() -> None:
    assert names(ROSTER, "noc", at("18:59:59.999")) == ["ani"]
    assert names(ROSTER, "noc", at("19:00:00")) == ["budi"]
    assert names(ROSTER, "noc", at("06:59:59")) == ["budi"]
    assert names(ROSTER, "noc", at("07:00:00")) == ["ani"]


def test_a_duty_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    saturday = Duty(
        role="noc", person="Budi", days=(6,), starts=time(22), ends=time(6), channels=("budi",)
    )
    roster = Roster(zone=ZONE, channels=ROSTER.channels, duties=[saturday])
    assert (
        names(roster, "noc", at("23:00", 21)) == names(roster, "noc", at("05:59", 22)) == ["budi"]
    )
    assert names(roster, "noc", at("05:00", 21)) == ["all"]
    assert names(roster, "noc", at("06:00", 22)) == ["all"]


def test_a_duty_without_hours_is_a_whole_day() -> None:
    sunday = Duty(role="noc", person="Budi", days=(7,), channels=("budi",))
    roster = Roster(zone=ZONE, channels=ROSTER.channels, duties=[sunday])
    assert (
        names(roster, "noc", at("00:00", 22)) == names(roster, "noc", at("23:59", 22)) == ["budi"]
    )
    assert names(roster, "noc", at("23:59", 21)) == names(roster, "noc", at("00:00", 23)) == ["all"]


def test_a_role_without_a_duty_goes_to_the_channels_that_stand_in_for_it() -> None:
    assert names(ROSTER, "coordinator", at("12:00")) == ["heads"]


def test_what_nobody_owns_goes_to_the_role_for_it_or_to_everybodys_channel() -> None:
    assert names(ROSTER, "", at("12:00")) == names(ROSTER, "unheard of", at("12:00")) == ["all"]
    roster = Roster(
        zone=ZONE,
        notify=Notify(role="coordinator"),
        channels=ROSTER.channels,
        duties=ROSTER.duties,
    )
    assert names(roster, "", at("12:00")) == ["heads"]


def test_the_office_is_asked_when_the_owner_reaches_nobody() -> None:
    assert [c.name for c in ROSTER.told(["unheard of", "coordinator"], at("12:00"))] == ["heads"]


def test_a_channel_of_one_person_on_duty_is_that_person() -> None:
    ani, budi, heads, _ = ROSTER.channels
    assert ROSTER.person(ani, at("12:00")) == "Ani"
    assert ROSTER.person(budi, at("12:00")) == "budi"
    assert ROSTER.person(heads, at("12:00")) == "heads"


@pytest.mark.parametrize(
    ("clock", "quiet"),
    [("21:59:59", False), ("22:00", True), ("00:00", True), ("05:59", True), ("06:00", False)],
)
def test_quiet_hours_pass_midnight(clock: str, quiet: bool) -> None:
    one = channel(quiet_from=time(22), quiet_until=time(6))
    assert ROSTER.quiet(one, at(clock)) is quiet


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    one = channel(quiet_from=time(12), quiet_until=time(13))
    assert [ROSTER.quiet(one, at(f"{hour}:30")) for hour in (11, 12, 13)] == [False, True, False]
    assert not ROSTER.quiet(channel(), at("03:00"))


def test_days_follow_the_region_and_not_utc() -> None:
    monday = Duty(role="noc", person="Budi", days=(1,), channels=("budi",))
    roster = Roster(zone=ZONE, channels=ROSTER.channels, duties=[monday])
    still_sunday_in_utc = at("00:30", 23)
    assert still_sunday_in_utc - timedelta(hours=7) < still_sunday_in_utc
    assert names(roster, "noc", still_sunday_in_utc) == ["budi"]
