"""Whoever is led out of the cameras' networks is stopped there."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from commandcenter.video.fence import Fence
from commandcenter.video.messages import Report, Task
from commandcenter.video.traffic import Connection, cut, received
from commandcenter.video.watch import Watch
from tests.cameras.conftest import Room
from tests.cameras.strange_camera import StrangeCamera
from tests.conftest import wait_until

LAN = {"10.0.0.0/8", "fd00::/8"}


@pytest.mark.parametrize("address", ["10.1.2.3", "fd00::7"])
def test_a_connection_inside_of_the_networks_stays(address: str) -> None:
    assert Fence().strays(LAN, [Connection(4000, (address, 554))]) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "192.168.1.1"])
def test_one_that_leads_elsewhere_is_found(address: str) -> None:
    stray = Connection(4001, (address, 6379))
    assert Fence().strays(LAN, [Connection(4000, ("10.1.2.3", 554)), stray]) == [stray]


def test_a_relay_whose_both_ends_are_ours_is_none() -> None:
    relay = [Connection(4000, ("127.0.0.1", 5000)), Connection(5000, ("127.0.0.1", 4000))]
    assert Fence().strays(LAN, relay) == []


def test_what_is_allowed_later_is_no_stray_any_more() -> None:
    fence, one = Fence(), Connection(4000, ("192.168.1.1", 554))
    assert fence.strays(LAN, [one]) == [one]
    assert fence.strays({*LAN, "192.168.0.0/16"}, [one]) == []


def test_a_connection_that_is_cut_has_ended_for_who_reads_from_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        pipes = socket.socketpair()  # a worker's stdin is one, too
        with closing(ours), closing(theirs), closing(pipes[0]), closing(pipes[1]):
            (one,) = [c for c in received() if c.peer == server.getsockname()]
            cut([one])
            assert ours.recv(1) == b""
            assert theirs.recv(1) == b""


async def test_a_redirect_that_only_the_player_is_told_leads_to_no_picture(
    room: Room, strange: StrangeCamera
) -> None:
    room.watch(f"sly,X,{strange.rtsp('sly')},,", networks=("127.0.0.1/32",))
    await room.until(lambda: room.state("sly") in ("forbidden", "unreachable"), "it is told as bad")
    assert strange.counted("healthy-elsewhere")["DESCRIBE"] >= 1  # it was led there
    assert room.count("sly") == 0


@pytest.mark.asvs("1.3.6")
async def test_at_the_address_of_a_good_camera_it_is_cut_and_costs_that_one_nothing(
    room: Room, strange: StrangeCamera
) -> None:
    rows = [f"{name},X,{strange.rtsp(name)},," for name in ("healthy-beside", "sly-beside")]
    feed = room.watch(*rows, networks=("127.0.0.1/32",))
    await room.until(lambda: room.count("healthy-beside") > 0, "the good one is live")
    await room.until(lambda: room.state("sly-beside") == "unsupported", "it tells where it leads")
    seen = room.count("sly-beside")
    assert seen <= 4  # of half a second, at 0.4 s
    before = room.count("healthy-beside")
    await room.until(lambda: room.count("healthy-beside") > before + 25, "ten seconds go by")
    assert room.count("sly-beside") == seen
    assert feed._supervisor is not None
    assert [worker.restarts for worker in feed._supervisor.view()] == [0]


def test_the_reason_is_told(strange: StrangeCamera) -> None:
    told: list[Report] = []
    networks = ("127.0.0.1/32",)
    watch = Watch(Task(camera="a", url=strange.rtsp("sly-too"), networks=networks), told.append)
    watch.start()
    try:
        wait_until(lambda: any(report.state is not None for report in told), "it has a state")
    finally:
        watch.stop.set()
        watch.thread.join(10)
    (state,) = [(report.state, report.detail) for report in told if report.state is not None]
    assert state == ("forbidden", "kamera mengalihkan ke luar jaringan yang diizinkan")
