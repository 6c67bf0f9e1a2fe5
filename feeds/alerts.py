"""Other systems' alerts: Alertmanager, Grafana, Zabbix, CAP warnings and a signed webhook.

They become incidents in the records as they come in; the feed itself tells only how each sender is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.routing import BaseRoute

from commandcenter.alerts import alertmanager, cap, sender_faults, webhook, zabbix
from commandcenter.alerts.alert import Parser
from commandcenter.alerts.door import (
    Bearer,
    Door,
    DoorRoute,
    DoorSettings,
    Lock,
    Signed,
    Tally,
)
from commandcenter.alerts.severity import Level
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.reading import Reading
from commandcenter.records import alerts as kept
from commandcenter.records import senders
from commandcenter.records.alerts import Source
from commandcenter.records.database import RecordsDown
from commandcenter.records.episodes import Flaps
from commandcenter.secret import Secret, SecretMissing
from commandcenter.vocabulary import Sender

_PARSERS: Mapping[Source, Parser] = {
    "alertmanager": alertmanager.read,
    "zabbix": zabbix.read,
    "cap": cap.read,
    "webhook": webhook.read,
}


@dataclass(kw_only=True)
class Alerts(Feed):
    """Alerts that other systems push to the intake listener: see docs/alerts.md.

    A door without its secret does not exist.
    """

    every: float = 30.0
    late_after: float = 120.0
    stale_after: float = 300.0
    token: Secret | None = None
    """Opens POST /alerts/alertmanager (for Grafana, too), /alerts/zabbix and /alerts/cap, as
    `Authorization: Bearer <token>`."""
    webhook_secret: Secret | None = None
    """Opens POST /alerts/webhook, signed with it (X-Signature-256)."""
    expected: Mapping[Source, Annotated[float, Field(gt=0)]] = field(default_factory=dict)
    """Senders that must be heard, and the seconds after which their silence is an incident:
    { alertmanager = 900 }."""
    severities: Mapping[str, Level] = field(default_factory=dict)
    """Words for severity of your own: { siaga1 = "critical" }. Known ones: docs/alerts.md."""
    province: str = ""
    """Your province's number at BPS, such as "62": BMKG's warnings for others are left out."""
    flaps: int = 4
    """So many changes between firing and resolved within `flap_window` are flapping: the incident
    stays open until there was none for half the window. 0: never."""
    flap_window: float = 1800.0

    def __post_init__(self) -> None:
        self._locks: dict[Source, Lock] = {}
        if self.token is not None:
            bearer = Bearer(self.token)
            self._locks |= {"alertmanager": bearer, "zabbix": bearer, "cap": bearer}
        if self.webhook_secret is not None:
            self._locks["webhook"] = Signed(self.webhook_secret)
        self._tallies: dict[Source, Tally] = {source: Tally() for source in self._locks}
        self._heard_before: dict[str, datetime] | None = None
        self._started: datetime | None = None

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        return [DoorRoute(f"/alerts/{source}", self._door(desk, source)) for source in self._locks]

    def _door(self, desk: Desk, source: Source) -> Door:
        return Door(
            desk=desk,
            source=source,
            read=_PARSERS[source],
            lock=self._locks[source],
            tally=self._tallies[source],
            settings=DoorSettings(
                feed=self.name,
                origin=self.origin.value,
                severities={word.casefold(): level for word, level in self.severities.items()},
                province=self.province,
                flaps=self._flaps,
            ),
        )

    @property
    def _flaps(self) -> Flaps:
        return Flaps(limit=self.flaps, window=self.flap_window)

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        self._check_locks()
        now = desk.now()
        self._started = self._started or now
        try:
            await desk.records.write(kept.settle, now, feed=self.name, flaps=self._flaps)
            before = await self._before(desk)
            heard = {s: t.heard_at or before.get(s) for s, t in self._tallies.items()}
            await self._tell_silence(desk, heard, now)
            firing = await desk.records.read(senders.firing, self.name)
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dipakai: {error}") from error
        for source, tally in self._tallies.items():
            quiet = self._is_silent(source, heard[source], now)
            value = _value(source, tally, firing.get(source, 0), heard[source], now, quiet=quiet)
            yield self.reading(f"sender/{source}", dict(value), now)

    def _is_silent(self, source: Source, heard_at: datetime | None, now: datetime) -> bool:
        """Whether a sender that is expected was not heard for too long; our own absence is not
        held against it."""
        since = max(filter(None, (heard_at, self._started)), default=now)
        return source in self.expected and (now - since).total_seconds() > self.expected[source]

    async def _tell_silence(
        self, desk: Desk, heard: Mapping[Source, datetime | None], now: datetime
    ) -> None:
        """An incident as long as it lasts. The first look also ends those of the run before."""
        for source, seconds in self.expected.items():
            heard_at = heard.get(source)
            quiet = self._is_silent(source, heard_at, now)
            if not quiet and heard_at is None:
                continue  # not known yet
            told = sender_faults.silent(source, seconds, ever=heard_at is not None, over=not quiet)
            how: dict[str, Any] = {"feed": self.name, "origin": self.origin.value}
            await desk.records.write(senders.tell, told, now, **how)

    def _check_locks(self) -> None:
        if not self._locks:
            raise SourceDown("Tidak ada pintu yang terbuka: isi token atau webhook_secret")
        try:
            for lock in self._locks.values():
                lock.secret.reveal()
        except SecretMissing as error:
            raise SourceDown(f"Pintu peringatan tertutup: {error}") from error

    async def _before(self, desk: Desk) -> dict[str, datetime]:
        """When the senders were heard before we were started, as far as incidents tell."""
        if self._heard_before is None:
            sources = list(self._locks)
            self._heard_before = await desk.records.read(senders.heard_at, self.name, sources)
        return self._heard_before


def _value(
    source: Source,
    tally: Tally,
    firing: int,
    heard_at: datetime | None,
    now: datetime,
    *,
    quiet: bool,
) -> Sender:
    seconds = None if heard_at is None else round((now - heard_at).total_seconds(), 1)
    return Sender(
        name=source,
        state="silent" if quiet else "unknown" if heard_at is None else _state(tally),
        problem=tally.problem,
        firing=firing,
        heard_at=heard_at.isoformat() if heard_at else None,
        quiet_seconds=seconds,
        taken=tally.taken,
        refused=tally.refused,
    )


def _state(tally: Tally) -> Literal["heard", "refused"]:
    return "refused" if tally.problem else "heard"
