"""Films for cameras of ours: encoded once by PyAV, then only sent.

A scene is a town of grey blocks with a box that drives through it, a little noise, and nothing
that repeats for as long as the film lasts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

Codec: TypeAlias = Literal["h264", "h265"]
Look: TypeAlias = Literal["town", "still", "dark", "covered", "blurred", "elsewhere"]
Grey: TypeAlias = NDArray[np.uint8]
Unit: TypeAlias = tuple[bytes, ...]
"""The NAL units of one picture."""
_LIBRARY = {"h264": ("libx264", "x264-params"), "h265": ("libx265", "x265-params")}
_KEYS = {"h264": (5,), "h265": tuple(range(16, 22))}  # H.264 table 7-1, H.265 table 7-1
_SETS = {"h264": (7, 8), "h265": (32, 33, 34)}


@dataclass(frozen=True, kw_only=True)
class Film:
    """Pictures in sending order; `rate` of them a second."""

    codec: Codec
    width: int
    height: int
    rate: int
    pictures: tuple[Unit, ...]

    def kind(self, unit: bytes) -> int:
        """The nal_unit_type."""
        return unit[0] & 0x1F if self.codec == "h264" else unit[0] >> 1 & 0x3F

    def is_key(self, picture: Unit) -> bool:
        """Whether the picture can be decoded without the ones before it."""
        return any(self.kind(unit) in _KEYS[self.codec] for unit in picture)

    @property
    def sets(self) -> list[bytes]:
        """Its parameter sets: (VPS,) SPS and PPS."""
        return [unit for unit in self.pictures[0] if self.kind(unit) in _SETS[self.codec]]

    def only(self, *, keys: bool) -> tuple[Unit, ...]:
        """Its keyframes, or all the others."""
        return tuple(picture for picture in self.pictures if self.is_key(picture) is keys)


@lru_cache(maxsize=64)
def film(
    codec: Codec = "h264",
    width: int = 640,
    height: int = 360,
    *,
    look: Look = "town",
    seconds: float = 12.0,
    rate: int = 10,
    every: int = 4,
    kbit: int = 400,
) -> Film:
    """A film with a keyframe `every` so many pictures, at `kbit` a second."""
    encoder = _encoder(codec, width, height, rate, every, kbit)
    pictures: list[Unit] = []
    for number, grey in enumerate(scene(look, width, height, round(seconds * rate))):
        frame = av.VideoFrame.from_ndarray(_planes(grey), format="yuv420p")
        frame.pts = number
        frame.pict_type = PictureType.I if number % every == 0 else PictureType.NONE
        pictures += [_units(bytes(packet)) for packet in encoder.encode(frame)]
    pictures += [_units(bytes(packet)) for packet in encoder.encode(None)]
    return Film(codec=codec, width=width, height=height, rate=rate, pictures=tuple(pictures))


def write(made: Film, path: Path, times: int) -> None:
    """The film as an MP4 file, `times` over."""
    length = len(made.pictures)
    with av.open(str(path), "w", format="mp4") as file:
        track: Any = file.add_mux_stream(
            {"h264": "h264", "h265": "hevc"}[made.codec],
            rate=made.rate,
            width=made.width,
            height=made.height,
        )
        for number in range(length * times):
            picture = made.pictures[number % length]
            packet = av.Packet(_stream(picture))
            packet.stream, packet.pts, packet.dts = track, number, number
            packet.time_base, packet.is_keyframe = Fraction(1, made.rate), made.is_key(picture)
            file.mux(packet)


def scene(look: Look, width: int, height: int, count: int) -> Iterator[Grey]:
    """`count` grey pictures of a scene."""
    chance = np.random.default_rng(len(look) if look == "elsewhere" else 1)
    town = _town(chance, width, height)
    noise = chance.normal(0, 4, (height + 64, width + 64)).astype(np.int8)
    for number in range(0 if look == "still" else count):
        grey = town.copy()
        side = max(2, height // 5)
        x = int((number * 0.037 % 1) * width)
        y = int((number * 0.0113 % 1) * max(1, height - side))
        grey[y : y + side, x : x + side] = 250 if number % 2 else 10
        down, right = chance.integers(0, 64, 2)
        grain = noise[down : down + height, right : right + width]
        yield _seen(look, np.asarray(cv2.add(grey, grain, dtype=cv2.CV_8U), np.uint8))
    if look == "still":
        yield from (town for _ in range(count))


def _seen(look: Look, grey: Grey) -> Grey:
    if look == "dark":
        return grey // 32 + np.uint8(16)
    if look == "covered":  # by something near and round; of the scene only the noise is left
        down, across = (np.linspace(-1, 1, size) for size in grey.shape)
        bulge = 150 - 50 * np.hypot(down[:, None], across[None, :])
        return np.asarray(bulge, np.uint8) + grey % 4
    if look == "blurred":
        reach = max(3, grey.shape[1] // 16 | 1)
        return np.asarray(cv2.blur(cv2.blur(grey, (reach, reach)), (reach, reach)), np.uint8)
    return grey


def _town(chance: np.random.Generator, width: int, height: int) -> Grey:
    blocks = chance.integers(40, 220, (18, 32), np.uint8)
    size = (max(2, width), max(2, height))
    town = np.asarray(cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    return town[:height, :width]


def _planes(grey: Grey) -> Grey:
    """Planar YUV 4:2:0 without colour."""
    height, width = grey.shape
    return np.concatenate([grey, np.full((height // 2, width), 128, np.uint8)])


def _encoder(codec: Codec, width: int, height: int, rate: int, every: int, kbit: int) -> Any:
    name, options = _LIBRARY[codec]
    made: Any = av.CodecContext.create(name, "w")
    made.width, made.height, made.pix_fmt = width, height, "yuv420p"
    made.framerate, made.time_base = rate, Fraction(1, rate)
    made.bit_rate = kbit * 1000
    made.thread_count = 1  # two would encode the same film into other bits each time
    told = f"keyint={every}:min-keyint=1:scenecut=0:repeat-headers=1:bframes=0"
    told += f":vbv-maxrate={kbit}:vbv-bufsize={2 * kbit}"
    quiet = ":log-level=none:pools=none:frame-threads=1" if codec == "h265" else ""
    made.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        options: told + quiet,
    }
    return made


def _units(stream: bytes) -> Unit:
    """The NAL units of a byte stream with start codes (ITU-T H.264 annex B)."""
    return tuple(part.rstrip(b"\x00") for part in stream.split(b"\x00\x00\x01")[1:])


def _stream(units: Sequence[bytes]) -> bytes:
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in units)
