"""The cameras' side: GStreamer's RTSP server with films, and the strange camera."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cameras.films import FOLDER, Quality
from benchmarks.cameras.pinned import THEIRS, on, started
from tests.cameras.strange_camera import StrangeCamera

_SERVER = Path(__file__).parents[2] / "tests" / "cameras" / "rtsp_server.py"


@dataclass(frozen=True, slots=True)
class Studio:
    """A running server."""

    port: int

    def urls(self, quality: Quality, count: int) -> dict[str, str]:
        """So many cameras, half of them H.264, half H.265."""
        base = f"rtsp://127.0.0.1:{self.port}"
        return {f"cam{n}": f"{base}/{quality.path(n)}" for n in range(count)}


@contextmanager
def studio(port: int = 0) -> Iterator[Studio]:
    """A server of the films that have been made."""
    port = port or _free_port()
    command = ["/usr/bin/python3", str(_SERVER), str(port), "--folder", str(FOLDER)]
    with started(command, THEIRS, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("GStreamer's RTSP server does not start: setup/packages.sh bench")
        yield Studio(port)


@contextmanager
def strange(*films: str) -> Iterator[StrangeCamera]:
    """The camera that misbehaves; with films that it makes before it is asked."""
    with on(THEIRS):
        camera = StrangeCamera(*films)
    try:
        yield camera
    finally:
        camera.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
