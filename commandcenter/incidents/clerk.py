"""The clerk: writes down what the judge decided, with the evidence of the moment.

Decisions about one thing stay in their order. What the records do not take now stays due; while
they are away an update takes the place of the one before it, so that what is due does not grow
with the length of the outage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from commandcenter.incidents.decision import (
    Affected,
    Close,
    Decision,
    Merge,
    Open,
    Standing,
    Update,
)
from commandcenter.incidents.memory import Memory
from commandcenter.incidents.rules import Thing, Words
from commandcenter.reading import Origin
from commandcenter.records import evidence, incidents
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.evidence import Wish
from commandcenter.records.life import Terms
from commandcenter.secret import redact

if TYPE_CHECKING:
    from sqlalchemy import Connection

MOST_AT_ONCE = 500  # decisions of one transaction: others have to write, too

_Due: TypeAlias = dict[Thing, list[Decision]]


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of an attempt to write."""

    numbers: set[int] = field(default_factory=set)
    """Incidents that were written."""
    troubles: list[str] = field(default_factory=list)


class Clerk:
    """Keeps what is due until it is written. `wishes` says which stills an incident needs."""

    def __init__(
        self,
        records: Records,
        memory: Memory,
        terms: Terms,
        wishes: Callable[[Open], Sequence[Wish]],
    ) -> None:
        self.records, self.memory, self.terms, self.wishes = records, memory, terms, wishes
        self.due: _Due = {}

    def take(self, decisions: Iterable[Decision]) -> bool:
        """Have these decisions written; whether there are any."""
        found = False
        for decision in decisions:
            _queue(self.due.setdefault(decision.thing, []), decision)
            found = True
        return found

    async def write(self) -> Written:
        """Write what is due."""
        written = Written()
        while self.due and not written.troubles:
            some = dict(sorted(self.due.items(), key=_is_merge)[:MOST_AT_ONCE])
            for thing in some:
                del self.due[thing]
            await self._write(some, written)
        return written

    async def _write(self, due: _Due, written: Written) -> None:
        acts = [self._act(decision) for decisions in due.values() for decision in decisions]
        try:
            numbers = await self.records.write(incidents.together, acts)
        except RecordsDown as error:
            self._keep(due, str(error), written)
        except Exception as error:
            if len(due) == 1:
                why = f"an incident cannot be written: {redact(str(error))}"
                self._keep(due, why, written)
                return
            for thing, decisions in due.items():  # one of them: it must not hold up the others
                await self._write({thing: decisions}, written)
        else:
            written.numbers.update(numbers)

    def _keep(self, due: _Due, why: str, written: Written) -> None:
        """Have it due again, before what was decided meanwhile."""
        written.troubles.append(why)
        later, self.due = self.due, due
        for decisions in later.values():
            self.take(decisions)

    def _act(self, decision: Decision) -> incidents.Act:
        """What the records have to do."""
        match decision:
            case Open(thing=thing):
                kept: dict[evidence.Kind, bytes] = {
                    "reading": self.memory.reading(thing.feed, thing.key),
                    "series": self.memory.series(thing.feed, thing.key),
                }
                wishes = self.wishes(decision)
                return partial(_open, decision=decision, kept=kept, wishes=wishes, terms=self.terms)
            case Update():
                return partial(_touch, decision=decision)
            case Merge(thing, at, into):
                return partial(incidents.merge, thing=thing, at=at, into=into)
            case Close(thing, at, reason):
                return partial(incidents.recover, thing=thing, at=at, reason=reason)


def as_judged(rows: Iterable[incidents.IncidentRow]) -> dict[Thing, Standing]:
    """Incidents of the records that rules judge, as a judge takes them over."""
    return {
        Thing(*row.thing): Standing(
            words=Words(row.level, row.title, row.detail),
            origin=Origin(row.origin),
            opened_at=row.opened_at,
            flapping=row.flapping,
            affected=tuple(Affected(**one) for one in row.affected),
        )
        for row in rows
        if row.source == "rule"
    }


def _open(
    connection: Connection,
    decision: Open,
    kept: Mapping[evidence.Kind, bytes],
    wishes: Sequence[Wish],
    terms: Terms,
) -> int:
    level, title, detail = decision.words
    number = incidents.open_incident(
        connection,
        decision.thing,
        decision.at,
        level=level,
        title=title,
        detail=detail,
        origin=decision.origin,
        owner=decision.owner,
        runbook=decision.runbook,
        flapping=decision.flapping,
        affected=_affected(decision.affected),
        reopen_within=terms.reopen_within,
        **decision.place._asdict(),
    )
    for kind, body in kept.items():
        if body:
            evidence.keep(connection, number, decision.at, kind, body)
    evidence.want(connection, number, wishes)
    return number


def _touch(connection: Connection, decision: Update) -> int | None:
    level, title, detail = decision.words
    return incidents.touch(
        connection,
        decision.thing,
        decision.at,
        level=level,
        title=title,
        detail=detail,
        again=decision.again,
        flapping=decision.flapping,
        affected=None if decision.affected is None else _affected(decision.affected),
    )


def _affected(things: Iterable[Affected]) -> list[dict[str, str]]:
    return [thing._asdict() for thing in things]


def _is_merge(due: tuple[Thing, list[Decision]]) -> bool:
    """Merges come last: what they go into may open in the same moment."""
    return any(isinstance(decision, Merge) for decision in due[1])


def _queue(decisions: list[Decision], decision: Decision) -> None:
    """Put a decision behind the others, or in the place of an update it says more than."""
    last = decisions[-1] if decisions else None
    if isinstance(last, Update) and isinstance(decision, Update):
        decisions[-1] = replace(
            decision,
            again=decision.again or last.again,
            flapping=last.flapping if decision.flapping is None else decision.flapping,
            affected=last.affected if decision.affected is None else decision.affected,
        )
    else:
        decisions.append(decision)
