"""The ledger: what the board knows of incidents, told as rows to the consoles that are open.

Ten thousand drawn rows would never paint in a second; plain rows do, a few hundred a frame, the
most urgent first. A console has no queue: it is owed numbers, and is told the newest state of each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import orjson

from commandcenter.access.roles import EVERYBODY, Eyes, Visitor
from commandcenter.access.sees import Offices, Sees
from commandcenter.board import Board, View
from commandcenter.reading import Reading
from commandcenter.vocabulary import urgency
from commandcenter.web.wire import text_frame

FEED = "incidents"
OWN = (FEED, "displays")  # feeds that are no sources
KINDS = ("incident", "aside")
MOST_ROWS = 400  # of one frame
REST = 0.05  # seconds between two frames of news


class Wire(Protocol):
    """What the ledger writes to (commandcenter.web.wire)."""

    @property
    def full(self) -> bool: ...


class Reader(Protocol):
    """A page that shows the ledger, and whoever looks at it."""

    @property
    def wire(self) -> Wire: ...

    @property
    def visitor(self) -> Visitor | None: ...


class Row:
    """One incident as it lies on the bus."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def holds(self, value: Mapping[str, Any]) -> bool:
        """Whether this row stays in spite of `value`: that is the same, or older."""
        if value is self.value or value == self.value:
            return True
        return bool(value.get("revision", 0) < self.value.get("revision", 0))

    @cached_property
    def body(self) -> bytes:
        """As JSON, written once for all readers."""
        return orjson.dumps(self.value)


@dataclass
class Debt:
    """What a reader is still to be told: numbers, and whether it has anything at all yet."""

    sees: Sees
    """What its reader may see."""
    owed: dict[int, None] = field(default_factory=dict)
    whole: bool = True
    totals: bytes = b""
    """The figures it was told last."""


