"""Session descriptions: the video in one that we can read (RFC 8866, RFC 3551, RFC 6184, RFC 7798).

`framesize` is 3GPP TS 26.234 A.3.2.2, `x-dimensions` QuickTime's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from commandcenter.video.messages import CameraFault

Codec: TypeAlias = Literal["H264", "H265"]

_READABLE: dict[str, Codec] = {"H264": "H264", "H265": "H265", "HEVC": "H265"}
_STATIC = {25: "CelB", 26: "JPEG", 28: "nv", 31: "H261", 32: "MPV", 33: "MP2T", 34: "H263"}
"""Payload types of video that need no rtpmap: RFC 3551 section 6."""
_PARAMETER_SETS: dict[str, Codec] = {"sprop-parameter-sets": "H264", "sprop-sps": "H265"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """The video that is to be read. Sizes in pixels; None where nothing is said."""

    codec: Codec
    place: int
    """Its place among all medias."""
    payload: int
    """Its payload type among those of its media."""
    plain: bool
    """Whether it is the only one and is described as usual: FFmpeg takes the first video, and mixes
    up what is said of several payload types."""
    width: int | None = None
    height: int | None = None
    fps: float | None = None


def video(text: str) -> Video:
    """The first video of a description that we can read.

    Raises CameraFault: unsupported, with the names of what there is instead.
    """
    medias = _medias(text)[1:]
    videos = [(place, one) for place, one in enumerate(medias) if _kind(one) == "video"]
    if not videos:
        raise CameraFault("unsupported", "aliran ini tidak berisi video")
    readable = [(place, one) for place, one in videos if "SAVP" not in one[0].upper()]
    if not readable:
        why = "aliran terenkripsi (SRTP) tidak didukung; matikan SRTP di kamera, atau pakai rtsps"
        raise CameraFault("unsupported", why)
    names = []
    for place, media in readable:
        for payload, name in _formats(media):
            if name.upper() in _READABLE:
                return _video(media, place, payload, name, alone=len(videos) == 1)
            names.append(name or "tanpa nama")
    told = ", ".join(dict.fromkeys(names)) or "tanpa nama"
    raise CameraFault("unsupported", f"format video {told} tidak didukung; pakai H.264/H.265")


def narrowed(text: str, chosen: Video) -> str:
    """The description with nothing but this video in it, under its standard name."""
    session, *medias = _medias(text)
    first, *lines = medias[chosen.place]
    wanted = str(chosen.payload)
    kept = [line for line in lines if _about(line) in ("", wanted) and "a=rtpmap" not in line]
    words = first.split()[:3]
    named = [" ".join([*words, wanted]), f"a=rtpmap:{wanted} {chosen.codec}/90000"]
    return "\r\n".join([*session, *named, *kept, ""])


def _medias(text: str) -> list[list[str]]:
    """The lines of the session, and those of each media."""
    parts: list[list[str]] = [[]]
    for line in filter(None, (line.strip() for line in re.split(r"[\r\n]+", text))):
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    return parts


def _kind(media: list[str]) -> str:
    return media[0].removeprefix("m=").split(" ")[0].lower()


def _formats(media: list[str]) -> Iterator[tuple[int, str]]:
    """The payload types that the m= line names, and what each is called; "" where nothing says."""
    named = {int(p): name for p, name in _values(media, r"a=rtpmap: *(\d+) +([\w.-]{1,40})")}
    told = {int(p): _guessed(rest) for p, rest in _values(media, r"a=fmtp: *(\d+) +(.*)")}
    for word in media[0].split()[3:]:
        if re.fullmatch(r"\d{1,3}", word, re.ASCII):
            payload = int(word)
            yield payload, named.get(payload) or _STATIC.get(payload) or told.get(payload) or ""


def _values(media: list[str], pattern: str) -> Iterator[tuple[str, str]]:
    for line in media:
        if found := re.match(pattern, line, re.ASCII | re.IGNORECASE):
            yield found[1], found[2]


def _guessed(parameters: str) -> str:
    """The codec that has such parameters: some cameras leave the name out."""
    return next((codec for name, codec in _PARAMETER_SETS.items() if name in parameters), "")


def _video(media: list[str], place: int, payload: int, name: str, *, alone: bool) -> Video:
    text = "\n".join(media)
    maps = re.findall(r"^a=rtpmap:.*", text, re.MULTILINE)
    mapped = re.match(rf"a=rtpmap:{payload} {name}/\d", "".join(maps), re.IGNORECASE)
    usual = len(maps) == len(media[0].split()[3:]) == 1 and mapped is not None
    size = re.search(r"^a=(?:x-dimensions:|framesize:\d+ ) *(\d{1,5})[,-](\d{1,5})", text, re.M)
    fps = re.search(r"^a=(?:x-)?framerate: *(\d{1,4}(?:\.\d{1,6})?)", text, re.M)
    codec = _READABLE[name.upper()]
    return Video(
        codec=codec,
        place=place,
        payload=payload,
        plain=alone and usual and name.upper() == codec,
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        fps=float(fps[1]) if fps else None,
    )


def _about(line: str) -> str:
    """The payload type that an attribute is about; "" where it is about the whole media."""
    found = re.match(r"a=(?:fmtp|framesize|rtcp-fb): *(\d+)\b", line, re.ASCII)
    return found[1] if found else ""
