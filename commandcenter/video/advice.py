"""What to change about a camera, after a look at it: short sentences, to be translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from commandcenter.video.messages import Task
from commandcenter.video.probe import Look, Probe

WIDE = 1280  # pixels: more is not shown
_DARK, _BLURRED = 16.0, 20.0
_OPENING = 1.2  # seconds that opening a stream takes
_OLD = 60.0  # seconds
_SLOW = 2.0
_SUB_STREAMS = (  # the main streams of vendors, and how their sub-streams are called
    (r"(?i)/Streaming/Channels/(\d+)01\b", r"/Streaming/Channels/\g<1>02"),  # Hikvision
    (r"(?i)(/cam/realmonitor\?.*subtype=)0\b", r"\g<1>1"),  # Dahua
    (r"(?i)/media/video1\b", "/media/video2"),  # Uniview
)


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, and the values that it mentions."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)


def advise(found: Probe, read_timeout: float) -> Iterator[Advice]:
    """What would be better otherwise; `read_timeout` is the one that is in force, in seconds."""
    look = found.look
    if look is None:
        return
    if look.width > WIDE:
        yield _smaller(found.task.url)
    if look.brightness < _DARK:
        yield Advice("the picture is almost black")
    elif look.sharpness < _BLURRED:
        yield Advice("the picture has hardly an edge: look at the focus and at the glass")
    if look.age > (_OLD if found.task.way == "http" else _SLOW):
        yield Advice(
            "pictures come {n} s late: look at the link and at the camera's load",
            {"n": round(look.age)},
        )
    if found.task.way != "http":
        yield from _about_keyframes(look, read_timeout)
        yield _way(found.task, look)


def sub_stream(url: str) -> str:
    """The address of the sub-stream, where that of the main stream is a vendor's; else ""."""
    for main, sub in _SUB_STREAMS:
        found = re.sub(main, sub, url)
        if found != url:
            return found
    return ""


def _smaller(url: str) -> Advice:
    smaller = sub_stream(url)
    if not smaller:
        return Advice("use the camera's sub-stream: 640 x 360 is enough for a wall")
    parts = urlsplit(smaller)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Advice("use the sub-stream: {path}", {"path": path})


def _about_keyframes(look: Look, read_timeout: float) -> Iterator[Advice]:
    if look.keyframe_every is None:
        yield Advice("no second keyframe was seen: set the keyframe interval to 2 s")
    elif look.keyframe_every * 1.5 > read_timeout:
        told = {"n": round(look.keyframe_every * 2 + 5)}
        yield Advice("read_timeout = {n}, or a shorter keyframe interval in the camera", told)
    elif look.keyframe_every > 4:
        yield Advice("a keyframe interval of 2 s would show what happens sooner")


def _way(task: Task, look: Look) -> Advice:
    """Open, take one and close costs the opening and half an interval of keyframes at least."""
    taken = _OPENING + (look.keyframe_every or 2.0)
    if task.every > 2 * taken and task.every >= 30:
        return Advice("way = snap: a picture each {every} s", {"every": f"{task.every:g}"})
    told = {"every": f"{task.every:g}", "n": round(max(30.0, 2 * taken))}
    return Advice("way = keep: a picture each {every} s; snap pays from {n} s on", told)