class Ledger:
    """`view` is the board as seen through some feeds, `write` puts a frame on a reader's wire, and
    `present` is what every frame says of now. `offices`: whose something is."""

    def __init__(
        self,
        board: Board,
        view: Callable[..., View],
        write: Callable[[Any, bytes], None],
        present: Callable[[], Mapping[str, Any]],
        offices: Offices,
    ) -> None:
        self.board, self.view, self.offices = board, view, offices
        self.write, self.present = write, present
        self._rows: dict[int, Row] = {}
        self._seen: dict[str, Reading] = {}  # of the board, by key
        self._debts: dict[Reader, Debt] = {}
        self._totals = self._sources_only = b"null"
        self._timer: asyncio.TimerHandle | None = None
        self._rests_until = 0.0

    # --- who reads ----------------------------------------------------------------------------

    def join(self, reader: Reader) -> None:
        """A console came, or has lost what it had: it is owed everything, the most urgent first."""
        changed = self._look()
        for debt in self._debts.values():
            self._owe(debt, changed)
        eyes = reader.visitor.eyes if reader.visitor else EVERYBODY
        sees = Sees(known=self.board, offices=self.offices, eyes=eyes)
        debt = self._debts[reader] = Debt(sees=sees)
        self._owe(debt, sorted(self._rows, key=lambda n: urgency(self._rows[n].value)))
        self.pay(reader)
        if changed:
            self.changed()  # the others are told soon

    def leave(self, reader: Reader) -> None:
        """A console went."""
        self._debts.pop(reader, None)

    def changed(self) -> None:
        """The board may know something else: look at once, or when the last news has rested."""
        if self._timer is None and self._debts:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._rests_until, loop.time()), self._tell)

    def pay(self, reader: Reader, written: dict[Any, bytes] | None = None) -> None:
        """Tell a reader what it is owed, as long as it takes it. `written`: the frames of this
        moment, which are the same bytes for all who are owed the same."""
        debt, frames = self._debts.get(reader), {} if written is None else written
        while debt is not None and not reader.wire.full and self._due(debt):
            numbers = tuple(debt.owed)[:MOST_ROWS]
            for number in numbers:
                del debt.owed[number]
            told = debt.totals == self._told(debt)
            same = numbers, len(debt.owed), debt.whole, told, debt.sees.eyes
            if same not in frames:
                frames[same] = self._frame(numbers, debt)
            self.write(reader, frames[same])
            debt.whole, debt.totals = False, self._told(debt)

    def _owe(
        self, debt: Debt, changed: Iterable[int], theirs: dict[Eyes, list[int]] | None = None
    ) -> None:
        """It is told of the incidents that its reader may see, and of those that went. `theirs`:
        which these are for the same eyes, judged once for all readers."""
        theirs = {} if theirs is None else theirs
        eyes = debt.sees.eyes
        if eyes not in theirs:
            theirs[eyes] = [n for n in changed if self._is_for(n, debt.sees)]
        debt.owed |= dict.fromkeys(theirs[eyes])

    def _is_for(self, number: int, sees: Sees) -> bool:
        row = self._rows.get(number)
        return row is None or sees.told(row.value)

    def _told(self, debt: Debt) -> bytes:
        """The figures that its reader is told: of the whole region for who sees it whole."""
        return self._totals if debt.sees.eyes.scope.whole else self._sources_only

    def _due(self, debt: Debt) -> bool:
        return bool(debt.owed) or debt.whole or debt.totals != self._told(debt)

    def _tell(self) -> None:
        self._timer = None
        self._rests_until = asyncio.get_running_loop().time() + REST
        changed = self._look()
        written: dict[Any, bytes] = {}
        theirs: dict[Eyes, list[int]] = {}
        for reader, debt in list(self._debts.items()):
            self._owe(debt, changed, theirs)
            self.pay(reader, written)

    # --- what is told -------------------------------------------------------------------------

    def _frame(self, numbers: Iterable[int], debt: Debt) -> bytes:
        totals = self._told(debt)
        there = [self._rows[number].body for number in numbers if number in self._rows]
        gone = [number for number in numbers if number not in self._rows]
        return text_frame(
            b'{"t":"rows",%s,"rows":[%s],"gone":%s,"totals":%s,"whole":%s,"rest":%d}'
            % (
                orjson.dumps(self.present())[1:-1],
                b",".join(there),
                orjson.dumps(gone),
                b"null" if debt.totals == totals else totals,
                orjson.dumps(debt.whole),
                len(debt.owed),
            )
        )

    def _look(self) -> list[int]:
        """Take over what the board knows by now; the numbers that are something else than before.
        A frame that was written of the state before is no frame of this one."""
        found = {r.key: r for kind in KINDS for r in self.board.all(FEED, kind)}
        touched = [key for key, reading in found.items() if self._seen.get(key) is not reading]
        touched += self._seen.keys() - found.keys()
        self._seen = found
        told = next((r.value or {} for r in self.board.all(FEED, "totals")), {})
        figures = self._figures()
        self._sources_only = orjson.dumps(figures)
        self._totals = orjson.dumps({**told, **figures})
        numbers = [key.partition("/")[2] for key in touched]
        own = dict.fromkeys(int(number) for number in numbers if number.isdecimal())
        return [number for number in own if self._take(number)]

    def _take(self, number: int) -> bool:
        """Whether this number is something else than before. Of its readings the highest revision
        counts: it moves from one key to another, and two who publish may overtake each other."""
        readings = (self._seen.get(f"{kind}/{number}") for kind in KINDS)
        values = [reading.value for reading in readings if reading and reading.value]
        if not values:
            return self._rows.pop(number, None) is not None
        newest = max(values, key=lambda value: int(value.get("revision", 0)))
        known = self._rows.get(number)
        if known is not None and known.holds(newest):
            return False
        self._rows[number] = Row(newest)
        return True

    def _figures(self) -> dict[str, Any]:
        """How old the totals are as moments that the page's own clock judges (ms since 1970), how
        many sources are alive, and how much bad input was put aside."""
        fresh = self.view(FEED).freshness().attributes()
        return {
            "at": fresh["data_at_ms"],
            "late_at": fresh["data_late_at"],
            "stale_at": fresh["data_stale_at"],
            "state": fresh["data_base"] or "",
            "sources": self._sources(),
        }

    def _sources(self) -> dict[str, int]:
        feeds = [feed for feed in self.board.patience if feed not in OWN]
        trouble, view = self.board.trouble(feeds), self.view(*feeds)
        alive = [feed for feed in feeds if feed not in trouble and view.alive(feed)]
        told = (reading.value or {} for reading in self.board.all("system", "rejects"))
        rejects = sum(sum(counts.values()) for counts in told)
        return {"alive": len(alive), "all": len(feeds), "rejects": rejects}
