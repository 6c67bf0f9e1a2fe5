"""The contract of a feed: one file in feeds/ that speaks one source's own protocol.

The file's name is the `type` in config.toml; the fields of its class are the keys of its table.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from commandcenter.language import Language
from commandcenter.lists import Office
from commandcenter.reading import Origin, Reading
from commandcenter.secret import SecretMissing

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from commandcenter.bus.pictures import Pictures
    from commandcenter.records.database import Records

log = logging.getLogger(__name__)

Thing = TypeVar("Thing")
Found = TypeVar("Found")


class SourceDown(Exception):
    """The source cannot be read. Its text tells a person why and what to do.

    Raised by feeds only; the runner tells the fall once and the recovery once.
    """


@dataclass(frozen=True, slots=True)
class NotSeen:
    """Looking at one thing failed in a way that its feed did not foresee."""

    why: str
    """For screens: no address, no secret, nothing that the thing said."""


@dataclass(kw_only=True)
class Desk:
    """What the core lends to a feed: the clock, the records, the tray for bad input, the bell."""

    now: Callable[[], datetime]
    zone: ZoneInfo
    offices: Sequence[Office]
    records: Records
    reject: Callable[..., None]
    """reject(source, reason, body=b""): count bad input and keep it aside with its reason."""
    wake: Callable[[], None]
    """Ask the runner to look again at once, because something was pushed."""
    note: dict[str, Any] = field(default_factory=dict)
    """Facts for the health page, by name: `desk.note["probe"] = "fping"`."""
    list_mistakes: Sequence[str] = ()
    """What is wrong with the list that the feed reads, in sentences."""
    left_out: frozenset[str] = frozenset()
    """Ids of the rows of it that cannot be used: what is known of such a thing is not forgotten."""
    language: str = "id"
    """Of sentences that leave the program at once: files, incidents."""
    pictures: Pictures | None = None
    """Where cameras leave their pictures, and hear who is looking."""
    _failures: dict[str, str] = field(default_factory=dict)

    def reason(self, told: str) -> str:
        """Why something was rejected, in our language (see Language.reason)."""
        return Language(self.language, self.zone).reason(told)

    async def each(
        self, look: Callable[[Thing], Awaitable[Found]], things: Mapping[str, Thing]
    ) -> AsyncGenerator[tuple[str, Found | NotSeen], None]:
        """Look at all `things` (by their ids) at once; tells each as soon as it is there.

        Whatever one of them raises is told as NotSeen, and is put aside and counted, once for as
        long as it stays the same: it costs no other thing anything. SourceDown and
        SecretMissing concern the whole source and pass.
        """
        tasks = [asyncio.create_task(self._one(look, key, thing)) for key, thing in things.items()]
        try:
            for told in asyncio.as_completed(tasks):
                yield await told
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(
        self, look: Callable[[Thing], Awaitable[Found]], key: str, thing: Thing
    ) -> tuple[str, Found | NotSeen]:
        try:
            found = await look(thing)
        except (SourceDown, SecretMissing):
            raise
        except Exception as error:  # whatever it is, it must not cost the others anything
            return key, self._not_seen(key, error)
        self._failures.pop(key, None)
        return key, found

    def one(self, look: Callable[[], Found], key: str) -> Found | NotSeen:
        """The same for one thing of which all is known already: whatever `look` raises is told as
        NotSeen."""
        try:
            found = look()
        except Exception as error:  # as above
            return self._not_seen(key, error)
        self._failures.pop(key, None)
        return found

    def _not_seen(self, key: str, error: Exception) -> NotSeen:
        why = f"kesalahan program saat memeriksa: {type(error).__name__}"
        if self._failures.get(key) != repr(error):
            self._failures[key] = repr(error)
            log.error("looking at %s failed", key, exc_info=error)
            self.reject(key, why)  # the error itself may repeat what the thing said
        return NotSeen(why)


@dataclass(kw_only=True)
class Feed(ABC):
    """A source. Its fields are options; times are in seconds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    process: ClassVar[str] = "feeds"
    """The line of the Procfile that runs it."""

    name: str = ""
    """Its table's name in config.toml: "network" of [feed.network]."""
    every: float = 10.0
    """How often the source is looked at."""
    late_after: float = 30.0
    """Age from which its data is shown as late."""
    stale_after: float = 90.0
    """Age from which its data is shown as stale and dimmed."""
    origin: Origin = Origin.LIVE
    """"live", "manual" (typed in by hand) or "demo"; shown on every screen."""

    @abstractmethod
    def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        """Look at the source once. Raises SourceDown("why, and what to do")."""

    def routes(self, desk: Desk) -> Sequence[BaseRoute]:  # noqa: ARG002
        """Paths of the intake listener, for sources that push."""
        return ()

    def check(self, offices: Sequence[Office]) -> None:  # noqa: B027 (most have no list)
        """Read the lists this feed names. Raises BadList with every mistake, also where a row
        names an office that is not in `offices`. For `commandcenter check`: at run time a wrong
        list stops its own feed only, and may be mended while the program runs."""

    async def close(self) -> None:  # noqa: B027 (nothing to let go of, for most)
        """Let go of what `read` has opened: sockets, worker processes."""

    def reading(self, key: str, value: dict[str, Any] | None, at: datetime) -> Reading:
        """A reading of this feed, marked with its name and origin."""
        return Reading(feed=self.name, key=key, at=at, value=value, origin=self.origin)
