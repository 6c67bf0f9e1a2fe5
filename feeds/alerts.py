"""Other systems' alerts: Alertmanager, Grafana, Zabbix, CAP warnings and a signed webhook.

They become incidents in the records as they come in; the feed itself tells only how each sender is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.routing import BaseRoute, Route

from commandcenter.alerts import alertmanager, cap, webhook, zabbix
from commandcenter.alerts.alert import Parser
from commandcenter.alerts.door import Bearer, Door, Lock, Signed, Tally
from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.reading import Reading
from commandcenter.records import alerts as kept
from commandcenter.records.alerts import Source
from commandcenter.records.database import RecordsDown
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

    def __post_init__(self) -> None:
        self._locks: dict[Source, Lock] = {}
        if self.token is not None:
            bearer = Bearer(self.token)
            self._locks |= {"alertmanager": bearer, "zabbix": bearer, "cap": bearer}
        if self.webhook_secret is not None:
            self._locks["webhook"] = Signed(self.webhook_secret)
        self._tallies: dict[Source, Tally] = {source: Tally() for source in self._locks}
        self._heard_before: dict[str, datetime] | None = None

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:
        return [
            Route(f"/alerts/{source}", self._door(desk, source).post, methods=["POST"])
            for source in self._locks
        ]

    def _door(self, desk: Desk, source: Source) -> Door:
        return Door(
            desk=desk,
            source=source,
            read=_PARSERS[source],
            lock=self._locks[source],
            tally=self._tallies[source],
            feed=self.name,
            origin=self.origin.value,
        )

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        self._check_locks()
        try:
            firing = await desk.records.read(kept.firing, self.name)
            before = await self._before(desk)
        except RecordsDown as error:
            raise SourceDown(f"Basis data tidak dapat dipakai: {error}") from error
        now = desk.now()
        for source, tally in self._tallies.items():
            heard_at = tally.heard_at or before.get(source)
            value = _value(source, tally, firing.get(source, 0), heard_at, now)
            yield self.reading(f"sender/{source}", dict(value), now)

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
            self._heard_before = await desk.records.read(kept.heard_at, self.name, sources)
        return self._heard_before


def _value(
    source: Source, tally: Tally, firing: int, heard_at: datetime | None, now: datetime
) -> Sender:
    quiet = None if heard_at is None else round((now - heard_at).total_seconds(), 1)
    return Sender(
        name=source,
        firing=firing,
        heard_at=heard_at.isoformat() if heard_at else None,
        quiet_seconds=quiet,
        taken=tally.taken,
        refused=tally.refused,
    )
