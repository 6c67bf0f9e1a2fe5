"""Is a picture that keeps arriving still the same picture?

What a lens sees never repeats: its noise leaves traces in every keyframe, even where the encoder
seems to have wiped it away. A frozen source is encoded anew again and again; then the encoder's
rate control swings, and the keyframes of one and the same picture differ by more than those of a
quiet night. But blocks of it come back to the last bit, and those of a lens hardly ever do. So a
look has returned when enough of its tiles are exactly those of one of the last looks; only tiles
that have some texture count, because the black of a night repeats by itself. Where hardly any has,
and it is not dark, the picture must be the same almost everywhere: the grey of a decoder, or the
blue of a recorder whose channel has no signal (Motion#558, frigate#11886).

A burned-in clock spoils few tiles. What else may change in a frozen picture is a small band at the
upper or lower edge, always the same one; whatever changes beyond it is life.

Measured with streams of 40 s, a keyframe in 2 s, of which every second one was looked at, by day
and by night, without a clock and with one at the upper and at the lower edge; the buffer of the
rate control holds a second, which makes it swing most. "Frozen" was told of

    =============== =================== =================== ===================
    640 x 360       150 kbit/s          500 kbit/s          2000 kbit/s
    =============== =================== =================== ===================
    x264 ultrafast  6 of 6, in 16-24 s  6 of 6, in 16-28 s  6 of 6, in 12-16 s
    x264 veryfast   1 of 6, in 32 s     3 of 6, in 24-32 s  6 of 6, in 12-16 s
    x265 ultrafast  0 of 6              2 of 6, in 28-36 s  6 of 6, in 12-24 s
    1280 x 720
    x264 ultrafast  4 of 4, in 16-24 s  4 of 4, in 16-24 s
    x264 veryfast   2 of 4, in 24-28 s  2 of 4, in 20-28 s
    =============== =================== =================== ===================

and of none of 176 streams of a street in which nothing happens but noise of sigma 0.5, 1, 2 or 4.
Of the tiles of those there came back 7 % at most; 23 % of 1280 x 720 at 150 kbit/s with sigma 0.5,
the least noise in the worst picture. 100 % do where the encoder need not swing, in a JPEG over HTTP
or a stream with bits to spare: then it is told with the third look.

Not found, or late: a frozen picture whose encoder is so short of bits that none of its looks comes
back; one with a clock in its middle.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_STEP, _TILE = 2, 12  # every second pixel; a tile is 24 pixels of the picture wide and high
_TEXTURE = 6  # levels of grey between the darkest and the brightest pixel of a tile that counts
_RETURNS = 0.27
"""Part of the tiles of a look that come back to the last bit."""
_KIN = 0.02  # of them come back in a frozen picture at least, when the encoder swings
_STRANGE = 3
"""Looks one after the other that resemble none: what comes back later is a film that repeats."""
_SURE = 2  # so many looks that return are no chance
_FEWEST = 8  # tiles with texture; one with fewer is plain
_PLAIN_RETURNS = 0.9
"""Part of all the tiles of a plain picture that come back: all but a clock's."""
_MOST_ROWS = 48  # of tiles; a picture of 8K is looked at in fewer of its rows
_REMEMBERED = 16
_STIRS = 32
"""Levels of grey by which something has moved; an encoder's swings stay below."""
_PATIENCE = timedelta(seconds=10)

_Marks = NDArray[np.uint32]
_Map = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Look:
    """What is remembered of a picture."""

    marks: _Marks
    """A number for each tile that is another one as soon as a pixel is."""
    textured: _Map
    small: Grey
    since: datetime
    lit: bool = True
    """Whether there is light in it: one night is as black as another."""
    returns: int = 0
    """How many looks had returned by then."""

    @property
    def is_plain(self) -> bool:
        """Whether there is hardly anything in it."""
        return int(np.count_nonzero(self.textured)) < _FEWEST

    def share(self, old: Look) -> float:
        """The part of it that is to the last bit what it was then."""
        if self.marks.shape != old.marks.shape or not self.marks.size:
            return 0.0
        same = self.marks == old.marks
        if not self.is_plain:
            return float(same[self.textured].mean())
        returns = self.lit and same.mean() >= _PLAIN_RETURNS
        return float(same.mean()) if returns else 0.0


