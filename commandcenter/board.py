"""The board: what one process knows right now. Fed by the bus alone, looked at through a View."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from commandcenter.access.roles import EVERYBODY, Eyes
from commandcenter.access.sees import Offices, Sees
from commandcenter.language import Language
from commandcenter.reading import Origin, Reading, office_of
from commandcenter.region import Region

PROCESS_SILENT = timedelta(seconds=120)  # they tell every 15 or 30 s
HISTORY = 720  # points a series keeps: an hour at one every five seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """After what age, in seconds, the data of a feed is late and then stale."""

    late_after: float
    stale_after: float


@dataclass(kw_only=True)
class Board:
    """Latest readings by feed, kind and key, and the recent past of the kinds panels draw."""

    patience: Mapping[str, Patience]
    """The configured feeds."""
    series: frozenset[str] = frozenset()
    """Kinds of which the recent past is kept."""
    _latest: dict[tuple[str, str], dict[str, Reading]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    _newest: dict[str, datetime] = field(default_factory=dict)
    _origin: dict[str, Origin] = field(default_factory=dict)
    _history: dict[tuple[str, str], deque[Reading]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=HISTORY))
    )

    def take(self, readings: Iterable[Reading], now: datetime) -> set[str]:
        """Take in what the bus told until `now`, in its order. Returns the feeds that changed:
        what the system says of a feed is a change of that feed."""
        changed = set()
        for reading in readings:
            changed.add(reading.identity if reading.feed == "system" else reading.feed)
            self._put(reading, now)
        return changed

    def trouble(self, feeds: Iterable[str]) -> dict[str, str]:
        """Feed -> why its source is down, for those of `feeds` that are."""
        status = {r.identity: r.value or {} for r in self.all("system", "feed")}
        return {f: status[f]["error"] for f in feeds if f in status and not status[f]["ok"]}

    def _put(self, reading: Reading, now: datetime) -> None:
        of_kind = self._latest[reading.feed, reading.kind]
        known = of_kind.get(reading.key)
        if known is not None and 0 < reading.number <= known.number:
            return  # told before: somebody began to follow anew
        if reading.value is None:
            of_kind.pop(reading.key, None)
            self._history.pop((reading.feed, reading.key), None)
            return
        of_kind[reading.key] = reading
        self._origin[reading.feed] = reading.origin
        # A source whose clock is ahead would otherwise stay fresh for as long after its death.
        at = min(reading.at, now)
        self._newest[reading.feed] = max(at, self._newest.get(reading.feed, at))
        if reading.kind in self.series:
            self._history[reading.feed, reading.key].append(reading)

    def all(self, feed: str, kind: str) -> list[Reading]:
        """The latest reading of every key of a kind, in the order they were first heard."""
        return list(self._latest.get((feed, kind), {}).values())

    def one(self, feed: str, key: str) -> Reading | None:
        """The latest reading of a key."""
        return self._latest.get((feed, key.partition("/")[0]), {}).get(key)

    def cameras(self) -> Set[str]:
        """The cameras that feeds tell of."""
        return {r.identity for feed in self.patience for r in self.all(feed, "camera")}

    def seen_by(self, camera: str) -> list[Sequence[str]]:
        """The roles that each feed names for a camera; none for all."""
        told = (self.one(feed, f"camera/{camera}") for feed in self.patience)
        return [(r.value or {}).get("seen_by") or () for r in told if r is not None]

    def office_of(self, feed: str, key: str) -> str:
        """The office that a thing says it is of."""
        told = self.one(feed, key)
        return office_of(key, told.value or {}) if told else ""

    def history(self, feed: str, key: str) -> Sequence[Reading]:
        """The recent past of a key whose kind is in `series`, oldest first."""
        return tuple(self._history.get((feed, key), ()))

    def origin(self, feed: str) -> Origin:
        """Where a feed's values come from: an option of the whole feed."""
        return self._origin.get(feed, Origin.LIVE)

    def newest(self, feed: str) -> datetime | None:
        """The time at the source of the newest thing a feed told."""
        return self._newest.get(feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a feed's data is, as moments at which it turns late and stale.

    The judgement itself is the browser's: it happens also when no server is there.
    """

    base: str  # "" judged by time; none: nothing yet; disconnected: no such source configured
    origin: Origin
    at: datetime | None = None
    late_at: datetime | None = None
    stale_at: datetime | None = None

    def attributes(self) -> dict[str, Any]:
        """As the data- attributes of an element that the page's clock judges."""
        return {
            "data_state": self.base or "fresh",
            "data_base": self.base or None,
            "data_origin": self.origin.value,
            "data_at": self.at.isoformat() if self.at else None,
            "data_at_ms": _milliseconds(self.at),
            "data_late_at": _milliseconds(self.late_at),
            "data_stale_at": _milliseconds(self.stale_at),
        }


def _milliseconds(at: datetime | None) -> int | None:
    return int(at.timestamp() * 1000) if at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The board as one panel may see it: its own feeds, one moment, one language."""

    board: Board
    feeds: tuple[str, ...]
    now: datetime
    say: Language
    region: Region
    eyes: Eyes = EVERYBODY
    """For whom it is drawn."""
    offices: Offices = field(default_factory=Offices)
    """Whose something is."""

    def all(self, kind: str) -> list[Reading]:
        """The latest reading of every key of a kind, over the panel's feeds; without the cameras
        and incidents that are not for these eyes."""
        told = (r for feed in self.feeds for r in self.board.all(feed, kind))
        sees = Sees(known=self.board, offices=self.offices, eyes=self.eyes)
        match kind:
            case "camera":
                return [reading for reading in told if sees.camera(reading.identity)]
            case "incident" | "aside":
                return [reading for reading in told if sees.told(reading.value or {})]
        return list(told)

    def values(self, kind: str) -> list[Any]:
        """The values of `all(kind)`: dicts shaped as in commandcenter.vocabulary."""
        return [reading.value for reading in self.all(kind)]

    def counted(self, kind: str) -> list[Any]:
        """The values of all of a kind, whoever looks: for figures only. Nothing of one may be
        drawn that says which it is."""
        return [r.value for feed in self.feeds for r in self.board.all(feed, kind)]

    def history(self, reading: Reading) -> Sequence[Reading]:
        """The recent past of what a reading is about, oldest first."""
        return self.board.history(reading.feed, reading.key)

    def alive(self, feed: str) -> bool:
        """Whether the newest thing a feed told is not stale yet."""
        newest = self.board.newest(feed)
        patience = self.board.patience.get(feed)
        if newest is None or patience is None:
            return False
        return (self.now - newest).total_seconds() < patience.stale_after

    def runs(self, process: str) -> bool:
        """Whether one of our own processes, such as watch, said lately that it does its work."""
        told = self.board.one("system", f"process/{process}")
        if told is None or told.value is None or self.now - told.at >= PROCESS_SILENT:
            return False
        return bool(told.value.get("ok"))

    def freshness(self, *feeds: str) -> Freshness:
        """How old the data of `feeds` (all of the panel's without names) is: the newest time,
        and the first moment at which any of them turns late or stale."""
        board = self.board
        configured = [f for f in feeds or self.feeds if f in board.patience]
        origin = _worst(board.origin(feed) for feed in configured)
        if not configured:
            return Freshness(base="disconnected", origin=origin)
        told = {f: at for f in configured if (at := board.newest(f)) is not None}
        if not told:
            return Freshness(base="none", origin=origin)
        late = (at + timedelta(seconds=board.patience[f].late_after) for f, at in told.items())
        stale = (at + timedelta(seconds=board.patience[f].stale_after) for f, at in told.items())
        return Freshness(
            base="", origin=origin, at=max(told.values()), late_at=min(late), stale_at=min(stale)
        )


def _worst(origins: Iterable[Origin]) -> Origin:
    """What must be said of a mixture: demo before manual before live."""
    found = set(origins)
    return next((o for o in (Origin.DEMO, Origin.MANUAL) if o in found), Origin.LIVE)
