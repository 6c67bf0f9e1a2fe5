"""Read a stream with cv2, keyframes only, and make stills of frames.

Runs in worker processes only, each method in the thread that owns the camera: releasing a capture
from another thread ends the process with a segmentation fault.
"""

from __future__ import annotations

import os
import time

os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg may print an address
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(1 << 26)  # a JPEG of 1 MB can ask for 12 GB
# Opens of several threads would wait for each other: four dead cameras delayed a good one by 12 s.
os.environ["OPENCV_FFMPEG_IS_THREAD_SAFE"] = "1"
os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(
    (
        "rtsp_transport;tcp",
        "avdiscard;nonkey",  # a tenth of the CPU time of decoding every frame
        "fflags;nobuffer",  # else the first pictures are old ones
        "flags;low_delay",
        "fpsprobesize;0",  # do not wait for frames to count: 2.4 s instead of 6.5 s to the first
        "analyzeduration;2000000",
    )
)

import cv2
import numpy as np
from numpy.typing import NDArray

from commandcenter.video.messages import CameraFault, Task
from commandcenter.video.stillness import LOOK

Frame = NDArray[np.uint8]
cv2.setNumThreads(1)


class Stream:
    """An open RTSP stream."""

    def __init__(self, task: Task) -> None:
        self._timeout = task.read_timeout
        self._capture = cv2.VideoCapture(
            task.url_with_password,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(task.open_timeout * 1000)),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(task.read_timeout * 1000)),
                *(cv2.CAP_PROP_N_THREADS, 1),
            ],
        )
        if not self._capture.isOpened():
            self.close()
            raise CameraFault("unreachable", "aliran video tidak dapat dibuka")

    def wait(self) -> None:
        """Wait for the next keyframe. Raises CameraFault when the stream has ended.

        After a time-out cv2 hands out frames that lay in its buffers, as if they were new, so
        how long it took is what tells.
        """
        began = time.monotonic()
        arrived = self._capture.grab()
        if time.monotonic() - began >= self._timeout:
            raise CameraFault("unreachable", f"tidak ada gambar dalam {self._timeout:.0f} detik")
        if not arrived:
            raise CameraFault("unreachable", "aliran video terputus")

    def frame(self) -> Frame | None:
        """The keyframe that arrived last, or None if it cannot be shown."""
        decoded, frame = self._capture.retrieve()
        return _pixels(frame) if decoded else None

    def close(self) -> None:
        """Let go of the camera."""
        self._capture.release()


def decode(jpeg: bytes) -> Frame | None:
    """The pixels of a JPEG, or None if it is broken."""
    try:
        return _pixels(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR))
    except cv2.error:  # larger than it may be
        return None


def thumbnail(frame: Frame) -> Frame:
    """The small grey look of a frame by which stillness is judged."""
    small = cv2.resize(frame, LOOK, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def still(frame: Frame, width: int, quality: int) -> tuple[bytes, int, int]:
    """The frame as a JPEG no wider than `width`, with its width and height in pixels."""
    tall, wide = frame.shape[:2]
    if wide > width:
        size = (width, max(1, round(tall * width / wide)))
        frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    made, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not made:
        raise CameraFault("unsupported", "gambar tidak dapat disimpan sebagai JPEG")
    return jpeg.tobytes(), frame.shape[1], frame.shape[0]


def _pixels(frame: object) -> Frame | None:
    """`frame` if it is a colour picture of some size, as odd streams do not always give."""
    if not isinstance(frame, np.ndarray) or frame.ndim != 3 or min(frame.shape[:2]) < 2:
        return None
    return np.asarray(frame, np.uint8)
