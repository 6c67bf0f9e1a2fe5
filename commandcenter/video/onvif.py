"""Find cameras by ONVIF, and draft their list.

WS-Discovery 1.1 asks the network (OASIS wsdd-discovery-1.1, sections 5.2 and 5.3; ONVIF Core
Specification, section 7); GetProfiles, GetStreamUri and GetSnapshotUri (ONVIF Media Service
Specification, sections 5.2 and 5.15) ask each camera. Two libraries speak them, which are imported
here alone and only when somebody asks: they take seconds to load.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from commandcenter.language import Language
from commandcenter.video.addresses import Resolved, own_addresses, resolve
from commandcenter.video.advice import sub_stream
from commandcenter.video.messages import CameraFault

COLUMNS = (
    "id", "name", "url", "owner", "user", "password", "latitude", "longitude", "office", "behind",
    "link", "mask", "seen_by", "way", "every", "snapshot", "model",
)  # fmt: skip
"""Of the draft: those of the list, and two that are only notes beside it."""
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_TYPE = ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter")
_SCOPE = "onvif://www.onvif.org/"
_LONGEST = 20.0  # seconds for the answers of one camera
_AT_ONCE = 8
_ENOUGH = 640  # pixels: the narrowest profile that is still wide enough for a wall
_CODECS = ("H264", "H265")


@dataclass(frozen=True, slots=True)
class Login:
    """With what cameras are asked, and how the draft says where the password is."""

    user: str = ""
    password: str = field(default="", repr=False)
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One of a camera's streams, as it tells. Sizes in pixels."""

    token: str
    source: str
    """The lens, or the channel of a recorder, whose picture it is."""
    codec: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A stream that is worth a row of the list."""

    profile: Profile
    url: str
    snapshot: str = ""


@dataclass(kw_only=True)
class Found:
    """A device that answered: a camera, or a recorder with several."""

    where: str
    """The address of its ONVIF service."""
    name: str = ""
    model: str = ""
    views: list[View] = field(default_factory=list)
    wrong: str = ""
    """Why nothing more is known of it."""

    def told(self, say: Language) -> list[str]:
        """A line for each of its streams."""
        if self.wrong or not self.views:
            return [self.wrong or say("it names no stream of H.264 or H.265")]
        return [
            f"{self.name or self.model} · {view.profile.codec} "
            f"{view.profile.width} × {view.profile.height} · {view.url}"
            for view in self.views
        ]


async def discover(login: Login, networks: Sequence[str], timeout: float) -> list[Found]:
    """Ask the network for `timeout` seconds, and each camera that answers for its streams. Who
    answers from outside of `networks` is told, and not asked."""
    answered = await asyncio.to_thread(_search, timeout)
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(found: Found) -> Found:
        async with turns:
            await ask(found, login, networks)
        return found

    return await asyncio.gather(*(one(found) for found in answered))


async def ask(found: Found, login: Login, networks: Sequence[str]) -> None:
    """Ask a camera for its streams, and note what it says. It is asked for nothing at another
    address than its own, wherever it says that its services are."""
    try:
        async with asyncio.timeout(_LONGEST):
            where = await resolve(found.where, networks, own_addresses())
            async with _camera(where) as camera:
                await _ask(camera, found, login, networks)
    except TimeoutError:
        found.wrong = f"tidak menjawab dalam {_LONGEST:.0f} detik"
    except CameraFault as fault:
        found.wrong = fault.detail
    except _errors() as error:
        refused = "auth" in str(error).lower() or "sender" in str(error).lower()
        found.wrong = "kata sandi ditolak kamera" if refused else "jawabannya bukan ONVIF"


def choose(profiles: Iterable[Profile]) -> list[Profile]:
    """The sub-stream of each source: the smallest that is at least 640 pixels wide, else the
    largest."""
    sources: dict[str, list[Profile]] = {}
    for profile in profiles:
        if profile.codec in _CODECS:
            sources.setdefault(profile.source, []).append(profile)
    return [_sub_stream(fit) for fit in sources.values()]


def draft(found: Iterable[Found], known: Iterable[str], login: Login) -> list[dict[str, str]]:
    """A row for every stream that is not `known`, nor the sub-stream of one that is."""
    there = {_key(url) for one in known for url in (one, sub_stream(one)) if url}
    rows: dict[str, dict[str, str]] = {}
    for one in found:
        for number, view in enumerate(one.views, start=1):
            if _key(view.url) in there:
                continue
            there.add(_key(view.url))
            row = _row(one, view, login, number if len(one.views) > 1 else 0)
            name = row["id"] if row["id"] not in rows else f"{row['id']}-{len(rows)}"
            rows[name] = row | {"id": name}
    return list(rows.values())


def as_csv(rows: Iterable[dict[str, str]]) -> str:
    """The draft, as a list of cameras."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# --- WS-Discovery ---------------------------------------------------------------------------------


def _search(timeout: float) -> list[Found]:
    """Who answers within so many seconds. Blocks."""
    from wsdiscovery import QName
    from wsdiscovery.discovery import ThreadedWSDiscovery

    daemon = ThreadedWSDiscovery()
    daemon.start()
    try:
        services = daemon.searchServices(types=[QName(*_TYPE)], timeout=timeout)
        return [found for one in services if (found := _answer(one)) is not None]
    finally:
        daemon.stop()


def _answer(service: Any) -> Found | None:
    """What a service that answered says of itself; None where it is nobody we could ask."""
    where = next((one for one in service.getXAddrs() or () if one.startswith("http")), "")
    scopes = dict[str, str]()
    for scope in service.getScopes():
        text = unquote(str(scope.getValue()))
        if text.startswith(_SCOPE):
            kind, _, value = text.removeprefix(_SCOPE).partition("/")
            scopes.setdefault(kind, _clean(value))
    if not where:
        return None
    return Found(where=where, name=scopes.get("name", ""), model=scopes.get("hardware", ""))


def _clean(text: str) -> str:
    """Printable, and nothing that a spreadsheet would calculate."""
    return "".join(c for c in text if c.isprintable()).strip().lstrip("=+-@")[:80]


# --- one camera -----------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _camera(where: Resolved) -> AsyncIterator[Any]:
    from onvif import ONVIFCamera

    told: dict[str, Any] = {"no_cache": True, "nat_override": True}
    camera = ONVIFCamera(where.address, where.port, None, None, **told)
    try:
        yield camera
    finally:
        await camera.close()


async def _ask(camera: Any, found: Found, login: Login, networks: Sequence[str]) -> None:
    """What may be asked without a password is; so a wrong one is offered once."""
    await _introduce(camera)
    camera.user, camera.passwd = login.user, login.password
    media, mode = await camera.create_media_service(), "" if login.user else "authless_"

    async def uri(method: str, asked: dict[str, Any]) -> str:
        return _plain((await getattr(media, mode + method)(asked)).Uri)

    told = await getattr(media, f"{mode}GetProfiles")()
    for profile in choose(map(_profile, told)):
        token = {"ProfileToken": profile.token}
        setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
        url = await uri("GetStreamUri", token | {"StreamSetup": setup})
        await resolve(url, networks, own_addresses())
        snapshot = ""
        with contextlib.suppress(*_errors()):  # not every camera has one
            snapshot = await uri("GetSnapshotUri", token)
        found.views.append(View(profile=profile, url=url, snapshot=snapshot))


async def _introduce(camera: Any) -> None:
    """Learn where its media service is, and what its clock says: a password's digest is made of
    the time, too. Both may be asked by anybody (ONVIF Core Specification, section 5.9.4.3)."""
    device = await camera.create_devicemgmt_service()
    with contextlib.suppress(*_errors()):
        told = (await device.authless_GetSystemDateAndTime()).UTCDateTime
        date, time = told.Date, told.Time
        at = datetime(date.Year, date.Month, date.Day, time.Hour, time.Minute, time.Second)  # noqa: DTZ001
        camera.dt_diff = at.replace(tzinfo=UTC) - datetime.now(UTC)
    address = f"http://{camera.host}/onvif/media_service"  # what most have
    with contextlib.suppress(*_errors()):
        services = await device.authless_GetServices({"IncludeCapability": False})
        address = next((one.XAddr for one in services if one.Namespace == _MEDIA), address)
    camera.xaddrs[_MEDIA] = camera.rewrite_url(address)


def _errors() -> tuple[type[Exception], ...]:
    """What the libraries raise at strange answers."""
    from onvif import ONVIFError
    from zeep.exceptions import Error

    return (ONVIFError, Error, OSError, ValueError, TypeError, AttributeError)


def _sub_stream(profiles: Sequence[Profile]) -> Profile:
    enough = [profile for profile in profiles if profile.width >= _ENOUGH]
    if enough:
        return min(enough, key=lambda profile: profile.width * profile.height)
    return max(profiles, key=lambda profile: profile.width * profile.height)


def _profile(told: Any) -> Profile:
    encoder, source = told.VideoEncoderConfiguration, told.VideoSourceConfiguration
    size = encoder.Resolution if encoder is not None else None
    return Profile(
        token=str(told.token),
        source=str(source.SourceToken) if source is not None else "",
        codec=str(encoder.Encoding) if encoder is not None else "",
        width=int(size.Width) if size is not None else 0,
        height=int(size.Height) if size is not None else 0,
    )


def _plain(url: str) -> str:
    """Without user and password, which some cameras put into it."""
    parts = urlsplit(_clean_url(url))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _clean_url(url: str) -> str:
    return "".join(c for c in url if c.isprintable() and not c.isspace())


# --- the draft ------------------------------------------------------------------------------------


def _row(found: Found, view: View, login: Login, number: int) -> dict[str, str]:
    """`number`: which of its device's streams, 0 where there is but one."""
    host = urlsplit(view.url).hostname or "kamera"
    name = "cam-" + "".join(c if c.isalnum() else "-" for c in host).strip("-")
    return {
        "id": f"{name}-{number}" if number else name,
        "name": f"{found.name or found.model or host} {number or ''}".strip(),
        "url": view.url,
        "user": login.user,
        "password": f"env:{login.environment}" if login.environment else "",
        "snapshot": view.snapshot,
        "model": found.model,
    }


def _key(url: str) -> tuple[str, int, str]:
    """By what two addresses are the same camera's: a main and a sub-stream are not the same."""
    parts = urlsplit(url)
    return (parts.hostname or "", parts.port or 554, f"{parts.path}?{parts.query}".rstrip("?"))
