"""Read a stream with cv2 as packets, and decode only the keyframe that is wanted.

Handing out packets costs a third of a percent of a core for a camera of 4 Mbit/s, decoding each
keyframe three times that, decoding every frame twenty-four percent. So a stream stays open "raw",
and who wants a picture decodes one keyframe: 15 ms at 1080p.

Runs in worker processes only, each stream in the thread that owns it: releasing a capture from
another thread ends the process with a segmentation fault.
"""

from __future__ import annotations

import ctypes
import io
import os
import re
import time
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg may print an address
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(1 << 26)  # a JPEG of 1 MB can ask for 12 GB
# Opens of several threads would wait for each other: four dead cameras delayed a good one by 12 s.
os.environ["OPENCV_FFMPEG_IS_THREAD_SAFE"] = "1"
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(
    (
        "rtsp_flags;prefer_tcp",  # UDP only from cameras that have nothing else
        "allowed_media_types;video",  # sound is not fetched
        "fpsprobesize;0",  # do not wait for frames to count: 2.4 s instead of 6.5 s to the first
        "analyzeduration;200000",  # µs: an open takes half as long as with 500000
        # Looking into a stream, FFmpeg would decode its first picture and throw it away. It cannot
        # when it may use no decoder there; cv2's own is another matter. A keyframe of H.265 costs
        # half of what it did, and its size is known before anything of it is decoded.
        "codec_whitelist;none",
    )
)

import cv2
import numpy as np
from numpy.typing import NDArray

from commandcenter.video.clock import WAITED
from commandcenter.video.messages import CameraFault, Task
from commandcenter.video.torn import is_torn

Frame = NDArray[np.uint8]
"""Rows of pixels, blue, green, red."""
LARGEST_KEYFRAME = 8 << 20  # bytes
LARGEST_PIXELS = 1 << 26  # 8K is 33 million
_OPENED_RAW = (cv2.CAP_PROP_FORMAT, -1)
# The header of a sequence parameter set: ITU-T H.264 7.3.1 and 7.4.1 (type 7), H.265 7.3.1.2 and
# 7.4.2.2 (type 33), each behind the start code of Annex B.
_PARAMETER_SETS = {
    b"h264": re.compile(rb"\x00\x00\x01[\x27\x47\x67]"),
    b"hevc": re.compile(rb"\x00\x00\x01\x42"),
}
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
cv2.setNumThreads(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """What is known of one coded picture without looking into it. Times in seconds."""

    keyframe: bool
    pts: float
    """When it is to be shown, by the camera's clock, which begins anywhere."""
    arrived: float
    """When it was handed out, by time.monotonic()."""
    waited: float
    """How long it was waited for."""
    size: int
    """Bytes; 0 where frames are decoded at once. Of one that need not be known exactly, as many as
    such packets had lately."""


class Stream:
    """An open RTSP stream: packets, or with `full` every frame decoded, for bursts.

    Raises CameraFault when it cannot be opened.
    """

    def __init__(self, task: Task, *, full: bool = False) -> None:
        self._full = full
        self._timeout = task.read_timeout
        self._packet = np.empty(0, np.uint8)
        self._usual = 0
        self._shown_at = self._step = self._shift = 0.0
        self._capture = _open(task, full)
        try:
            _check_size(self._capture)
        except CameraFault:
            self.close()
            raise
        self._codec = int(self._capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little")
        self._sets = int(self._capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))

    def wait(self, *, exactly: bool = True) -> Packet:
        """Wait for the next packet. Raises CameraFault when the stream has ended.

        After a time-out cv2 hands out frames that lay in its buffers, as if they were new, so
        how long it took is what tells. To look into a packet costs a third of what it costs to read
        it; unless it is to be known `exactly`, that is done for keyframes and for what had to be
        waited for, and the others are taken to be as large as these.
        """
        began = time.monotonic()
        came = self._capture.grab()
        now = time.monotonic()
        if now - began >= self._timeout:
            raise CameraFault("unreachable", f"tidak ada gambar dalam {self._timeout:.0f} detik")
        if not came:
            raise CameraFault("unreachable", "aliran video terputus")
        keyframe = self._full or self._capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME) > 0
        looks = keyframe or exactly or now - began >= WAITED
        if looks and not self._full:
            self._packet = _bytes(self._capture, 0)
            self._usual = self._usual if keyframe else self._packet.nbytes
        return Packet(
            keyframe=keyframe,
            pts=self._pts(),
            arrived=now,
            waited=now - began,
            size=self._packet.nbytes if looks else self._usual,
        )

    def keyframe(self) -> bytes:
        """The packet that arrived last, with the parameter sets that it needs: Annex B.

        cv2 keeps those that the stream began with; where a camera changes its resolution the new
        ones come with the keyframe, and the old ones before them would only mislead. Raises
        CameraFault when it is larger than a picture may be.
        """
        if self._packet.nbytes > LARGEST_KEYFRAME:
            raise CameraFault("unsupported", "satu gambar dalam aliran lebih besar dari 8 MB")
        packet = self._packet.tobytes()
        known = _PARAMETER_SETS.get(self._codec)
        if known is not None and known.search(packet):
            return packet
        return _bytes(self._capture, self._sets).tobytes() + packet

    def frame(self) -> Frame | None:
        """The picture that arrived last, or None if it cannot be shown. Raises CameraFault."""
        if not self._full:
            return decode_keyframe(self.keyframe())
        decoded, frame = self._capture.retrieve()
        return _pixels(frame) if decoded else None

    def _pts(self) -> float:
        """The packet's time stamp. cv2 counts from 0 once more when it has handed out what it had
        read to learn how the stream begins; the step before tells how far that was."""
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if told <= 0 < self._shown_at and not self._shift:
            self._shift = self._shown_at + self._step - told
        self._step, self._shown_at = told + self._shift - self._shown_at, told + self._shift
        return self._shown_at

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


