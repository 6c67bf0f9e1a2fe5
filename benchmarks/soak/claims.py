"""What the page claims, look by look (probe.js), and how long it ever claimed what was not so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

EVERY = 100.0  # ms between two looks of the probe
OLDEST = 5000.0  # ms: a page that says live shows nothing older from a source that speaks
LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The page at one moment (ms since 1970)."""

    at: float
    life: float  # when this page was loaded
    gap: float  # ms by which this look came too late: the page was busy
    connection: str
    scene: str
    pulse: float  # when the newest pulse that is seen was published; 0: none is seen
    drawings: int
    card: tuple[float, str]  # ms for which one has said fresh wrongly until now, and which
    picture: tuple[float, str]

    @property
    def lies(self) -> bool:
        """It says live, but shows a pulse that is too old."""
        return self.connection == LIVE and self.pulse > 0 and self.at - self.pulse > OLDEST


Wanted = Callable[[Look], bool]


@dataclass(eq=False)
class Claims:
    """All looks of a run, remembered only by their worst."""

    last: Look | None = None
    worst: dict[str, tuple[float, str]] = field(default_factory=dict)
    """What -> the longest it was claimed wrongly in ms, and where and when."""
    moment: Callable[[], str] = str
    """What the soak is doing just now."""
    measured: bool = False
    """The page is being loaded or measured, which stops it: what it shows is not judged."""
    _drawn_before: int = 0
    _lying_since: float | None = None
    _waiting: dict[asyncio.Future[Look], Wanted] = field(default_factory=dict)

    @property
    def drawings(self) -> int:
        """Messages with drawings that the page took, over all its lives."""
        return self._drawn_before + (self.last.drawings if self.last else 0)

    def hear(self, told: str) -> None:
        """Take in what the probe says."""
        look = Look(**orjson.loads(told))
        if self.last is not None and look.life != self.last.life:
            self._drawn_before += self.last.drawings
        self.last = look
        self._judge(look)
        for future, wanted in [*self._waiting.items()]:
            if wanted(look) and not future.done():
                future.set_result(look)

    async def until(self, wanted: Wanted, seconds: float) -> Look | None:
        """The first look of which it is true; None when there is none in time."""
        future: asyncio.Future[Look] = asyncio.get_running_loop().create_future()
        self._waiting[future] = wanted
        try:
            async with asyncio.timeout(seconds):
                return await future
        except TimeoutError:
            return None
        finally:
            del self._waiting[future]

    def _judge(self, look: Look) -> None:
        if self.measured or not look.lies:
            self._lying_since = None
        if self.measured:
            return
        self._note("card", *look.card)
        self._note("picture", *look.picture)
        self._note("gap", look.gap, "")
        if not look.lies:
            return
        if self._lying_since is None:
            self._lying_since = max(look.pulse + OLDEST, look.at - EVERY - look.gap)
        self._note("live", look.at - self._lying_since, f"pulse {look.at - look.pulse:.0f} ms old")

    def _note(self, what: str, ms: float, where: str) -> None:
        if ms > self.worst.get(what, (0.0, ""))[0]:
            self.worst[what] = ms, " ".join(filter(None, (where, self.moment())))
