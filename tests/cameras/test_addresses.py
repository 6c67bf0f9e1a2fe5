"""Where cameras may be: what is listed, whatever name it hides behind, and never this machine
unless it is meant."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from commandcenter.video import addresses
from commandcenter.video.addresses import is_allowed, own_addresses, resolve
from commandcenter.video.messages import CameraFault

PRIVATE = ("10.0.0.0/8", "192.168.0.0/16", "fc00::/7")
EVERYTHING = ("0.0.0.0/0", "::/0")


async def state_of(url: str, *networks: str, own: tuple[str, ...] = ()) -> str:
    """The state of a camera at this address: "" when it may be asked."""
    try:
        await resolve(url, networks, own)
    except CameraFault as fault:
        return fault.state
    return ""


def names(monkeypatch: pytest.MonkeyPatch, **known: tuple[str, ...]) -> None:
    """A resolver that knows these names (`kamera` is asked for as kamera)."""

    def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[object]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://127.0.0.1:6379/",
        "rtsp://127.1/",
        "rtsp://2130706433/",
        "rtsp://0x7f.1/",
        "rtsp://0.0.0.0/",
        "rtsp://[::1]/",
        "rtsp://[::]/",
        "rtsp://[::ffff:127.0.0.1]/",
        "rtsp://[::127.0.0.1]/",
        "rtsp://[64:ff9b::7f00:1]/",
        "rtsp://localhost/",
        "http://169.254.169.254/latest/meta-data",
        "rtsp://[fe80::1]/",
        "rtsp://224.0.0.1/",
        "rtsp://[ff02::1]/",
        "rtsp://255.255.255.255/",
    ],
)
async def test_a_wide_range_means_neither_this_machine_nor_what_is_special(url: str) -> None:
    assert await state_of(url, *EVERYTHING) == "forbidden"


@pytest.mark.asvs("1.3.6")
async def test_only_listed_networks_are_allowed() -> None:
    assert await state_of("rtsp://10.9.8.7/ch1", *PRIVATE) == ""
    assert await state_of("rtsp://[fd00::7]/ch1", *PRIVATE) == ""
    assert await state_of("rtsp://8.8.8.8/ch1", *PRIVATE) == "forbidden"
    assert await state_of("rtsp://[::ffff:8.8.8.8]/ch1", *PRIVATE) == "forbidden"
    assert await state_of("rtsp://[::ffff:10.0.0.1]/ch1", *PRIVATE) == ""
    assert await state_of("rtsp://10.9.8.7/ch1") == "forbidden"


async def test_loopback_is_allowed_when_it_is_meant() -> None:
    assert await state_of("rtsp://127.0.0.1:8554/x", "127.0.0.0/8") == ""
    assert await state_of("rtsp://127.0.0.1:8554/x", "127.0.0.1/32") == ""
    assert await state_of("rtsp://127.0.0.1:8554/x", "127.0.0.9/32") == "forbidden"
    assert await state_of("rtsp://[::1]:8554/x", "::1/128") == ""
    assert await state_of("rtsp://[fe80::1%eth0]/x", "fe80::1/128") == ""


async def test_this_machines_own_addresses_must_be_named_one_by_one() -> None:
    own = ("10.0.0.2", "fd00::2", "fe80::2%eth0")
    assert await state_of("rtsp://10.0.0.2/x", *PRIVATE, own=own) == "forbidden"
    assert await state_of("rtsp://[::ffff:10.0.0.2]/x", *PRIVATE, own=own) == "forbidden"
    assert await state_of("rtsp://10.0.0.2/x", *PRIVATE, "10.0.0.2/32", own=own) == ""
    assert await state_of("rtsp://10.0.0.3/x", *PRIVATE, own=own) == ""


def test_the_own_addresses_are_those_of_the_interfaces() -> None:
    own = own_addresses()
    assert "127.0.0.1" in own
    everything = [ipaddress.ip_network(network) for network in EVERYTHING]
    assert not any(is_allowed(one, everything, own) for one in own)


@pytest.mark.asvs("1.3.6")
async def test_a_name_with_two_addresses_is_refused_when_one_of_them_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, good=("10.0.0.5", "10.0.0.6"), half=("10.0.0.5", "127.0.0.1"))
    assert await state_of("rtsp://half/x", *PRIVATE) == "forbidden"
    found = await resolve("rtsp://good:8554/x?channel=1", PRIVATE, ())
    assert found.url == "rtsp://10.0.0.5:8554/x?channel=1"  # nobody is asked a second time
    assert (found.host, found.address, found.port) == ("good", "10.0.0.5", 8554)


async def test_a_name_that_nobody_knows_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch)
    with pytest.raises(CameraFault, match="tidak dikenal") as told:
        await resolve("rtsp://kamera.invalid/", PRIVATE, ())
    assert told.value.state == "unreachable"
    assert await state_of(f"rtsp://{'x' * 300}.id/", *PRIVATE) == "unreachable"


async def test_a_resolver_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    async def silence(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silence, raising=False)
    monkeypatch.setattr(addresses, "_LONGEST_LOOKUP", 0.05)
    with pytest.raises(CameraFault, match="DNS"):
        await resolve("rtsp://kamera.example/", PRIVATE, ())


@pytest.mark.parametrize("url", ["", "rtsp:///x", "gopher://10.0.0.1/", "rtsp://10.0.0.1:99999/"])
async def test_what_is_no_address_is_told(url: str) -> None:
    assert await state_of(url, *PRIVATE) == "unreachable"


async def test_ports_that_are_not_named_are_those_of_the_protocol() -> None:
    ports = [
        (await resolve(f"{scheme}://10.0.0.1/x", PRIVATE, ())).port
        for scheme in ("rtsp", "http", "https")
    ]
    assert ports == [554, 80, 443]
