"""The contract of a feed: one file in feeds/ that speaks one source's own protocol.

The file's name is the `type` in config.toml; the fields of its class are the keys of its table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict

from commandcenter.lists import Office
from commandcenter.reading import Origin, Reading

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from commandcenter.bus.pictures import Pictures
    from commandcenter.records.database import Records


class SourceDown(Exception):
    """The source cannot be read. Its text tells a person why and what to do.

    Raised by feeds only; the runner tells the fall once and the recovery once.
    """


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
    pictures: Pictures | None = None
    """Where cameras leave their pictures, and hear who is looking."""


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
