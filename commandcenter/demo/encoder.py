"""H.264 by PyAV: small pictures, few of them, a keyframe every two seconds."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType

from commandcenter.demo.paint import HEIGHT, WIDTH, Picture

FRAMES_A_SECOND = 3
_GROUP = 2 * FRAMES_A_SECOND  # pictures from keyframe to keyframe
SPS, PPS, IDR = 7, 8, 5  # kinds of NAL units, ITU-T H.264 table 7-1


class Encoder:
    """One camera's encoder."""

    def __init__(self) -> None:
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        codec.framerate, codec.time_base = FRAMES_A_SECOND, Fraction(1, FRAMES_A_SECOND)
        codec.thread_count = 1
        group = f"keyint={_GROUP}:min-keyint=1:scenecut=0:repeat-headers=1"
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "26",
            "forced-idr": "1",
            "x264-params": group,
        }
        self._codec = codec
        self._count = 0

    def encode(self, planes: Picture, key: bool = False) -> list[bytes]:
        """The NAL units of one picture in planar YUV 4:2:0; `key` asks for a keyframe."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._count
        frame.pict_type = PictureType.I if key else PictureType.NONE
        self._count += 1
        return [unit for packet in self._codec.encode(frame) for unit in nal_units(bytes(packet))]


def nal_units(stream: bytes) -> list[bytes]:
    """The NAL units of a byte stream with start codes (ITU-T H.264 annex B)."""
    parts = stream.split(b"\x00\x00\x01")
    return [part.rstrip(b"\x00") for part in parts[1:]]


def kind(unit: bytes) -> int:
    """The nal_unit_type."""
    return unit[0] & 0x1F


def parameter_sets() -> tuple[bytes, bytes]:
    """The SPS and PPS that all cameras have in common."""
    blank = np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8)
    return _find(Encoder().encode(blank), SPS), _find(Encoder().encode(blank), PPS)


def _find(units: Iterable[bytes], wanted: int) -> bytes:
    return next(unit for unit in units if kind(unit) == wanted)
