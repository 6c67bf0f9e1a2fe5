"""Others who make a still of every camera each five seconds, in processes of their own.

`python -m benchmarks.cameras.rivals pyav|cv2 SECONDS FOLDER URL …` is one of them.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.cameras.pinned import OURS, Meter, started

WIDTH = 640
FFMPEG, PYAV, EVERY_FRAME = "ffmpeg -skip_frame nokey", "PyAV, keyframes", "cv2, every frame"


def available(name: str) -> bool:
    """Whether this machine has it."""
    return name != FFMPEG or shutil.which("ffmpeg") is not None


@contextmanager
def rival(name: str, urls: Sequence[str], every: float, folder: Path) -> Iterator[Meter]:
    """One of them at work; its pictures come into the folder."""
    with ExitStack() as stack:
        commands = _commands(name, urls, every, folder)
        pids = [stack.enter_context(started(command, OURS)).pid for command in commands]
        yield Meter(pids)


def _commands(name: str, urls: Sequence[str], every: float, folder: Path) -> list[list[str]]:
    if name == FFMPEG:
        return [_ffmpeg(url, every, folder / f"{n}.jpg") for n, url in enumerate(urls)]
    way = {PYAV: "pyav", EVERY_FRAME: "cv2"}[name]
    module = [sys.executable, "-m", "benchmarks.cameras.rivals"]
    return [[*module, way, str(every), str(folder), *urls]]


def _ffmpeg(url: str, every: float, jpeg: Path) -> list[str]:
    told = ["ffmpeg", "-v", "error", "-nostdin", "-threads", "1", "-rtsp_transport", "tcp"]
    told += ["-skip_frame", "nokey", "-i", url, "-vf", f"fps=1/{every:g},scale={WIDTH}:-1"]
    return [*told, "-threads", "1", "-q:v", "5", "-f", "image2", "-update", "1", str(jpeg)]


def main() -> None:
    """Follow all cameras, a thread each, for ever."""
    way, every, folder, *urls = sys.argv[1:]
    follow: Callable[[str, float, Path], None] = {"pyav": _pyav, "cv2": _cv2}[way]
    for number, url in enumerate(urls):
        told = (url, float(every), Path(folder) / f"{number}.jpg")
        threading.Thread(target=follow, args=told, daemon=True).start()
    threading.Event().wait()


def _pyav(url: str, every: float, jpeg: Path) -> None:
    import av

    due = 0.0
    with av.open(url, options={"rtsp_transport": "tcp"}) as stream:
        video = stream.streams.video[0]
        video.codec_context.skip_frame = "NONKEY"
        video.codec_context.thread_count = 1
        for frame in stream.decode(video):
            if time.monotonic() >= due:
                due = time.monotonic() + every * 0.8
                _write(frame.to_ndarray(format="bgr24"), jpeg)


def _cv2(url: str, every: float, jpeg: Path) -> None:
    import cv2

    due = 0.0
    stream = cv2.VideoCapture(url, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    while True:
        came, frame = stream.read()
        if came and time.monotonic() >= due:
            due = time.monotonic() + every
            _write(frame, jpeg)


def _write(frame: object, jpeg: Path) -> None:
    import cv2
    import numpy as np

    pixels = np.asarray(frame)
    tall, wide = pixels.shape[:2]
    small = cv2.resize(pixels, (WIDTH, tall * WIDTH // wide), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(jpeg), small, [cv2.IMWRITE_JPEG_QUALITY, 75])


if __name__ == "__main__":
    main()
