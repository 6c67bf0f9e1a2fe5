"""How long after a camera's return its picture is shown again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from benchmarks.cameras.effort import Effort
from benchmarks.cameras.house import House, house
from benchmarks.cameras.studio import strange
from benchmarks.report import Row, percentile
from tests.cameras.strange_camera import StrangeCamera

_AWAY = (1.0, 20.0)  # seconds
_CAMERA = "cam"


def run(effort: Effort) -> Iterator[Row]:
    """A camera is switched off for a while, again and again; another was never seen before."""
    with strange() as camera:
        first, later = asyncio.run(_measure(camera, effort))
    yield Row(
        figure="from the start of the process to a camera's first picture", ours=first, unit="s"
    )
    yield Row(
        figure=f"a camera returns: its new picture, p50 of {len(later)}",
        ours=percentile(later, 0.5),
        unit="s",
    )
    yield Row(figure="… longest", ours=max(later), unit="s", most=35.0)


async def _measure(camera: StrangeCamera, effort: Effort) -> tuple[float, list[float]]:
    chance = random.Random(7)
    longest = _AWAY[1] if effort.times > 1 else _AWAY[0]
    camera.tell(_CAMERA, "healthy")
    began = House.now()
    async with house({_CAMERA: camera.rtsp(_CAMERA)}, every=effort.every) as ours:
        first = await ours.until(lambda: ours.state(_CAMERA) == "live", "it is live") - began
        later = []
        for _ in range(effort.times):
            camera.tell(_CAMERA, "dead")
            await ours.until(lambda: ours.state(_CAMERA) == "unreachable", "it is missed")
            await asyncio.sleep(chance.uniform(_AWAY[0], longest))
            camera.tell(_CAMERA, "healthy")
            later.append(await _until_shown(ours, House.now()))
    return first, later


async def _until_shown(ours: House, since: float) -> float:
    """Seconds until a picture is shown that was taken after this moment."""
    return await ours.until(lambda: ours.shown(_CAMERA, since), "it is back") - since
