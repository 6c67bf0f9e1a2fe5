"""How often is too often: token buckets, one for each source that knocks, bounded in memory.

Not the library `limits`: its memory has no bound, and it reads the wall clock by itself.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_SOURCES = 10_000
_OF_ONE_SITE = 48  # bits: what a customer may get who has many houses (RFC 6177, section 2)
_OF_ONE_HOUSE = 64  # bits of an IPv6 address that its owner cannot choose (RFC 6177, section 2)


class Answer(NamedTuple):
    """Whether one more is allowed."""

    allowed: bool
    first: bool = False
    """The first refusal of a flood: the one to tell."""
    wait: int = 0
    """Whole seconds until the next one is allowed, for Retry-After."""


@dataclass(slots=True)
class Rates:
    """At most `burst` at once, and `rate` a second in the long run, of each source.

    When more than `most` sources are heard, the one that was silent for longest is forgotten: it
    may come in full again. `now` counts seconds and may begin anywhere.
    """

    rate: float
    burst: float
    most: int = MOST_SOURCES
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, source: str, now: float) -> Answer:
        """One more of `source`: is it allowed?"""
        bucket = self._bucket(source, now)
        bucket.fill(now, self.rate, self.burst)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return Answer(allowed=True)
        first, bucket.told = not bucket.told, True
        wait = math.ceil((1 - bucket.tokens) / self.rate)
        return Answer(allowed=False, first=first, wait=max(1, wait))

    def _bucket(self, source: str, now: float) -> _Bucket:
        bucket = self._buckets.pop(source, None) or _Bucket(self.burst, now)
        self._buckets[source] = bucket  # the longest unheard stands first
        if len(self._buckets) > self.most:
            del self._buckets[next(iter(self._buckets))]
        return bucket


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float
    told: bool = False

    def fill(self, now: float, rate: float, burst: float) -> None:
        self.tokens = min(burst, self.tokens + max(0.0, now - self.at) * rate)
        self.at = now
        if self.tokens > burst / 2:
            self.told = False


def source_of(address: str) -> str:
    """What one who knocks cannot change: an IPv4 address, the /64 of an IPv6 address. What is no
    address is its own source."""
    return _network(address, _OF_ONE_HOUSE)


def site_of(address: str) -> str:
    """The same of somebody who has sixty-five thousand houses: the /48 of an IPv6 address."""
    return _network(address, _OF_ONE_SITE)


def _network(address: str, bits: int) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:80]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, bits), strict=False))


def strangers() -> Rates:
    """For wrong tokens and signatures at a door of the intake: 30 at once, 30 a minute.

    Only wrong ones are counted, after they were found to be wrong. A right one always passes:
    behind one address there may be a gateway and a stranger, and whoever guesses must not be able
    to silence the other. What a wrong one costs is its line in the tray, where a flood would push
    the honest mistakes out; looking at it costs microseconds, and the listener's cap for each
    address holds anyway.
    """
    return Rates(rate=0.5, burst=30)
