"""Read JPEGs as cameras send them: with bytes behind their end, or without the end.

cv2 turns them upright (EXIF) and takes grey ones, progressive ones, those in CMYK and the first
picture of several (MPO). It refuses those whose last two bytes, FF D9, are missing, which every
browser shows (rroller/dahua#658, brendan-duncan/image#230); and it fills up with grey what is cut
off in the middle but has an end. Markers are ISO/IEC 10918-1 section B.1.1.
"""

from __future__ import annotations

import cv2
import numpy as np

from commandcenter.video.capture import Frame
from commandcenter.video.messages import CameraFault

_KEPT = 64 * 1024  # bytes of a broken picture
_END = b"\xff\xd9"
_FILLS = (b"\x00" * 256, b"\x5a" * 256)
"""Two kinds of nonsense. Who has all that it needs reads neither."""
_SUSPECT = 8  # pixels at an edge that are one colour: a block that may have been filled up


def read(jpeg: bytes) -> Frame:
    """The pixels of a JPEG.

    Raises CameraFault when it is broken, or when a part of it is missing: it would be shown grey.
    """
    frame = _decoded(jpeg)
    if frame is None or _looks_cut(frame):
        return _checked(jpeg, frame)
    return frame


def _checked(jpeg: bytes, frame: Frame | None) -> Frame:
    """A picture whose end is missing, or may have been put behind half of it."""
    body = jpeg[: jpeg.rfind(_END)] if frame is not None else jpeg.rstrip(b"\xff")
    one, other = (_decoded(body + fill + _END) for fill in _FILLS)
    if one is None or other is None:
        raise CameraFault("unsupported", "gambar JPEG rusak", jpeg[:_KEPT])
    if not np.array_equal(one, other):
        raise CameraFault("unsupported", "gambar JPEG terpotong, hanya sebagian", jpeg[:_KEPT])
    return one if frame is None else frame


def _looks_cut(frame: Frame) -> bool:
    """Whether an edge is of one colour: any of them, as the picture may have been turned."""
    n = _SUSPECT
    edges = (frame[-n:], frame[:n], frame[:, -n:], frame[:, :n])
    return any(bool((edge == edge[:1, :1]).all()) for edge in edges)


def _decoded(jpeg: bytes) -> Frame | None:
    try:
        frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # larger than it may be
        return None
    if not isinstance(frame, np.ndarray) or frame.ndim != 3 or min(frame.shape[:2]) < 2:
        return None
    return np.asarray(frame, np.uint8)
