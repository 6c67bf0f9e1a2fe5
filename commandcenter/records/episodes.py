"""Episodes: from when another system's alert begins to fire until it ends.

Senders tell one twice, late, and in the wrong order: the members of a cluster of Alertmanagers
tell of a fall after its end was told (prometheus/alertmanager#2447). So what has ended does not
begin again with the same words, and what a person decided holds for the whole episode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from commandcenter.records.incidents import WATCH, IncidentRow
from commandcenter.records.tables import alert

BELATED = timedelta(hours=1)
"""So long after its end a fall that is told once more is only late. Later it is believed: a sender
that was cut off from its own sources ends what goes on, and then tells the same episode."""

_MOST_ENDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaps:
    """`limit` changes between good and bad within `window` seconds are flapping, until there was
    none for half of it. 0: nothing flaps."""

    limit: int = 4
    window: float = 1800.0

    @property
    def calm(self) -> timedelta:
        """How long nothing must change until it has calmed down."""
        return timedelta(seconds=self.window / 2)

    def begin(self, changes: Sequence[datetime]) -> bool:
        """Whether the latest changes are flapping."""
        if not self.limit or len(changes) < self.limit:
            return False
        return changes[-1] - changes[-self.limit] <= timedelta(seconds=self.window)

    def last(self, changes: Sequence[datetime], at: datetime) -> bool:
        """Whether what was flapping still is."""
        return bool(changes) and at - changes[-1] < self.calm


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The newest one of an incident."""

    episode: str = ""
    """The sender's own number of it, where it has one."""
    began_at: datetime | None = None
    """On the sender's clock, as `ended_at`."""
    ended_at: datetime | None = None
    well_since: datetime | None = None
    """Its sender says that it is well, but it is flapping: the incident stays."""
    changes: tuple[datetime, ...] = ()
    parts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """Messages that together are the incident, by their identifiers: records/warnings.py."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """Sender, labels and links."""

    def is_same(self, episode: str, began_at: datetime | None) -> bool:
        """Whether the sender means this episode."""
        if episode or self.episode:
            return episode == self.episode
        return began_at is not None and began_at == self.began_at

    def is_over(
        self, row: IncidentRow, episode: str, began_at: datetime | None, level: str, at: datetime
    ) -> bool:
        """Whether a fall that is told now is that of this incident, which is over.

        What a person resolved stays so for the episode, unless it has become worse.
        """
        same = self.is_same(episode, began_at)
        if row.resolved_by not in (WATCH, None):
            return same and not (level == "critical" != row.level)
        before = None not in (began_at, self.ended_at) and began_at <= self.ended_at  # type: ignore[operator]
        recent = row.resolved_at is not None and at - row.resolved_at < BELATED
        return recent and (same or before)

    def is_after(self, episode: str, began_at: datetime | None) -> bool:
        """Whether what the sender means began before this one, and only comes late."""
        if episode.isdecimal() and self.episode.isdecimal():
            return int(episode) < int(self.episode)  # Zabbix counts its events
        return began_at is not None and self.began_at is not None and began_at < self.began_at

    def goes_on(self, episode: str, began_at: datetime | None, ended_at: datetime | None) -> bool:
        """Whether an end is that of one before, and not of this one with another beginning: two
        Prometheus tell two."""
        before = ended_at is not None and self.began_at is not None and ended_at <= self.began_at
        return self.is_after(episode, began_at) and (before or bool(episode))

    def begins(self, at: datetime, *, changed: bool, most: int, **facts: Any) -> Episode:
        """It fires; `changed`: until now it was well. `facts` are what the sender tells."""
        changes = (*self.changes, at)[-max(most, 1) :] if changed else self.changes
        return replace(self, well_since=None, changes=changes, **facts)

    def ends(self, at: datetime, ended_at: datetime | None, *, changed: bool, most: int) -> Episode:
        """Its sender says that it is over. An end in the future is that of a wrong clock."""
        changes = (*self.changes, at)[-max(most, 1) :] if changed else self.changes
        known = ended_at is not None and ended_at <= at
        return replace(self, changes=changes, ended_at=ended_at if known else self.ended_at)


class Ends:
    """Ends that came before the falls they are of, for as long as a fall may be late.

    What could not be taken is sent again after what its sender says next: of a short problem during
    our restart the recovery comes first, and nothing would ever end the problem that follows.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], datetime] = {}

    def note(self, names: Iterable[tuple[str, ...]], at: datetime) -> None:
        """What goes by these names has ended."""
        if len(self._told) >= _MOST_ENDS:
            self._told = {name: told for name, told in self._told.items() if at - told < BELATED}
        if len(self._told) < _MOST_ENDS:
            self._told |= dict.fromkeys(names, at)

    def have(self, names: Iterable[tuple[str, ...]], at: datetime) -> bool:
        """Whether one of these is over already."""
        told = (self._told.get(name) for name in names)
        return any(one is not None and at - one < BELATED for one in told)


def episode_of(connection: sa.Connection, number: int) -> Episode:
    """The newest episode of an incident; an empty one if it has none."""
    query = sa.select(*(alert.c[name] for name in Episode.__dataclass_fields__))
    row = connection.execute(query.where(alert.c.incident_id == number)).mappings().first()
    if row is None:
        return Episode()
    changes = tuple(datetime.fromisoformat(one) for one in row["changes"])
    return Episode(**{**row, "changes": changes})


def keep(connection: sa.Connection, number: int, episode: Episode) -> None:
    """Note the newest episode of an incident."""
    values = _values(episode)
    mine = alert.update().where(alert.c.incident_id == number).values(**values)
    if connection.execute(mine).rowcount == 0:
        connection.execute(alert.insert().values(incident_id=number, **values))


def keep_new(connection: sa.Connection, begun: Mapping[int, Episode]) -> None:
    """Note the first episodes of incidents, by their numbers."""
    rows = [{"incident_id": number, **_values(one)} for number, one in begun.items()]
    connection.execute(alert.insert(), rows)


def _values(episode: Episode) -> dict[str, Any]:
    return asdict(episode) | {"changes": [one.isoformat() for one in episode.changes]}
