"""By how much sixteen dead cameras age the picture of a living one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from benchmarks.cameras.effort import Effort
from benchmarks.cameras.house import house
from benchmarks.cameras.studio import strange
from benchmarks.report import Row, percentile
from tests.cameras.strange_camera import StrangeCamera

_LIVING = "living"
_WAYS = ("silent", "dead", "drip", "missing", "hangs")


def run(effort: Effort) -> Iterator[Row]:
    """Silent ones, such as hang up, drip, hang after two seconds: all in the workers of the
    living one."""
    with strange() as camera:
        alone = asyncio.run(_ages({_LIVING: camera.rtsp("healthy")}, effort))
        beside = asyncio.run(_ages(_crowd(camera, effort.dead), effort))
    for share in (0.5, 0.99):
        yield Row(
            figure=f"age of a living camera beside {effort.dead} dead ones, p{share * 100:g} "
            "(rival: alone)",
            ours=percentile(beside, share),
            unit="s",
            rival=percentile(alone, share),
            most=percentile(alone, share) + 2,
        )


def _crowd(camera: StrangeCamera, dead: int) -> dict[str, str]:
    urls = {f"dead{n}": camera.rtsp(f"{_WAYS[n % len(_WAYS)]}-{n}") for n in range(dead)}
    return {**urls, _LIVING: camera.rtsp("healthy")}


async def _ages(urls: Mapping[str, str], effort: Effort) -> list[float]:
    async with house(urls, every=effort.every) as ours:
        await ours.until(lambda: ours.state(_LIVING) == "live", "the living one is live")
        return await ours.sample([_LIVING], effort.seconds)
