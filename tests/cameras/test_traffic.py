"""Bytes that came from a camera and led to nothing: the kernel knows whose they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from commandcenter.video.traffic import Connection, Unread, carries, received

CAMERA, RECORDER = ("10.0.0.5", 554), ("10.0.0.9", 554)


@pytest.fixture(params=["127.0.0.1", "::1"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Our end of a connection with a camera, and the camera's."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as server:
        ours = socket.create_connection(server.getsockname()[:2])
        camera, _ = server.accept()
        with ours, camera:
            yield ours, camera


def test_the_kernel_counts_what_came_though_nobody_has_read_it(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, camera = ends
    there = Connection(ours.getsockname()[1], camera.getsockname()[:2])
    back = Connection(camera.getsockname()[1], ours.getsockname()[:2])
    assert (received()[there], received()[back]) == (0, 0)
    camera.sendall(b"x" * 5000)
    ours.recv(1, socket.MSG_PEEK)  # it has come
    assert (received()[there], received()[back]) == (5000, 0)
    assert ours.recv(5000, socket.MSG_WAITALL) == b"x" * 5000
    assert received()[there] == 5000


def test_a_stream_comes_by_tcp_if_every_connection_with_its_camera_has_brought_much(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, camera = ends
    there = camera.getsockname()[:2]
    assert not carries(there, 1)
    camera.sendall(b"x" * 5000)
    ours.recv(1, socket.MSG_PEEK)  # it has come
    assert carries(there, 5000)
    assert not carries(there, 5001)
    with socket.create_connection(there):  # say, the one on which a stream by UDP is asked for
        assert not carries(there, 5000)
    assert not carries(("192.0.2.1", 554), 1)


def test_looking_costs_no_descriptor_and_leaves_other_sockets_alone() -> None:
    with socket.socket(socket.AF_UNIX) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        two.bind(("127.0.0.1", 0))
        before = one.fileno(), two.fileno()
        for _ in range(50):
            received()
        with closing(socket.socket()) as next_one:
            assert next_one.fileno() < max(before) + 10
        assert two.getsockname()[0] == "127.0.0.1"


def test_what_came_since_the_last_packet_is_told_of_who_hands_out_none() -> None:
    unread = Unread()
    good, bad = Connection(4000, RECORDER), Connection(4001, CAMERA)
    assert unread.look({"good": (RECORDER, 7), "bad": (CAMERA, 3)}, {good: 500, bad: 900}) == {}
    came = {good: 800, bad: 5 << 20}
    assert unread.look({"good": (RECORDER, 8), "bad": (CAMERA, 3)}, came) == {
        "bad": (5 << 20) - 900
    }
    assert unread.look({"good": (RECORDER, 9), "bad": (CAMERA, 4)}, came) == {}
    came = {good: 900, bad: (5 << 20) + 80_000}  # half of a picture
    assert unread.look({"good": (RECORDER, 9), "bad": (CAMERA, 4)}, came) == {}


def test_at_a_recorder_who_goes_on_or_rests_is_not_taken_for_who_is_stuck() -> None:
    unread = Unread()
    lines = [Connection(port, RECORDER) for port in (4000, 4001)]
    cameras = {"goes-on": (RECORDER, 1), "stuck": (RECORDER, 1), "rests": (None, 1)}
    unread.look(cameras, dict.fromkeys(lines, 100))
    again = Connection(4002, RECORDER)  # one of them has connected anew
    came = {lines[0]: 150, again: 7 << 20}
    assert unread.look(cameras | {"goes-on": (RECORDER, 2)}, came) == {"stuck": 7 << 20}
