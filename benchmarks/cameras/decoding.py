"""One keyframe to a picture: the one function of the readers that another decoder could do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import av

from benchmarks.cameras.effort import Effort
from benchmarks.report import Row
from commandcenter.video.capture import decode_keyframe
from tests.cameras.footage import Codec, film

_KEYFRAMES = 6


def run(effort: Effort) -> Iterator[Row]:
    """Ours against PyAV with a decoder that is made anew for each picture, as ours is."""
    quality = effort.main
    codecs: tuple[Codec, ...] = ("h264", "h265")
    for codec in codecs:
        size = (quality.width, quality.height)
        made = film(codec, *size, seconds=2 * _KEYFRAMES, rate=5, every=10, kbit=quality.kbit)
        coded = [b"".join(b"\0\0\0\1" + unit for unit in one) for one in made.only(keys=True)]
        yield Row(
            figure=f"{codec} keyframe, {quality.height}p, to BGR (rival: PyAV)",
            ours=_milliseconds(decode_keyframe, coded),
            unit="ms",
            rival=_milliseconds(_pyav(codec), coded),
        )


def _milliseconds(decode: Callable[[bytes], Any], coded: Sequence[bytes]) -> float:
    """CPU time for one."""
    began = time.process_time()
    for one in coded:
        if decode(one) is None:
            raise RuntimeError("a keyframe cannot be decoded")
    return 1000 * (time.process_time() - began) / len(coded)


def _pyav(codec: Codec) -> Callable[[bytes], Any]:
    def decode(coded: bytes) -> Any:
        decoder: Any = av.CodecContext.create({"h264": "h264", "h265": "hevc"}[codec], "r")
        decoder.thread_count = 1
        frames = [*decoder.decode(av.Packet(coded)), *decoder.decode(None)]
        return frames[0].to_ndarray(format="bgr24")

    return decode
