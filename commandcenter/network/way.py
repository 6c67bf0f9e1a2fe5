"""The way out of this machine: when it is broken, silence says nothing of any device."""

from __future__ import annotations

import errno
import socket
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

_PORT = 9  # discard; nothing is sent to it
_NO_ROUTE = (
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EHOSTUNREACH,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EINVAL,  # what Linux says of a black hole
)
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_UP, _BY_GATEWAY, _REJECT = 0x1, 0x2, 0x200  # flags of a route, linux/route.h
_RESOLVED = 0x2  # flag of a neighbour whose hardware address is known, linux/if_arp.h

NO_ROUTE = "komputer ini tidak punya rute ke sana; periksa kabel, alamat dan gateway-nya"
NO_CABLE = "kabel jaringan komputer ini ({device}) tidak tersambung"
NO_GATEWAY = "gateway komputer ini ({gateway}) tidak menjawab; periksa kabel dan gateway itu"
EXHAUSTED = "komputer ini kehabisan soket; naikkan batas berkas terbuka (LimitNOFILE)"


class NotSent(Exception):
    """Nothing left this machine. The text says why."""


def exhausted(error: BaseException) -> bool:
    """The error says that this machine has no socket left."""
    return isinstance(error, OSError) and error.errno in _EXHAUSTED


def blocked(address: str, root: Path = Path("/")) -> str:
    """Why nothing gets from this machine to an IP address; "" when nothing is known against it.

    The kernel is asked and nothing is sent: for a route, for the cable at its device, and whether
    its gateway answered when its hardware address was asked for (IPv4, Linux).
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, _PORT))
    except OSError as error:
        if exhausted(error):
            return EXHAUSTED
        return NO_ROUTE if error.errno in _NO_ROUTE else ""
    route = _route(address, root) if family == socket.AF_INET else None
    if route is None:
        return ""
    if _lines(root / "sys/class/net" / route.device / "carrier") == ["0"]:
        return NO_CABLE.format(device=route.device)
    if route.gateway and _unresolved(route, root):
        return NO_GATEWAY.format(gateway=route.gateway)
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    device: str
    gateway: str  # empty: straight to the host
    mask: int
    metric: int


def _route(address: str, root: Path) -> _Route | None:
    """The way that the kernel takes, by its main table; None when that says nothing."""
    wanted = int(IPv4Address(address))
    found = []
    for line in _lines(root / "proc/net/route")[1:]:
        device, target, gateway, flags, _, _, metric, mask, *_ = line.split()
        here = int(flags, 16) & (_UP | _REJECT) == _UP
        if here and wanted & _number(mask) == _number(target):
            by = str(IPv4Address(_number(gateway))) if int(flags, 16) & _BY_GATEWAY else ""
            found.append(_Route(device=device, gateway=by, mask=_number(mask), metric=int(metric)))
    return max(found, key=lambda route: (route.mask, -route.metric), default=None)


def _unresolved(route: _Route, root: Path) -> bool:
    """The gateway was asked for its hardware address and did not answer."""
    rows = (line.split() for line in _lines(root / "proc/net/arp")[1:])
    flags = [int(r[2], 16) for r in rows if (r[0], r[-1]) == (route.gateway, route.device)]
    return bool(flags) and not any(flag & _RESOLVED for flag in flags)


def _number(told: str) -> int:
    """An address as the kernel writes it: hexadecimal, in the order of this machine."""
    return int.from_bytes(bytes.fromhex(told), sys.byteorder)


def _lines(path: Path) -> list[str]:
    """Nothing where there is no such file: a device without a carrier, another system."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
