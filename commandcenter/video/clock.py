"""When was a picture taken? By the camera's time stamps and by when its packets arrived.

A time stamp (RTP, RFC 3550 section 5.1) says how much later than others a picture was taken, not
when. A packet cannot arrive before it was taken; so of all the packets of the last minutes the one
that came with the smallest offset (arrival minus time stamp) took the shortest way, and a picture
was taken at its time stamp plus that offset. What a server kept and sends first, or what waited in
a congested link, comes with a larger offset and is honestly told as older. The way itself (a tenth
of a second) cannot be seen from here and is left out.

Some cameras count on as if for 25 pictures a second while the night's shutter gives 12, or not at
all. What that looks like is a link that falls behind; `Drift` tells the two apart.

All times are seconds; those of this machine are of time.monotonic().
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

_WINDOW, _SPAN = 300.0, 15.0  # a camera's clock that is off by 100 ppm errs by 30 ms in that time
_BACK = 1.0  # pictures that are not sent in the order in which they are shown go back less
WAITED = 0.005  # who waits so long for a packet has read all that lay ready
_SETTLED_AFTER = 2.0
_IN_TIME, _LAGGING = 0.5, 2.0  # seconds of lag
_JUDGED_AFTER = 10.0
_LEAST_DRIFT = 0.01
_MOSTLY = 0.5


class Clock:
    """The clock of one camera during one session, as seen from here."""

    def __init__(self) -> None:
        self.settled = False
        """Whether ages are known: the pictures that lay ready at the start have been read."""
        self.wrong = False
        """Its time stamps mean nothing: a picture is then taken to be as old as its packet."""
        self._began = 0.0
        self._latest = float("-inf")
        self._lows: deque[tuple[float, float]] = deque()  # since when, and the smallest offset

    def arrived(self, pts: float, at: float, waited: float) -> bool:
        """A packet came, after one had to wait for it so long. True when the camera's clock has
        begun anew: it went back, or its numbers wrapped round; earlier time stamps mean nothing
        now. Who jumps forward only shortens the way.
        """
        anew = not self._lows or self._jumped(pts)
        if anew:
            self._begin(at)
            waited = 0.0  # the first one is always waited for
        self._latest = pts
        if self.wrong:
            self._lows.clear()
        self.settled = self.settled or waited >= WAITED or at - self._began >= _SETTLED_AFTER
        self._note(at - pts, at)
        return anew

    def taken(self, pts: float) -> float:
        """When the picture with this time stamp was taken. Never later than it arrived."""
        return pts + min(low for _, low in self._lows)

    def _begin(self, at: float) -> None:
        self._began = at
        self.settled = False
        self._lows.clear()

    def _jumped(self, pts: float) -> bool:
        return pts < self._latest - _BACK

    def _note(self, offset: float, at: float) -> None:
        lows = self._lows
        if not lows or at - lows[-1][0] >= _SPAN:
            lows.append((at, offset))
        elif offset < lows[-1][1]:
            lows[-1] = (lows[-1][0], offset)
        while lows[0][0] < at - _WINDOW:
            lows.popleft()


class Drift:
    """Judges a lag that grows. Where a link is too slow, a packet takes the longer the larger it
    is. Where packets come at a pace of their own, large ones like small ones, the camera sent each
    in time, and it is its clock that does not run with ours."""

    def __init__(self) -> None:
        self._seen: _Lagging | None = None

    def is_clock(self, lag: float, gap: float, size: int, at: float) -> bool:
        """A packet of so many bytes came `gap` seconds after the one before and lags behind by
        `lag` seconds: whether the clock is certainly to blame."""
        if lag < _IN_TIME:
            self._seen = None
            return False
        self._seen = self._seen or _Lagging(since=at, first=lag)
        self._seen.add(gap, size)
        lasted, grown = at - self._seen.since, lag - self._seen.first
        steady = lasted >= _JUDGED_AFTER and lag >= _LAGGING and grown >= lasted * _LEAST_DRIFT
        return steady and self._seen.by_size() < _MOSTLY


@dataclass(slots=True, kw_only=True)
class _Lagging:
    """Sums over the packets since a stream began to lag behind."""

    since: float
    first: float
    count: int = 0
    gaps: float = 0.0
    sizes: float = 0.0
    products: float = 0.0
    squares: float = 0.0

    def add(self, gap: float, size: int) -> None:
        self.count += 1
        self.gaps, self.sizes = self.gaps + gap, self.sizes + size
        self.products, self.squares = self.products + gap * size, self.squares + size * size

    def by_size(self) -> float:
        """Which share of the time between packets their size explains: 0 to 1, by least squares."""
        gap, size = self.gaps / self.count, self.sizes / self.count
        variance = self.squares / self.count - size * size
        covariance = self.products / self.count - gap * size
        return covariance * size / (variance * gap) if variance > 0 and gap > 0 else 0.0


class Pace:
    """When the next picture is due, so that on average one is taken `every` so many seconds.

    Keyframes come when they come: one that is a little early is taken, because the next may be
    late by a whole group of pictures; what is due after it stays where it was.
    """

    def __init__(self, every: float) -> None:
        self.every = every
        self._due = float("-inf")

    def is_due(self, now: float) -> bool:
        """Whether a picture that arrives now is to be taken."""
        return now >= self._due - self.every / 5

    def rest(self, now: float) -> float:
        """Seconds until the next one is due."""
        return max(0.0, self._due - now)

    def hurry(self, at: float) -> None:
        """The next one is to be taken by then."""
        self._due = min(self._due, at)

    def took(self, now: float) -> None:
        """One was taken. What was taken though none was due changes nothing."""
        if not self.is_due(now):
            return
        following = self._due + self.every
        self._due = following if following > now else now + self.every
