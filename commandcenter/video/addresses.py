"""Where a camera's address leads to, and whether that is allowed.

Whoever keeps the list of cameras could otherwise have this machine knock at any door that it
reaches: its own Redis, a cloud's metadata service, the router's pages.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit, urlunsplit

import psutil

from commandcenter.video.messages import CameraFault

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
_LONGEST_LOOKUP = 5.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """An address that was checked. `url` has the numeric address instead of the name, so that
    nobody can answer differently a moment later."""

    url: str
    host: str
    """As it was written: for TLS and for the header Host."""
    address: str
    port: int

    @property
    def peer(self) -> tuple[str, int]:
        """The address and port that a connection with it has on its other side."""
        return self.address, self.port


async def resolve(url: str, networks: Sequence[str], own: Collection[str]) -> Resolved:
    """Look up whom `url` means, and check every address of it.

    `networks` are the CIDR ranges that are allowed, `own` this machine's addresses. Raises
    CameraFault: forbidden, or unreachable when the name is unknown.
    """
    parts, host, port = _read(url)
    found = await _look_up(host, port)
    allowed = [ipaddress.ip_network(network) for network in networks]
    for one in found:
        if not is_allowed(one, allowed, own):
            why = f"alamatnya di luar jaringan kamera yang diizinkan: {one}"
            raise CameraFault("forbidden", why)
    netloc = f"[{found[0]}]" if ":" in found[0] else found[0]
    netloc += f":{parts.port}" if parts.port is not None else ""
    pinned = urlunsplit(parts._replace(netloc=netloc))
    return Resolved(url=pinned, host=host, address=found[0], port=port)


def is_allowed(text: str, networks: Sequence[Network], own: Collection[str]) -> bool:
    """Whether a numeric address lies in `networks`. What is special (this machine, link-local,
    multicast, reserved) must be meant: by a network of loopback, or by an entry for that host
    alone. A wide range like 0.0.0.0/0 does not mean it."""
    address = _judged(text)
    holding = [network for network in networks if address in network]
    if _is_special(address) or str(address) in {str(_judged(one)) for one in own}:
        return any(network.num_addresses == 1 or _is_loopback(network) for network in holding)
    return bool(holding)


def own_addresses() -> frozenset[str]:
    """The addresses of this machine's network interfaces."""
    return frozenset(
        told.address
        for interface in psutil.net_if_addrs().values()
        for told in interface
        if told.family in (socket.AF_INET, socket.AF_INET6)
    )


def _read(url: str) -> tuple[SplitResult, str, int]:
    """The parts, host and port of an address. Raises CameraFault."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise CameraFault("unreachable", "alamat kamera tidak dapat dibaca") from error
    if not parts.hostname:
        raise CameraFault("unreachable", "alamat kamera tidak menyebut nama mesin")
    return parts, parts.hostname, port


async def _look_up(host: str, port: int) -> list[str]:
    """Every address of a host, the best first. Raises CameraFault when there is none."""
    try:
        return [str(ipaddress.ip_address(host))]  # needs no resolver, and no thread for it
    except ValueError:
        pass
    ask = asyncio.get_running_loop().getaddrinfo
    try:
        async with asyncio.timeout(_LONGEST_LOOKUP):
            told = await ask(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise CameraFault("unreachable", "server nama (DNS) tidak menjawab") from error
    except (OSError, UnicodeError) as error:  # IDNA refuses names that are too long
        raise CameraFault("unreachable", "nama kamera tidak dikenal jaringan") from error
    return list(dict.fromkeys(str(one[4][0]) for one in told))


def _judged(text: str) -> Address:
    """The address that is meant: without its zone, and IPv4 where IPv6 only wraps it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _is_special(address: Address) -> bool:
    return (
        address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or address in IPv4Network("0.0.0.0/8")
    )


def _is_loopback(network: Network) -> bool:
    return any(
        network.version == whole.version and network.subnet_of(whole)  # type: ignore[arg-type]
        for whole in _LOOPBACK
    )
