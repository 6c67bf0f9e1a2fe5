"""What the kernel has received for each camera: also what FFmpeg reads and never hands out.

A picture that never ends is gathered inside FFmpeg until memory ends; no packet tells of it, but
its connection does: tcpi_bytes_received of `struct tcp_info` in linux/tcp.h (TCP_INFO, tcp(7),
Linux 4.1). Streams over UDP are not seen here.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple, TypeAlias

Peer: TypeAlias = tuple[str, int]
"""A numeric address and a port."""
Progress: TypeAlias = tuple[Peer | None, int]
"""Whom a camera is read from, if it is, and how many packets that has handed out."""
# Before it come 8 fields of 8 bits, 24 of 32, and 3 of 64.
_BYTES_RECEIVED = struct.Struct(f"={8 + 24 * 4 + 3 * 8}xQ")

_PICTURE = 1 << 20  # bytes: less may be a picture that is on its way


class Connection(NamedTuple):
    """One TCP connection of this process."""

    port: int
    """Ours."""
    peer: Peer


class Unread:
    """Of each camera: the bytes that have come since it last handed out a packet, if they are more
    than a usual picture has."""

    def __init__(self) -> None:
        self._marks: dict[str, tuple[Progress | None, Mapping[Connection, int]]] = {}
        """How far each was, and what had come, when it last went on."""

    def look(
        self, cameras: Mapping[str, Progress], came: Mapping[Connection, int]
    ) -> dict[str, int]:
        """How it is now, when so much `came` by every connection. Cameras behind one address and
        port (a recorder) that are silent together all get what the busiest connection brought."""
        before, self._marks = self._marks, {}
        for camera, progress in cameras.items():
            mark = before.get(camera, (None, came))
            self._marks[camera] = mark if mark[0] == progress else (progress, came)
        unread = {c: _most(peer, came, self._marks[c][1]) for c, (peer, _) in cameras.items()}
        return {camera: size for camera, size in unread.items() if size >= _PICTURE}


def _most(
    peer: Peer | None, came: Mapping[Connection, int], before: Mapping[Connection, int]
) -> int:
    """What the busiest connection with `peer` has brought since."""
    return max([0, *(n - before.get(one, 0) for one, n in came.items() if one.peer == peer)])


def received() -> dict[Connection, int]:
    """Bytes that each TCP connection of this process has received since it began. A relay shows
    as what it is: one connection with the camera, others with this machine."""
    return {connection: size for connection, size, _ in _connections()}


def carries(peer: Peer, least: int) -> bool:
    """Whether every connection with `peer` has brought so many bytes: then no stream of it comes by
    UDP, beside a connection on which hardly anything is said."""
    sizes = [size for connection, size in received().items() if connection.peer == peer]
    return min(sizes, default=0) >= least


def cut(connections: Collection[Connection]) -> None:
    """Shut these connections down; whoever reads from one finds that it has ended."""
    for connection, _, one in _connections():
        if connection in connections:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _connections() -> Iterator[tuple[Connection, int, socket.socket]]:
    """Every TCP connection, what it has received, and a copy of its socket."""
    for one in _sockets():
        with suppress(OSError, struct.error):  # it is not TCP, not connected, the kernel is older
            told = one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_RECEIVED.size)
            address, port = one.getpeername()[:2]
            (size,) = _BYTES_RECEIVED.unpack(told)
            yield Connection(one.getsockname()[1], (address, port)), size, one


def _sockets() -> Iterator[socket.socket]:
    """Every open socket of this process, whoever made it: copies, each closed with its turn."""
    if sys.platform != "linux":
        return
    with os.scandir("/proc/self/fd") as entries:
        numbers = [int(entry.name) for entry in entries]
    for number in numbers:
        with suppress(OSError):  # closed meanwhile, by the thread that owns it
            copy = os.dup(number)
            if stat.S_ISSOCK(os.fstat(copy).st_mode):
                with socket.socket(fileno=copy) as one:
                    yield one
            else:
                os.close(copy)
