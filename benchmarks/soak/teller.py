"""Telling the bus: the day's events by the product's own publisher, and the pulse.

The pulse is a complaint whose title says, to the millisecond, when it was published.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import cycle

import numpy as np

from benchmarks.soak import things
from benchmarks.soak.wall import PULSE
from commandcenter.bus import Bus, BusDown, Pictures
from commandcenter.collector import Publisher
from commandcenter.reading import Reading

FLUSH = 0.05  # seconds between two attempts to publish what waits
BEAT = 0.2  # seconds between two pulses
PICTURE_LIVES = timedelta(minutes=10)
ROW = {"title": "", "category": "", "agency": "Pengukur", "address": ""}


class Teller:
    """What all sources of the region tell. Nothing is lost while Redis is away."""

    def __init__(self, url: str) -> None:
        self._bus, self._pulse_bus = Bus(url), Bus(url)
        self._kept = Pictures(url)
        self._publishers: dict[str, Publisher] = {}
        self._pictures: dict[str, Reading] = {}
        self._jpegs = cycle(jpegs(16))
        self._pulsed: float | None = None
        self.longest_pause = 0.0
        """Seconds between two pulses while Redis was there: by so much the soak itself was late."""

    async def tell_past(self, feed: str, readings: Iterable[Reading]) -> None:
        """Every one of these at once, before anything else is told. Raises BusDown."""
        await self._bus.publish(feed, readings)

    def tell(self, readings: Iterable[Reading]) -> None:
        """Let these travel with the next flush."""
        for reading in readings:
            if reading.feed not in self._publishers:
                self._publishers[reading.feed] = Publisher(self._bus, reading.feed)
            self._publishers[reading.feed].put(reading)
            if reading.feed == "cameras":
                self._pictures[reading.identity] = reading

    async def flush_for_ever(self) -> None:
        """Pictures first: a reading must not name one that is not there."""
        while True:
            with suppress(BusDown):
                await self._keep_pictures()
            for publisher in [*self._publishers.values()]:
                await publisher.flush()
            await asyncio.sleep(FLUSH)

    async def pulse_for_ever(self) -> None:
        """The steady sign by which the page is judged; sooner again while Redis is away."""
        while True:
            with suppress(BusDown):
                now = datetime.now(UTC)
                title = {**ROW, "title": f"@{time.time_ns() // 1_000_000}@"}
                pulse = things.complaint("complaint/pulse", "0", title, now, 24.0)
                reading = things.tell(PULSE, pulse.key, now, pulse.value)
                await self._pulse_bus.publish(PULSE, [reading])
                if self._pulsed is not None:
                    self.longest_pause = max(self.longest_pause, time.monotonic() - self._pulsed)
                self._pulsed = time.monotonic()
                await asyncio.sleep(BEAT - FLUSH)
            await asyncio.sleep(FLUSH)

    def redis_goes(self) -> None:
        """From now on no pulse can be published, and nobody is late with one."""
        self._pulsed = None

    async def close(self) -> None:
        """Let go of Redis."""
        await self._kept.close()
        await self._bus.close()
        await self._pulse_bus.close()

    async def _keep_pictures(self) -> None:
        while self._pictures:
            camera, reading = next(iter(self._pictures.items()))
            jpeg = next(self._jpegs)
            await self._kept.keep(camera, jpeg, jpeg, reading.at, PICTURE_LIVES)
            del self._pictures[camera]


def jpegs(number: int) -> list[bytes]:
    """Pictures of 640 by 360 that differ, as cameras give them: about 15 kB each."""
    import cv2

    told = []
    for n in range(number):
        noise = np.random.default_rng(n).integers(0, 255, (18, 32, 3), dtype=np.uint8)
        picture = cv2.resize(noise, (640, 360), interpolation=cv2.INTER_CUBIC)
        told.append(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes())
    return told
