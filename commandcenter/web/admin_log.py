"""Two logs told as one: what people do with the system (commandcenter.records.audit) and the steps
with incidents (commandcenter.records.chain). Each is numbered by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeAlias

from commandcenter.records import audit
from commandcenter.records.accounts import NoAccount, account_of
from commandcenter.records.audit import Entry, Wanted
from commandcenter.web.admin_words import nameless

ACTS = {  # how the acts of each begin
    "everything": ("",),
    "entry": ("sign", "code_", "session.", "throttled", "flooded"),
    "accounts": ("account.", "token.", "access."),
    "displays": ("display.",),
    "incidents": ("maintenance.", "handover.", "channel."),
    "exports": ("export.",),
}
WITH_STEPS = ("everything", "incidents")

_Search: TypeAlias = Callable[[Any, Wanted], list[Entry]]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a page of both logs begins: below these numbers. None: at the newest line."""

    audit: int | None = None
    steps: int | None = None

    @classmethod
    def of(cls, text: str) -> Place:
        """ "812.40", as `str` tells it; nonsense is the beginning."""
        parts = text.split(".")
        if len(parts) != 2 or not all(p.isascii() and p.isdecimal() and len(p) < 19 for p in parts):
            return cls()
        return cls(audit=int(parts[0]) or None, steps=int(parts[1]) or None)

    def __str__(self) -> str:
        return f"{self.audit or 0}.{self.steps or 0}"

    def after(self, shown: Sequence[Entry]) -> Place:
        """Where the next page begins when these were shown."""
        steps = [entry.number for entry in shown if is_step(entry)]
        others = [entry.number for entry in shown if not is_step(entry)]
        return Place(audit=min(others, default=self.audit), steps=min(steps, default=self.steps))


class Tail:
    """What is left of one search, newest first, fetched as it is needed: so a file of a million
    lines asks the records once for each of them, not once for each kind and page."""

    def __init__(self, search: _Search, wanted: Wanted) -> None:
        self.search, self.wanted = search, wanted
        self.kept: deque[Entry] = deque()
        self.more = True

    def fill(self, connection: Any, size: int) -> None:
        """Have at least one line, if there is one."""
        if self.kept or not self.more:
            return
        self.kept.extend(self.search(connection, replace(self.wanted, limit=size)))
        self.more = len(self.kept) == size
        if self.kept:
            self.wanted = replace(self.wanted, before=self.kept[-1].number)


Logs: TypeAlias = Sequence[Sequence[Tail]]


def logs_of(about: str, wanted: Wanted, place: Place) -> Logs:
    """The searches for one kind of lines, by log."""
    acts = [replace(wanted, act=act, before=place.audit) for act in ACTS[about]]
    logs = [[Tail(audit.search, one) for one in acts]]
    if about in WITH_STEPS:
        logs.append([Tail(audit.steps, replace(wanted, before=place.steps))])
    return logs


def take(connection: Any, logs: Logs, limit: int) -> tuple[list[Entry], dict[str, str]]:
    """The next lines, newest first, and the names of the accounts that they do not name. Each log
    is told in the order of its numbers."""
    lines: list[Entry] = []
    while len(lines) < limit:
        for tail in chain.from_iterable(logs):
            tail.fill(connection, limit)
        heads = [_head(log) for log in logs if any(tail.kept for tail in log)]
        if not heads:
            break
        lines.append(max(heads, key=lambda tail: tail.kept[0].at).kept.popleft())
    return lines, names_of(connection, lines)


def _head(log: Sequence[Tail]) -> Tail:
    return max((tail for tail in log if tail.kept), key=lambda tail: tail.kept[0].number)


def names_of(connection: Any, lines: Iterable[Entry]) -> dict[str, str]:
    """Of the accounts that lines are about without saying their names: {"account/3": "Sari"}."""
    names = {}
    for thing in {line.thing for line in lines if nameless(line)}:
        try:
            names[thing] = account_of(connection, int(thing.removeprefix("account/"))).name
        except (NoAccount, ValueError):  # as nobody should have written it
            continue
    return names


def is_step(entry: Entry) -> bool:
    """Whether it is from the log of incidents."""
    return entry.act.startswith("incident.")
