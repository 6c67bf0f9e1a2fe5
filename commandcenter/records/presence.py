"""Who is at work today, counted from the scans.

Counted in SQL, because a look follows every scan, and in the morning thousands of people come
within half an hour. The rules are for machines as they are (public reports: horilla-hr#340, #358,
#1115 and #1242, frappe/hrms#3298, kurenai-ryu/pyzk#5): many people never press in or out, some
press the wrong one, and some machines write the same status for everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from commandcenter.records.tables import scan

_OUT = (1, 5)  # out, overtime out
_PAUSE = (2, 3)  # break out, break in: still at work
_TWICE = 300  # seconds: an "out" so soon after another scan is a finger on the wrong key
_ONCE = 600  # seconds: scans so near to each other are one coming
_NIGHT = timedelta(days=1)  # how far back a shift may have begun


@dataclass(frozen=True, slots=True)
class Presence:
    """The people of one office on one day."""

    people: int
    """At work: they came on this day and did not go since."""
    late: int
    last: datetime | None
    """The newest scan of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day on the machines' own clocks."""

    start: datetime
    end: datetime
    latest: datetime
    """Who comes after it is late,"""
    over: datetime
    """but not who comes after this: for another shift."""


def presences(
    connection: sa.Connection, offices: Mapping[str, str], day: Day
) -> dict[str, Presence]:
    """By office. `offices` tells the office of each serial; a person at two machines of one office
    is one."""
    if not offices:
        return {}
    person = _people(offices, day)
    at_work, late = _judge(person, day)
    query = sa.select(
        person.c.office, _count(at_work), _count(late), sa.func.max(person.c.last)
    ).group_by(person.c.office)
    return {row[0]: Presence(*row[1:]) for row in connection.execute(query)}


def _judge(person: sa.Subquery, day: Day) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Whether one is at work, and whether one came late."""
    of = person.c
    once = _seconds(of.before_last) - _seconds(of.before_first) <= _ONCE
    # A shift that began yesterday: no "out" since. Who never presses out, came once that day only.
    night = _sure(
        sa.or_(of.before_last > of.before_out, sa.and_(of.before_out.is_(None), once)),
    )
    # Without a coming before it, an "out" is a coming with a finger on the wrong key.
    came = sa.and_(of.last.is_not(None), sa.or_(of.in_first.is_not(None), sa.not_(night)))
    gone = _sure(_seconds(of.out_last) - _seconds(of.other_last) >= _TWICE)
    first = sa.func.coalesce(of.in_first, of.first)
    late = sa.and_(came, first > day.latest, first < day.over)
    return sa.and_(came, sa.not_(gone)), late


def _people(offices: Mapping[str, str], day: Day) -> sa.Subquery:
    """For each person of each office: the first and the last of each kind of scan."""
    place = sa.values(
        sa.column("serial", sa.String), sa.column("office", sa.String), name="place"
    ).data(list(offices.items()))
    places = place.cte("places")
    # Nobody scans in the future: where a clock is ahead, our own is nearer to the truth.
    stamp, received = scan.c.scanned_at, scan.c.received_at
    at = sa.case((stamp > received, received), else_=stamp)
    today, before = at >= day.start, at < day.start
    out, pause = scan.c.status.in_(_OUT), scan.c.status.in_(_PAUSE)
    low, high = sa.func.min, sa.func.max

    def when(*true: sa.ColumnElement[bool]) -> sa.Case[datetime]:
        return sa.case((sa.and_(*true), at))

    return (
        sa.select(
            places.c.office,
            low(when(today)).label("first"),
            high(when(today)).label("last"),
            low(when(today, sa.not_(out), sa.not_(pause))).label("in_first"),
            high(when(today, out)).label("out_last"),
            high(when(today, sa.not_(out))).label("other_last"),
            low(when(before, sa.not_(out))).label("before_first"),
            high(when(before, sa.not_(out))).label("before_last"),
            high(when(before, out)).label("before_out"),
        )
        .join_from(scan, places, places.c.serial == scan.c.serial)
        # The stamps alone have an index; one that is ahead is so by a day at most.
        .where(stamp >= day.start - _NIGHT, stamp < day.end + _NIGHT, at < day.end)
        .group_by(places.c.office, sa.func.ltrim(scan.c.pin, "0"))  # machines differ in zeros
        .subquery()
    )


def _count(true: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((true, 1), else_=0))


def _sure(true: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """False where a part of it is missing."""
    return sa.case((true, sa.true()), else_=sa.false())


def _seconds(at: sa.ColumnElement[datetime]) -> sa.ColumnElement[int]:
    return sa.extract("epoch", at)