def decode_keyframe(coded: bytes) -> Frame | None:
    """The picture of one keyframe in Annex B, or None if it is broken or a part of it is missing.

    Raises CameraFault when it is larger than a picture may be.
    """
    source: Any = io.BytesIO(coded)  # must outlive the capture: cv2 does not keep it alive
    capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        _check_size(capture)
        decoded, frame = capture.read()
    except cv2.error:
        return None
    finally:
        capture.release()
    pixels = _pixels(frame) if decoded else None
    return None if pixels is None or is_torn(pixels) else pixels


def _keep_memory() -> None:
    """Have glibc keep the megabytes of a frame for the next one, in one heap for all threads.

    Else each frame is mapped anew, and the kernel clears every page of it: that took half of the
    time of a 1080p picture (H.264 19 ms instead of 9, H.265 49 instead of 31, judging it and making
    its stills 17 instead of 8). In a heap for each thread it would be kept once for each camera.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 32 << 20)  # the most that it takes; a frame of 8K is above it
        mallopt(_TRIM_THRESHOLD, 20 << 20)
        mallopt(_ARENA_MAX, 1)


def _open(task: Task, full: bool) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(
        task.url_with_password,
        cv2.CAP_FFMPEG,
        [
            *(() if full else _OPENED_RAW),
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(task.open_timeout * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(task.read_timeout * 1000)),
            *(cv2.CAP_PROP_N_THREADS, 1),
        ],
    )
    if not capture.isOpened():
        capture.release()
        raise CameraFault("unreachable", "aliran video tidak dapat dibuka")
    return capture


def _check_size(capture: cv2.VideoCapture) -> None:
    wide = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    tall = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if wide * tall > LARGEST_PIXELS:
        raise CameraFault("unsupported", f"gambar {wide}x{tall} terlalu besar; pakai sub-stream")


def _bytes(capture: cv2.VideoCapture, flag: int) -> NDArray[np.uint8]:
    """The packet (flag 0), or the parameter sets that the stream began with."""
    found, data = capture.retrieve(flag=flag)
    return np.asarray(data, np.uint8).ravel() if found and data is not None else np.empty(0, "u1")


def _pixels(frame: object) -> Frame | None:
    """`frame` if it is a colour picture of some size, as odd streams do not always give."""
    if not isinstance(frame, np.ndarray) or frame.ndim != 3 or min(frame.shape[:2]) < 2:
        return None
    return np.asarray(frame, np.uint8)


_keep_memory()
