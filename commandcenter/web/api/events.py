"""Events that programs push: the same words and the same life as those of the signed webhook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from commandcenter.access.sees import Sees
from commandcenter.alerts import webhook
from commandcenter.alerts.alert import Scene
from commandcenter.feed import Feed
from commandcenter.records import alerts as kept
from commandcenter.records.alerts import Alert
from commandcenter.records.incidents import active_of
from commandcenter.web.api import shapes
from commandcenter.web.api.asker import Asker
from commandcenter.web.api.problems import Refusal
from commandcenter.web.console_doors import Doors

_NO_FEED = "config.toml has no feed that takes events; its administrator adds [feed.alerts]"
_FOREIGN = "its office is none of this token's"


class Events:
    """`feeds` are those of type alerts. `put_aside(feed, source, reason, body)` takes what is
    refused."""

    def __init__(
        self,
        doors: Doors,
        feeds: Mapping[str, Feed],
        put_aside: Callable[[str, str, str, bytes], None],
    ) -> None:
        self.doors, self.feeds, self.put_aside = doors, feeds, put_aside

    async def post_events(self, asked: shapes.Events, asker: Asker) -> shapes.EventsTold:
        """One event or a list of them: they are incidents in the database when this is answered.
        The `id` makes it safe to send one again: it counts up and opens no second.

        A bad one does not hold up the others: it is told by its place and put aside. When none is
        good the answer is 422.
        """
        sees = self.doors.sees(asker)
        feed = self._feed(sees)
        events = asked if isinstance(asked, list) else [asked]
        alerts, refused = self._read(events)
        if alerts:
            refused |= await self._take(feed, alerts, sees, asker.name)
        self._keep(feed.name, asker.name, events, refused)
        told = [shapes.RefusedOne(index=n, detail=why) for n, why in sorted(refused.items())]
        if len(told) == len(events):
            listed = [one.model_dump() for one in told]
            raise Refusal(422, "None of the events can be taken", refused=listed)
        return shapes.EventsTold(taken=len(events) - len(told), refused=told)

    def _feed(self, sees: Sees) -> Feed:
        if not self.feeds:
            raise Refusal(409, _NO_FEED)
        for name, feed in self.feeds.items():
            if sees.feed(name):
                return feed
        raise Refusal(404, "no feed of type alerts is open to this token")

    def _read(self, events: Iterable[shapes.Event]) -> tuple[dict[int, Alert], dict[int, str]]:
        """By their places: what the events say, and why some cannot be taken."""
        config = self.doors.config
        scene = Scene(self.doors.now(), config.zone, config.offices)
        alerts: dict[int, Alert] = {}
        refused: dict[int, str] = {}
        for place, event in enumerate(events):
            message = webhook.read(_body(event), scene)
            for alert in message.alerts:
                alerts[place] = alert
            for why, _ in message.bad:
                refused[place] = why.partition(": ")[2]
        return alerts, refused

    async def _take(
        self, feed: Feed, alerts: Mapping[int, Alert], sees: Sees, who: str
    ) -> dict[int, str]:
        now, origin = self.doors.now(), feed.origin.value
        foreign = await self.doors.records.write(
            _take_covered, alerts, now, feed.name, origin, sees, who
        )
        return dict.fromkeys(foreign, _FOREIGN)

    def _keep(
        self, feed: str, who: str, events: list[shapes.Event], refused: Mapping[int, str]
    ) -> None:
        for place, why in refused.items():
            self.put_aside(feed, who, f"events[{place}]: {why}", _body(events[place]))


def _take_covered(
    connection: Any,
    alerts: Mapping[int, Alert],
    at: datetime,
    feed: str,
    origin: str,
    sees: Sees,
    who: str,
) -> list[int]:
    """Take those that the token may speak of, in one transaction; the places of the others."""
    foreign = [n for n, alert in alerts.items() if not _covered(connection, alert, feed, sees)]
    good = [alert for n, alert in alerts.items() if n not in foreign]
    kept.take(connection, good, at, feed=feed, origin=origin, who=who)
    return foreign


def _covered(connection: Any, alert: Alert, feed: str, sees: Sees) -> bool:
    """An incident that is there keeps its office, whatever is said of it now."""
    if sees.eyes.scope.whole:
        return True
    thing = f"alert/{alert.source}", feed, f"alert/{alert.source}:{alert.fingerprint}"
    row = active_of(connection, thing)
    if row is None and not alert.firing:
        return True  # nothing ends
    return sees.place(feed, row.office if row else alert.office)


def _body(event: shapes.Event) -> bytes:
    return event.model_dump_json(exclude_defaults=True).encode()
