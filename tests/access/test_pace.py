"""Refusals that tell nothing by the time they take."""

from __future__ import annotations

import pytest

from commandcenter.access.pace import AT_FIRST, CHANCE, LONGEST, RECENT, Pace
from commandcenter.access.passwords import Busy


class Watch:
    """A stop-watch that goes on only where something takes time."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.pace = Pace(lambda: self.seconds, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    async def worked(self, seconds: float) -> float:
        """How long a refusal took for which there was so much to do."""
        began = self.seconds
        self.seconds += seconds
        await self.pace.level(began)
        return self.seconds - began

    async def unseen(self) -> float:
        """How long one took for which there was nothing to do."""
        began = self.seconds
        await self.pace.wait(began)
        return self.seconds - began


async def test_whoever_is_refused_unseen_waits_as_long_as_the_slowest_of_the_last_ones() -> None:
    watch = Watch()
    assert AT_FIRST <= await watch.unseen() <= AT_FIRST * (1 + CHANCE)
    for seconds in (0.1, 0.6, 0.1):
        await watch.worked(seconds)
    for took in (await watch.unseen(), await watch.worked(0.1)):
        assert 0.6 <= took <= 0.6 * (1 + CHANCE) + 0.001
    for _ in range(RECENT):
        await watch.worked(0.1)
    assert await watch.unseen() < 0.2


async def test_whoever_makes_us_slow_makes_nobody_wait_for_long() -> None:
    watch = Watch()
    await watch.worked(60)
    assert await watch.unseen() <= LONGEST * (1 + CHANCE) + 0.001


async def test_only_so_many_wait() -> None:
    pace = Pace(most=0)
    with pytest.raises(Busy):
        await pace.wait(pace.now())
