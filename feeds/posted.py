"""Readings that other programs post to the API (POST /api/v1/readings)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import ClassVar

from commandcenter.feed import Desk, Feed
from commandcenter.reading import Reading


@dataclass(kw_only=True)
class Posted(Feed):
    """What other programs post with a token: see docs/api.md.

    Readings are put on the bus as they come in. Nobody looks at a source here, so nobody can say
    that it is well: a feed of which nothing was ever posted has nothing heard yet, and one that
    falls silent turns late and stale like every other.
    """

    process: ClassVar[str] = "web"  # which takes them in; nobody runs `read`

    late_after: float = 120.0
    stale_after: float = 300.0

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:  # noqa: ARG002
        """Nothing: there is nobody to ask."""
        nothing: tuple[Reading, ...] = ()
        for reading in nothing:
            yield reading
