"""How long it takes to notice that a picture stands still while the stream runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from benchmarks.cameras.effort import Effort
from benchmarks.cameras.house import House, house
from benchmarks.cameras.studio import strange
from benchmarks.report import Row, percentile
from tests.cameras.strange_camera import StrangeCamera

FROZEN_AFTER = 10.0
_CAMERA = "cam"


def run(effort: Effort) -> Iterator[Row]:
    """It is to be found after 10 s, or after two intervals if they are longer; at the latest two
    seconds after that, in which another keyframe comes."""
    with strange() as camera:
        noticed = asyncio.run(_measure(camera, effort))
    goal = max(FROZEN_AFTER, 2 * effort.every)
    yield Row(
        figure=f"a freeze is noticed after, p50 of {len(noticed)}",
        ours=percentile(noticed, 0.5),
        unit="s",
        most=goal,
    )
    yield Row(figure="… longest", ours=max(noticed), unit="s", most=goal + 2)


async def _measure(camera: StrangeCamera, effort: Effort) -> list[float]:
    noticed = []
    camera.tell(_CAMERA, "healthy")
    async with house({_CAMERA: camera.rtsp(_CAMERA)}, every=effort.every) as ours:
        for n in range(effort.times):
            camera.tell(_CAMERA, "healthy")
            await ours.until(lambda: ours.state(_CAMERA) == "live", "it is live")
            between_looks = n / effort.times * effort.every
            await asyncio.sleep(2 * effort.every + between_looks)
            camera.tell(_CAMERA, "frozen")
            frozen = House.now()
            seen = await ours.until(lambda: ours.state(_CAMERA) == "frozen", "it is noticed")
            noticed.append(seen - frozen)
    return noticed