class Stillness:
    """Since when a camera's picture has looked as it does. `every`: seconds between two looks."""

    def __init__(self, every: float) -> None:
        self.changed_at: datetime | None = None
        self.returns = 0
        """How many looks have returned since then."""
        self.is_plain = False
        """Whether the last look had hardly anything in it."""
        self._patience = max(_PATIENCE, timedelta(seconds=2 * every))
        self._returned_at: datetime | None = None
        self._strange = 0
        self._looks: deque[Look] = deque(maxlen=_REMEMBERED)
        self._stirred: _Map | None = None

    def judge(self, whole: Grey, small: Grey, at: datetime, *, lit: bool = True) -> datetime:
        """Take the picture of `at`, whole and as a thumbnail; since when it has not changed.

        Keyframes only: what lies between them repeats the parts of the last one.
        """
        look = Look(*fingerprint(whole), small, at, lit)
        self.is_plain = look.is_plain
        shares = [look.share(old) for old in self._looks]
        self._strange = 0 if max(shares, default=0.0) >= _KIN else self._strange + 1
        if self._strange >= _STRANGE or self._stirs(look):
            self._begin()
            shares = []
        look = self._placed(look, shares)
        self._looks.append(look)
        return self._tell(look)

    def _placed(self, look: Look, shares: list[float]) -> Look:
        """The look, with since when it has been so."""
        pairs = zip(shares, self._looks, strict=True)
        known = [old for share, old in pairs if share >= _RETURNS]
        if known:
            self._returned_at = look.since
            since = min(old.since for old in known)
            same = self.changed_at is not None and since <= self.changed_at
            returns = max([self.returns if same else 0, *(old.returns for old in known)])
            return replace(look, since=since, returns=returns + 1)
        if self._is_kin(look) and self.changed_at is not None:
            return replace(look, since=self.changed_at, returns=self.returns)
        return look

    def _is_kin(self, look: Look) -> bool:
        """Whether it resembles a picture that has returned a short while ago."""
        patience = self._patience * (3 if self.returns >= _SURE else 1)
        back = self._returned_at
        return not self._strange and back is not None and look.since - back <= patience

    def _tell(self, look: Look) -> datetime:
        """One strange look alone is not yet believed to be the end of a long stillness."""
        doubtful = self._strange > 0 and self.returns >= _SURE
        if self.changed_at is None or not doubtful:
            self.changed_at, self.returns = look.since, look.returns
        return self.changed_at

    def _begin(self) -> None:
        self._looks.clear()
        self._stirred = self._returned_at = None
        self.returns = 0

    def _stirs(self, look: Look) -> bool:
        """Whether something has changed that is not a burned-in clock."""
        alike = [old.small for old in self._looks if old.small.shape == look.small.shape]
        if not alike:
            return bool(self._looks)
        least = np.min([_distance(look.small, old) for old in alike], axis=0)
        changed = least > _STIRS
        if self._stirred is not None:
            changed |= self._stirred
        self._stirred = changed
        return not _is_overlay(changed)


def fingerprint(grey: Grey) -> tuple[_Marks, _Map]:
    """A number for each tile of a picture, and which of the tiles have texture."""
    part = grey[::_STEP, ::_STEP]
    down, across = (length // _TILE for length in part.shape)
    part = part[: down * _TILE, : across * _TILE].reshape(down, _TILE, across, _TILE)
    part = part[:: -(-down // _MOST_ROWS) or 1]
    tiles = np.ascontiguousarray(part.transpose(0, 2, 1, 3)).reshape(-1, _TILE * _TILE)
    sums = (tiles.view(np.uint64) * _WEIGHTS).sum(axis=1, dtype=np.uint64)  # wraps, as it may
    textured = tiles.max(axis=1) - tiles.min(axis=1) >= _TEXTURE if tiles.size else sums > 0
    return (sums >> np.uint64(32)).astype(np.uint32), textured


_WEIGHTS = np.random.default_rng(6).integers(1, 1 << 63, _TILE * _TILE // 8, np.uint64) | np.uint64(
    1
)


def _distance(one: Grey, other: Grey) -> Grey:
    return np.maximum(one, other) - np.minimum(one, other)


def _is_overlay(changed: _Map) -> bool:
    """Whether all of it may be one line of text at the upper edge and one at the lower."""
    tall = len(changed)
    edge = tall // 5
    if changed[edge : tall - edge].any():
        return False
    return _is_line(changed[:edge]) and _is_line(changed[tall - edge :])


def _is_line(changed: _Map) -> bool:
    rows, columns = np.nonzero(changed)
    if not rows.size:
        return True
    tall, wide = changed.shape
    return bool(np.ptp(rows) < tall / 2 and np.ptp(columns) < wide / 2)
