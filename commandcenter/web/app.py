"""The web process as one ASGI application: guard, static files, pages, live, snapshots, health."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from dash import Dash
from dash.backends._fastapi import get_current_request
from dash.exceptions import DependencyException
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from commandcenter.access.sees import Offices
from commandcenter.board import Board
from commandcenter.bus import Bus, Pictures
from commandcenter.config import Config
from commandcenter.language import LANGUAGES, Language
from commandcenter.panel import Panel
from commandcenter.records.database import Records
from commandcenter.web.admin import Admin
from commandcenter.web.api.service import Api
from commandcenter.web.console import Console
from commandcenter.web.displays import Displays
from commandcenter.web.floods import Floods
from commandcenter.web.front_door import FrontDoor
from commandcenter.web.guard import Guard, Rules
from commandcenter.web.health import Health
from commandcenter.web.hub import Hub
from commandcenter.web.live import Spot, Whereabouts, live_endpoint
from commandcenter.web.pages import Page, connect_pages, index, pages_of, place_of
from commandcenter.web.pairing import Pairing, WallDoor
from commandcenter.web.paper import Paper
from commandcenter.web.presence import Presence
from commandcenter.web.reception import Reception
from commandcenter.web.screens import Screens
from commandcenter.web.screens_panel import ScreensPanel
from commandcenter.web.sight import Sight
from commandcenter.web.sign_in import Directory as SomeDirectory
from commandcenter.web.snapshots import Snapshots
from commandcenter.web.stages import Stages
from commandcenter.web.static import Compressed
from commandcenter.web.studio import Studio
from commandcenter.web.visitors import Visitors

log = logging.getLogger(__name__)

ASSETS = Path(__file__).parents[2] / "assets"
ROOT = Path(__file__).parents[2]
_NAMED = r"^((admin|api|entry|layout|pairing)\.(js|css)|plotly-.*)$"  # pages name them themselves
FIRST_NEWS = 1.0  # seconds that a start waits for the bus, at most


def web_app(
    config: Config,
    bus: Bus,
    pictures: Pictures,
    records: Records,
    now: Callable[[], datetime],
    put_aside: Callable[[str, str, str, bytes], None],
) -> ASGIApp:
    """Everything a browser or a program can reach. `put_aside` takes bad input (Tray.put)."""
    build = build_of(ROOT, config.panels)
    usual = config.region.language
    displays = Displays(records, now)
    visitors = Visitors(records, displays, now, config.access)
    hub = _hub(config, displays, visitors, now, build)
    pairing = Pairing(displays, config.region, hub.studio.languages[usual], now, build)
    presence = _presence(displays, hub, bus, partial(put_aside, "displays"))
    pages = pages_of(config)

    lifespan = _lifespan(hub, bus, displays, visitors, presence)
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    server.router.routes.extend(Health(bus, records, hub, now).routes())
    sight = Sight(hub)
    say = hub.studio.languages[usual]
    server.router.routes.extend(Snapshots(pictures, records, sight, say, now).routes())
    console = Console(config, bus, records, visitors, hub.board, now)
    server.router.routes.extend(console.routes())
    server.router.routes.extend(pairing.routes())
    server.router.routes.extend(_coming_in(config, records, visitors, now))
    server.router.routes.extend(Admin(config, records, visitors, now).routes())
    api = Api(console.doors, bus, hub.board, console.ringer, put_aside)
    server.router.routes.extend(api.routes())
    server.router.routes.extend(Screens(config, displays, hub, presence.wake).routes())
    live = live_endpoint(hub, _whereabouts(pages), hub.studio.languages, usual, presence.told)
    server.router.add_websocket_route("/live", live)
    dash = _dash(server, config, hub.studio.languages, build)
    connect_pages(dash, pages, hub, usual, console.desk)
    callbacks = _connect_panels(dash, config.panels)
    _find_assets(dash)
    rules = Rules(
        names=config.web.names,
        pages=set(pages),
        policy=_policy(dash),
        callbacks=callbacks,
        paper=Paper(config),
        shows=sight.shows,
    )
    inside = WallDoor(Compressed(OneIndex(server, set(pages))), pairing)
    return Guard(inside, rules, visitors, Floods(time.monotonic))


def _coming_in(
    config: Config, records: Records, visitors: Visitors, now: Callable[[], datetime]
) -> list[Route]:
    """Every door at which people come in."""
    reception = Reception(config, records, visitors, now)
    directories: list[SomeDirectory] = []
    if config.ldap is not None:
        from commandcenter.access.ldap import Directory

        directories.append(Directory(config.ldap, config.grants))
    routes = FrontDoor(reception, directories).routes()
    if config.oidc is not None:
        from commandcenter.web.oidc import OidcDoors

        routes += OidcDoors(reception, config.oidc).routes()
    return routes


def _connect_panels(dash: Dash, panels: Mapping[str, Panel]) -> dict[str, Sequence[str]]:
    """Let panels with buttons declare their callbacks; to which roles each of them opens."""
    opens: dict[str, Sequence[str]] = {}
    for panel in panels.values():
        before = set(dash.callback_map)
        panel.connect(dash)
        opens |= dict.fromkeys(dash.callback_map.keys() - before, panel.buttons_for)
    return opens


def _hub(
    config: Config,
    displays: Displays,
    visitors: Visitors,
    now: Callable[[], datetime],
    build: str,
) -> Hub:
    screens = ScreensPanel(name="screens", walls=config.walls, panels=config.panels)
    panels: dict[str, Panel] = {**config.panels, "screens": screens}
    series = frozenset(kind for panel in panels.values() for kind in panel.series)
    board = Board(patience=config.patience, series=series)
    languages = {code: Language(code, config.zone) for code in LANGUAGES}
    studio = Studio(
        panels=panels,
        board=board,
        languages=languages,
        now=now,
        region=config.region,
        offices=Offices.of(config.offices),
    )
    stages = Stages(
        walls=config.walls,
        display=displays.get,
        board=board,
        panels=set(config.panels),
        wellness=lambda panels: studio.wellness(panels, config.region.language),
        guests=lambda: displays.guests,
        now=now,
    )
    hub = Hub(
        studio=studio,
        stages=stages,
        now=now,
        build=build,
        valid=visitors.valid,
        most_pages=config.web.pages,
    )
    visitors.open_pages = hub.sessions
    displays.listeners.append(lambda: hub.curtain(displays.guests))
    return hub


def _presence(
    displays: Displays, hub: Hub, bus: Bus, reject: Callable[[str, str, bytes], None]
) -> Presence:
    def here() -> dict[str, float]:
        return {b.place: b.heard_at for b in sorted(hub.browsers, key=lambda b: b.heard_at)}

    presence = Presence(
        displays=displays, stages=hub.stages, here=here, bus=bus, now=hub.now, reject=reject
    )
    displays.listeners.append(presence.wake)
    return presence


def _whereabouts(pages: Mapping[str, Page]) -> Whereabouts:
    def where(websocket: WebSocket) -> Spot | None:
        page = pages.get(websocket.query_params.get("page", "/").rstrip("/") or "/")
        if page is None:
            return None
        place = place_of(page, getattr(websocket.state, "display", None))
        if place is None:
            return None
        return Spot(place=place, panels=frozenset(page.panels), ledger=page.ledger)

    return where


class OneIndex:
    """ASGI middleware: every page is Dash's index, and Dash is only ready for it at the root."""

    def __init__(self, app: ASGIApp, pages: set[str]) -> None:
        self.app, self.pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["path"].rstrip("/") if scope["type"] == "http" else ""
        if page in self.pages:
            scope.setdefault("state", {})["page"] = page
            scope = {**scope, "path": "/", "raw_path": b"/"}
        await self.app(scope, receive, send)


