"""The list of cameras: a row each, and the task that follows from it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from commandcenter.access.roles import ROLES, Role
from commandcenter.hosts import has_zeros_in_front, is_host
from commandcenter.lists import DECISIVE, Listed, read_list
from commandcenter.secret import Secret
from commandcenter.video.masks import read_masks
from commandcenter.video.messages import Polygon, Way

SELDOM = 30.0  # seconds: a stream that is needed so seldom is opened for each picture
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Networks that are nobody else's: RFC 1918, RFC 6598 (carriers), RFC 4193."""


SCHEMES = ("rtsp", "rtsps", "http", "https")


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError: Port out of range 0-65535
    except ValueError as error:
        raise ValueError("must be an address; its port or its brackets are wrong") from error
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("must be an address like rtsp://10.0.0.5/stream or http://…/picture.jpg")
    if "{" not in parts.hostname and not is_host(parts.hostname):
        hint = ", without zeros in front" if has_zeros_in_front(parts.hostname) else ""
        raise ValueError(f"its host must be an IP address or a name{hint}")
    if "@" in parts.netloc:
        raise ValueError("must not carry a password; put it into the columns user and password")
    if parts.fragment or any(not c.isprintable() or c.isspace() for c in url):
        raise ValueError("must not have spaces, control characters or a # in it")
    if set(re.findall(r"\{\w*\}", url)) - {"{user}", "{password}"}:
        raise ValueError("may have {user} and {password} in it, and nothing else in braces")
    return parts.scheme + url[len(parts.scheme) :]  # RTSPS:// is rtsps://, and spoken with TLS


def _roles(text: object) -> object:
    if not isinstance(text, str):
        return text
    names = text.replace(",", " ").split()
    if wrong := [name for name in names if name not in ROLES]:
        raise ValueError(f"there is no role {wrong[0]}; there are {', '.join(ROLES)}")
    return tuple(names)


def _way(text: object) -> object:
    if text not in ("", *get_args(Way)):
        raise ValueError("must be keep, snap, http or empty")
    return text


def _polygons(text: object) -> object:
    return read_masks(text) if isinstance(text, str) else text


def network(text: str) -> str:
    """A CIDR range. Raises ValueError, also where bits behind the prefix are set."""
    return str(ipaddress.ip_network(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraRow:
    """A camera: a row of the list. `password` says where it is: "env:NAME" or "file:path"."""

    id: Annotated[str, Field(pattern=r"^[\w.:-]{1,64}$")]
    name: str
    url: Annotated[str, AfterValidator(_address)]
    owner: str = ""
    user: str = ""
    password: Secret | None = field(default=None, metadata=DECISIVE)
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    behind: str = ""  # id of the network device it hangs on
    office: str = ""  # code of the office it belongs to
    link: str = ""  # name of the link with a budget that it hangs on
    mask: Annotated[tuple[Polygon, ...], BeforeValidator(_polygons)] = field(
        default=(), metadata=DECISIVE
    )
    seen_by: Annotated[tuple[Role, ...], BeforeValidator(_roles)] = field(
        default=(), metadata=DECISIVE
    )
    way: Annotated[Way | str, BeforeValidator(_way)] = ""
    every: Annotated[float, Field(ge=0.2)] | None = None

    def way_at(self, every: float) -> Way:
        """How it is read when a picture is wanted each `every` seconds: as its row says, or as
        suits its address, its interval and its link."""
        if urlsplit(self.url).scheme in ("http", "https"):
            return "http"
        if self.link or self.way == "snap":  # one open stream would starve the others of its link
            return "snap"
        return "keep" if self.way == "keep" or every < SELDOM else "snap"


def read_roster(path: Path, links: Mapping[str, int]) -> Listed[CameraRow]:
    """The list of cameras. A row that names a link without a budget cannot be used: its camera
    could take what others need."""
    listed = read_list(path, CameraRow)
    listed.leave_out_repeated("id")
    known = ", ".join(links) or "tidak ada"
    for number, row in list(listed.rows.items()):
        if row.link and row.link not in links:
            listed.leave_out(number, "link", f"{row.link} tidak ada di links; yang ada: {known}")
        elif row.way and row.way != row.way_at(0):
            listed.remark(number, "way", f"{row.way} tidak cocok dengan alamat atau link-nya")
    return listed
