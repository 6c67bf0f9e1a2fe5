"""The way to a Redis, and the one exception for all that can happen on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from commandcenter.bus.memory import ANSWER
from commandcenter.secret import redact

LOST = (RedisError, OSError)


class BusDown(RuntimeError):
    """Redis cannot be reached, or refuses. Its text tells why, without the password."""


class Link:
    """A client of a Redis by URL. Raises ValueError when the URL cannot be understood."""

    def __init__(self, url: str) -> None:
        self.url = redact(url.partition("?")[0])
        """For logs: without the password."""
        self.redis = _client(url)

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Around questions to Redis. Raises BusDown, also when no answer comes."""
        try:
            async with asyncio.timeout(ANSWER):
                yield
        except LOST as error:
            raise BusDown(self.why(error)) from error

    def why(self, error: BaseException) -> str:
        """As a sentence."""
        return f"{self.url}: {redact(str(error)) or f'no answer within {ANSWER:.0f} s'}"


def _client(url: str) -> Redis:
    """A client that never retries for itself: what is lost must be known here."""
    try:
        return Redis.from_url(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,  # see memory.answered
            socket_connect_timeout=ANSWER,
        )
    except ValueError:
        # from None: its text may have a piece of the password
        raise ValueError(
            "the URL of Redis cannot be understood: write redis://, rediss:// or unix://, "
            "and %-escape what is special in a password"
        ) from None