def build_of(root: Path, panels: Mapping[str, Panel]) -> str:
    """A name for what the browser loads, scripts and cards: another name makes open pages load
    themselves anew."""
    folders = ("assets", "panels", "commandcenter/web")
    files = sorted(p for d in folders for p in (root / d).rglob("*") if p.is_file())
    cards = [(name, type(panel).__module__) for name, panel in panels.items()]
    digest = hashlib.sha256(repr(cards).encode())
    for path in files:
        if path.suffix in (".js", ".css", ".py"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _lifespan(
    hub: Hub, bus: Bus, displays: Displays, visitors: Visitors, presence: Presence
) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # asyncio itself holds its tasks only weakly: this frame holds them.
        work = (
            follow(hub, bus),
            hub.pulse(),
            displays.keep(),
            visitors.keep(),
            presence.run(),
        )
        tasks = [asyncio.create_task(one) for one in work]
        # Whoever comes back in the first instant would otherwise see an empty wall for a moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_NEWS):
                await hub.heard.wait()
                await displays.loaded.wait()
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan


async def follow(hub: Hub, bus: Bus) -> None:
    """Bus to board to hub, for ever; a fault in it is told and gone past, never silent."""
    while True:
        try:
            async for news in bus.follow(history=True):
                hub.bus(news.connected)
                changed = hub.board.take(news.readings, hub.now())
                if changed:
                    hub.changed(changed)
                if news.snapshot or not news.connected:
                    hub.heard.set()
        except Exception:
            log.exception("following the bus failed; beginning again")
            hub.bus(connected=False)
            await asyncio.sleep(1)


class LeanDash(Dash):
    """Dash without what a page would have to read for nothing: its table, which no page here uses,
    and on each page the scripts and styles of the desks that it is not."""

    _needless = re.compile(r'<script src="[^"]*/dash_table/[^"]*"></script>\n?')
    _of_a_desk = re.compile(r"<(?:script|link)[^>]*/assets/(console|screens)[^>]*>(</script>)?\n?")

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        page = getattr(get_current_request().state, "page", "").strip("/")
        for part in ("scripts", "css"):
            told = self._needless.sub("", parts[part])
            parts[part] = self._of_a_desk.sub(lambda tag: tag[0] if tag[1] == page else "", told)
        return str(super().interpolate_index(**parts))  # type: ignore[no-untyped-call]


def _dash(server: FastAPI, config: Config, languages: Mapping[str, Language], build: str) -> Dash:
    backend: Any = server  # Dash's annotation knows Flask only
    no_update_title: Any = None
    dash = LeanDash(
        "commandcenter",
        server=backend,
        backend="fastapi",
        assets_folder=str(ASSETS),
        assets_ignore=_NAMED,
        index_string=index(languages[config.region.language], build, config.panels.values()),
        title=config.region.name,
        update_title=no_update_title,
        suppress_callback_exceptions=True,
        include_pages_meta=False,
    )
    server.add_exception_handler(DependencyException, _none_such)
    # Every page would open Dash's own socket, which nothing here uses and the guard refuses.
    dash.backend.websocket_capability = False
    return dash


def _none_such(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """A file of Dash's that is not there, which Dash takes for a fault of ours and tells all that
    there are."""
    return PlainTextResponse("Not Found", 404)


def _find_assets(dash: Dash) -> None:
    """Dash does so at the first request for "/"; a screen that opens /wall/… first, after a
    restart, would get a page without our scripts, and nothing would ever load it again."""
    find: Any = dash._setup_server  # untyped
    find()


def _policy(dash: Dash) -> str:
    """Scripts only from us; Dash's two inline scripts by their hashes."""
    scripts = " ".join(
        f"'{digest}'" if digest[0] != "'" else digest for digest in dash.csp_hashes()
    )
    return "; ".join(
        (
            "default-src 'self'",
            "object-src 'none'",
            f"script-src 'self' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )
