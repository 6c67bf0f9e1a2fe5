"""Readings that programs post: judged one by one, put on the bus together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from commandcenter.access.sees import Sees
from commandcenter.bus import Bus
from commandcenter.feed import Feed
from commandcenter.reading import Reading
from commandcenter.web.api import shapes
from commandcenter.web.api.asker import Asker
from commandcenter.web.api.problems import Refusal
from commandcenter.web.console_doors import Doors

AHEAD = timedelta(seconds=60)  # that the sender's clock may be ahead of ours
PATIENCE = 10  # times stale_after: what is older tells nothing of now
MOST_THINGS = 1_000  # of one feed: everything that is known of them is kept in memory


@dataclass
class Box:
    """One feed that programs post to, and the latest that is known of each of its things."""

    feed: Feed
    latest: dict[str, Reading] = field(default_factory=dict)
    loaded: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One post at a time: each is judged against what the one before it left behind."""

    async def load(self, bus: Bus) -> None:
        """What was posted before we were started. Raises BusDown."""
        if not self.loaded:
            self.latest = await bus.latest(self.feed.name)
            self.loaded = True

    async def publish(self, bus: Bus, readings: Iterable[Reading]) -> None:
        """On the bus first, then known. Raises BusDown: then they are to be sent again."""
        told = list(readings)
        kept = await bus.publish(self.feed.name, told)
        self.latest |= {reading.key: reading for reading in told}
        for reading in told:
            if reading.value is None:
                self.latest.pop(reading.key, None)
        if not kept:  # the bus has lost what it was told before
            await bus.publish(self.feed.name, self.latest.values())


@dataclass
class Post:
    """What becomes of the readings of one request, one after the other."""

    box: Box
    sees: Sees
    now: datetime
    good: list[Reading] = field(default_factory=list)
    superseded: int = 0
    refused: list[shapes.RefusedOne] = field(default_factory=list)
    known: dict[str, Reading] = field(init=False)

    def __post_init__(self) -> None:
        self.known = dict(self.box.latest)

    def judge(self, index: int, asked: shapes.ReadingAsked) -> None:
        """Good, older than what is known, or refused with the reason."""
        before = self.known.get(asked.key)
        why = self._late_or_early(asked) or self._foreign(asked, before) or self._too_many(asked)
        if why:
            self.refused.append(shapes.RefusedOne(index=index, detail=why))
        elif before is not None and asked.at < before.at:
            self.superseded += 1
        else:
            reading = self.box.feed.reading(asked.key, asked.value, asked.at)
            self.known[asked.key] = reading
            self.good.append(reading)

    def _late_or_early(self, asked: shapes.ReadingAsked) -> str:
        age = self.now - asked.at
        oldest = timedelta(seconds=self.box.feed.stale_after * PATIENCE)
        if age < -AHEAD:
            return f"at lies {-age.total_seconds():.0f} s ahead of our clock; look at yours"
        if age > oldest:
            return f"at is {age.total_seconds():.0f} s old; at most {oldest.total_seconds():.0f} s"
        return ""

    def _foreign(self, asked: shapes.ReadingAsked, before: Reading | None) -> str:
        """A token of some offices tells of their things, each of which names its office."""
        feed = self.box.feed.name
        values = (asked.value, before.value if before else None)
        offices = [_office(value) for value in values if value is not None]
        if all(self.sees.place(feed, office) for office in offices):
            return ""
        return "value.office must name an office of this token"

    def _too_many(self, asked: shapes.ReadingAsked) -> str:
        if asked.key in self.known or asked.value is None or len(self.known) < MOST_THINGS:
            return ""
        return f"the feed knows {MOST_THINGS} things already; post null for one that is gone"


class Readings:
    """`put_aside(feed, source, reason, body)` takes what is refused."""

    def __init__(
        self,
        doors: Doors,
        feeds: Mapping[str, Feed],
        bus: Bus,
        put_aside: Callable[[str, str, str, bytes], None],
    ) -> None:
        self.boxes = {name: Box(feed) for name, feed in feeds.items()}
        self.doors, self.bus, self.put_aside = doors, bus, put_aside

    async def post_readings(self, asked: shapes.ReadingsAsked, asker: Asker) -> shapes.ReadingsTold:
        """They are on the bus when this is answered. Send them in the order in which they were
        made; sending them again is harmless.

        A bad one does not hold up the others: it is told by its place and put aside. When none is
        good the answer is 422.
        """
        box = self._box(asked.feed, self.doors.sees(asker))
        async with box.turn:
            await box.load(self.bus)
            post = Post(box, self.doors.sees(asker), self.doors.now())
            for index, one in enumerate(asked.readings):
                post.judge(index, one)
            if post.good:
                await box.publish(self.bus, post.good)
        self._keep(asked, post, asker.name)
        if len(post.refused) == len(asked.readings):
            told = [one.model_dump() for one in post.refused]
            raise Refusal(422, "None of the readings can be taken", refused=told)
        return shapes.ReadingsTold(
            taken=len(post.good), superseded=post.superseded, refused=post.refused
        )

    def _box(self, name: str, sees: Sees) -> Box:
        there = [*filter(sees.feed, self.boxes)]
        if name not in there:
            told = ", ".join(there) or "none"
            raise Refusal(404, f'no such feed of type "posted" is open to this token; open: {told}')
        return self.boxes[name]

    def _keep(self, asked: shapes.ReadingsAsked, post: Post, who: str) -> None:
        for one in post.refused:
            body = asked.readings[one.index].model_dump_json().encode()
            self.put_aside(asked.feed, who, f"readings[{one.index}]: {one.detail}", body)


def _office(value: Mapping[str, object]) -> str:
    told = value.get("office")
    return told if isinstance(told, str) else ""
