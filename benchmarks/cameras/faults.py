"""Every bad state, again and again, among healthy cameras: found each time, and nobody else late.

All victims have their faults at the same time, each in a rhythm of its own, in the same few worker
processes as the healthy cameras.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.cameras.effort import Effort
from benchmarks.cameras.house import House, house
from benchmarks.cameras.studio import strange
from benchmarks.report import Row, percentile
from commandcenter.video.capture import decode_keyframe
from commandcenter.video.judge import Judge
from tests.cameras.footage import film
from tests.cameras.strange_camera import StrangeCamera

FAULTS: Mapping[str, frozenset[str]] = {
    "dead": frozenset({"unreachable"}),
    "silent": frozenset({"unreachable"}),
    "drip": frozenset({"unreachable"}),
    "mute": frozenset({"unreachable", "late"}),
    "busy": frozenset({"unreachable"}),
    "locked": frozenset({"unauthorized"}),
    "forbidden": frozenset({"unauthorized"}),
    "missing": frozenset({"not_found"}),
    "redirect": frozenset({"unsupported"}),
    "garbage": frozenset({"unsupported"}),
    "mjpeg": frozenset({"unsupported"}),
    "giant": frozenset({"unsupported"}),
    "truncated": frozenset({"unsupported"}),
    "endless_pictures": frozenset({"unsupported", "unreachable"}),
    "keyless": frozenset({"late"}),
    "frozen": frozenset({"frozen"}),
    "dark": frozenset({"dark"}),
    "covered": frozenset({"covered"}),
    "blurred": frozenset({"defocused"}),
    "elsewhere": frozenset({"moved"}),
}
"""What the strange camera does, and the states that are right for it."""
EVERY = 2.0  # seconds from one picture to the next; the others are those of the feed
LIMIT = 15.0  # seconds of age that a healthy picture may have: late_after
_REST = 5.0  # seconds before the first fault
_SCHOOL = (timedelta(hours=27), timedelta(hours=20))  # ago: yesterday at this time of the day
_PATIENCE = 90.0  # seconds after which a fault counts as not found


@dataclass
class Found:
    """What became of the faults: seconds until each was found, by its name."""

    after: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    missed: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """The states that were told instead."""
    ages: list[float] = field(default_factory=list)
    """Of the healthy cameras' pictures, at any time."""
    wrong: set[tuple[str, str]] = field(default_factory=set)
    """Healthy cameras of which something else was told."""


def run(effort: Effort) -> Iterator[Row]:
    """A row for each fault, and the healthy ones."""
    with strange("dark", "covered", "blurred", "elsewhere") as bad, strange() as good:
        found = asyncio.run(_inject(bad, good, effort))
    for fault in FAULTS:
        yield from _rows(fault, found, effort.injections)
    yield Row(
        figure=f"{effort.healthy} healthy cameras beside them: age of the picture, p99",
        ours=percentile(found.ages, 0.99),
        unit="s",
    )
    yield Row(figure="… oldest", ours=max(found.ages), unit="s", most=LIMIT)
    yield Row(figure="… of which something else was told", ours=len(found.wrong), unit="", most=0)


def _rows(fault: str, found: Found, injections: int) -> Iterator[Row]:
    after, states = found.after[fault], " or ".join(sorted(FAULTS[fault]))
    instead = f"; else {', '.join(sorted(set(found.missed[fault])))}" if found.missed[fault] else ""
    yield Row(
        figure=f"{fault}: told as {states}, of {injections}{instead}",
        ours=len(after),
        unit="",
        least=injections,
    )
    if after:
        yield Row(figure="… after, p50", ours=percentile(after, 0.5), unit="s")
        yield Row(figure="… longest", ours=max(after), unit="s")


async def _inject(bad: StrangeCamera, good: StrangeCamera, effort: Effort) -> Found:
    found, healthy = Found(), [f"healthy-{n}" for n in range(effort.healthy)]
    for fault in FAULTS:
        bad.tell(fault, "healthy")
    urls = {name: bad.rtsp(name) for name in FAULTS} | {name: good.rtsp(name) for name in healthy}
    times = {"every": EVERY, "read_timeout": 10.0, "keyframe_timeout": 15.0}
    async with house(urls, looks=_usual_looks(House.now()), **times) as ours:
        await ours.until(lambda: all(ours.state(c) == "live" for c in urls), "all are live")
        begun = House.now()
        looking = asyncio.create_task(_look(ours, healthy, found))
        await asyncio.sleep(_REST)
        victims = (_maltreat(ours, bad, fault, found, effort.injections) for fault in FAULTS)
        await asyncio.gather(*victims)
        looking.cancel()
        told = {(c, seen.state) for c in healthy for seen in ours.told[c] if seen.at > begun}
        found.wrong = {one for one in told if one[1] != "live"}
    return found


def _usual_looks(now: float) -> bytes:
    """What is remembered of a camera that showed the healthy film yesterday."""
    pictures = [b"".join(b"\0\0\0\1" + unit for unit in one) for one in film().only(keys=True)]
    frames = [frame for one in pictures if (frame := decode_keyframe(one)) is not None]
    at, end = (datetime.fromtimestamp(now, UTC) - ago for ago in _SCHOOL)
    with tempfile.TemporaryDirectory(prefix="bench-cameras-") as folder:
        judge = Judge(frozen_after=60.0, every=EVERY, history=Path(folder) / "looks")
        while at < end:
            for frame in frames:
                judge.judge(frame, at)
                at += timedelta(minutes=1)
        judge.close()
        return (Path(folder) / "looks").read_bytes()


async def _look(ours: House, healthy: list[str], found: Found) -> None:
    while True:
        found.ages += await ours.sample(healthy, 1.0)


async def _maltreat(
    ours: House, camera: StrangeCamera, fault: str, found: Found, times: int
) -> None:
    """One victim: its fault, as long as it takes to be found, and a rest; again and again."""
    chance = random.Random(fault)
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0, 2 * EVERY))
        camera.tell(fault, fault)
        begun = House.now()
        try:
            seen = await ours.until(lambda: ours.state(fault) in FAULTS[fault], fault, _PATIENCE)
            found.after[fault].append(seen - begun)
        except TimeoutError:
            found.missed[fault].append(ours.state(fault))
        camera.tell(fault, "healthy")
        await ours.ask(fault)
        await ours.until(lambda: ours.state(fault) == "live", f"{fault} is over")
