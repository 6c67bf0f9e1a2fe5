"""Who comes in at which door: every route of the running application × every role.

The table below says it a second time, independently of commandcenter.web.doors. A route that is not
in it fails the test, and so does a line that no route has.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
import pytest_asyncio
from dash import Dash, Input, Output, html
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.types import Message, Receive, Scope, Send

from commandcenter.access.roles import MAY, ROLES, Role
from commandcenter.access.settings import Oidc
from commandcenter.board import View
from commandcenter.bus import Bus, Pictures
from commandcenter.config import Config, read_config
from commandcenter.drawing import Drawing, div
from commandcenter.panel import Panel
from commandcenter.records import tokens
from commandcenter.records.accounts import create
from commandcenter.records.database import Records
from commandcenter.records.displays import Act
from commandcenter.records.pairing import ask, claim_code, collect
from commandcenter.records.sessions import begin
from commandcenter.secret import Secret
from commandcenter.web.app import web_app
from commandcenter.web.floods import Floods
from commandcenter.web.guard import Guard
from commandcenter.web.visitors import COOKIE, DISPLAY_COOKIE
from tests.conftest import NOW, Clock, RedisProcess
from tests.web.conftest import CONFIG, LISTS

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALL, PEOPLE = "display viewer leader operator admin", "viewer leader operator admin"
READERS, OPERATORS = "leader operator admin", "operator admin"
EVERYBODY = "stranger " + ALL
TABLE = f"""
GET  /healthz                                   : {EVERYBODY}
GET  /readyz                                    : admin metrics:read
GET  /metrics                                   : admin metrics:read
GET  /sign-in                                   : {EVERYBODY}
POST /sign-in                                   : {EVERYBODY}
GET  /sign-in/code                              : {EVERYBODY}
POST /sign-in/code                              : {EVERYBODY}
GET  /sign-in/oidc                              : {EVERYBODY}
GET  /sign-in/oidc/back                         : {EVERYBODY}
POST /sign-out                                  : {EVERYBODY}
GET  /enter/{{token}}                           : {EVERYBODY}
POST /enter/{{token}}                           : {EVERYBODY}
GET  /demo/{{role}}                             : {EVERYBODY}
GET  /a/{{token}}                               : {EVERYBODY}
POST /a/{{token}}                               : {EVERYBODY}
POST /wall/pairing                              : {EVERYBODY}
POST /wall/pairing/collect                      : {EVERYBODY}
GET  /wall                                      : {EVERYBODY}
GET  /                                          : {PEOPLE}
GET  /wall/utama                                : {PEOPLE}
GET  /wall/samping                              : {PEOPLE}
GET  /console                                   : {READERS}
GET  /screens                                   : {OPERATORS}
GET  /assets/console.js                         : {ALL}
GET  /assets/pairing.js                         : {EVERYBODY}
GET  /_favicon.ico                              : {EVERYBODY}
GET  /_dash-component-suites/dash/x.js          : {ALL}
GET  /_dash-dependencies                        : {ALL}
GET  /_dash-layout?page=/wall                   : display
GET  /_dash-layout?page=/                       : {PEOPLE}
GET  /_dash-layout                              : {PEOPLE}
GET  /_dash-layout?page=/wall/utama             : {PEOPLE}
GET  /_dash-layout?page=/console                : {READERS}
GET  /_dash-layout?page=/console/               : {READERS}
GET  /_dash-layout?page=/screens                : {OPERATORS}
GET  /_dash-layout?page=/nowhere                : {PEOPLE}
GET  /_dash-layout?page=/wall&page=/console     :
WS   /live?page=/wall                           : display
WS   /live?page=/wall/utama                     : {PEOPLE}
WS   /live                                      : {PEOPLE}
WS   /live?page=/console                        : {READERS}
WS   /live?page=/screens                        : {OPERATORS}
WS   /live?page=/wall&page=/                    :
GET  /snapshots/{{camera}}/{{number:int}}/{{size}}.jpg : {PEOPLE}
GET  /snapshots/{{camera}}/next/{{number:int}}.jpg : {PEOPLE}
POST /cameras/{{camera}}/again                  : {OPERATORS}
GET  /console/incidents/{{number:int}}          : {READERS}
GET  /console/incidents/{{number:int}}/log      : {READERS}
GET  /console/incidents/{{number:int}}/evidence.zip : {READERS}
GET  /console/evidence/{{number:int}}           : {READERS}
GET  /console/history                           : {READERS}
GET  /console/history.csv                       : {READERS}
GET  /console/maintenance                       : {READERS}
GET  /console/maintenance.ics                   : {READERS}
POST /console/steps                             : {OPERATORS}
POST /console/maintenance                       : {OPERATORS}
POST /console/maintenance/{{number:int}}/cancel : {OPERATORS}
GET  /console/handover                          : {OPERATORS}
POST /console/handover                          : {OPERATORS}
POST /console/handover/{{number:int}}/take      : {OPERATORS}
POST /console/handover/{{number:int}}/refuse    : {OPERATORS}
GET  /console/channels                          : {OPERATORS}
POST /console/channels/{{name}}/test            : {OPERATORS}
GET  /console/rejects                           : {OPERATORS}
GET  /console/rejects/{{number:int}}            : admin
POST /screens/pair                              : {OPERATORS}
POST /screens/displays/{{number:int}}/control   : {OPERATORS}
POST /screens/displays/{{number:int}}/change    : {OPERATORS}
POST /screens/displays/{{number:int}}/revoke    : {OPERATORS}
POST /screens/presets                           : {OPERATORS}
POST /screens/presets/apply                     : {OPERATORS}
POST /screens/presets/delete                    : {OPERATORS}
POST /screens/guests                            : {OPERATORS}
GET  /me                                        : {PEOPLE}
POST /me/password                               : {PEOPLE}
GET  /me/factor                                 : {PEOPLE}
POST /me/factor                                 : {PEOPLE}
POST /me/factor/remove                          : {PEOPLE}
POST /me/sessions/end-others                    : {PEOPLE}
POST /me/sessions/{{number:int}}/end            : {PEOPLE}
GET  /admin                                     : admin
GET  /admin/accounts                            : admin
POST /admin/accounts                            : admin
GET  /admin/accounts/{{number:int}}             : admin
POST /admin/accounts/{{number:int}}/change      : admin
POST /admin/accounts/{{number:int}}/disable     : admin
POST /admin/accounts/{{number:int}}/enable      : admin
POST /admin/accounts/{{number:int}}/link        : admin
POST /admin/accounts/{{number:int}}/factor/remove : admin
GET  /admin/sessions                            : admin
POST /admin/sessions/{{number:int}}/end         : admin
GET  /admin/tokens                              : admin
POST /admin/tokens                              : admin
POST /admin/tokens/{{number:int}}/revoke        : admin
GET  /admin/audit                               : admin
GET  /admin/audit.csv                           : admin
GET  /api/v1/openapi.json                       : {PEOPLE} token
GET  /api/v1/docs                               : {PEOPLE} token
GET  /api/v1/me                                 : token
GET  /api/v1/incidents                          : incidents:read
GET  /api/v1/incidents/{{number}}               : incidents:read
GET  /api/v1/incidents/{{number}}/log           : incidents:read
POST /api/v1/incidents/{{number}}/steps         : incidents:act
POST /api/v1/readings                           : readings:write
POST /api/v1/events                             : events:write
"""
ENDED = """UPDATE session SET ended_at = '2026-11-21 02:42:00'
WHERE account_id = (SELECT id FROM account WHERE username = 'operator')"""
# Dash's own routes that open to nobody here, and its page at every address, which OneIndex serves.
CLOSED = {"/_reload-hash", "/_dash-ws-callback", "/_dash-config", "/_alive_{hash}"}
ELSEWHERE, ORIGIN = "10.0.0.9", "https://127.0.0.1:8050"
FILLED = {
    "{token}": "abc-_1.xyz",
    "{role}": "viewer",
    "{camera}": "simpang",
    "{size}": "small",
    "{name}": "telegram",
}


@dataclass(frozen=True)
class Line:
    """Of the table: what is asked, and who comes in."""

    method: str
    path: str
    to: frozenset[str]


def lines() -> Iterator[Line]:
    for text in TABLE.strip().splitlines():
        asked, _, who = text.rpartition(" :") if text.endswith(" :") else text.rpartition(" : ")
        method, path = asked.split()
        yield Line(method, path, frozenset(who.split()))


LINES = list(lines())


@dataclass(kw_only=True)
class Buttons(Panel):
    """A panel with a callback of its own, for leaders."""

    buttons_for: ClassVar[tuple[Role, ...]] = ("leader",)

    def render(self, view: View) -> Drawing:
        return Drawing(body=div("x", ""))

    def connect(self, app: Dash) -> None:
        app.callback(Output("pressed", "children"), Input("press", "n_clicks"))(html.Div)


@dataclass
class House:
    """The real guard of the real application, before an inside that says who came in."""

    guard: Guard
    routes: list[BaseRoute]
    cookies: dict[str, str]

    async def ask(self, method: str, path: str, who: str, **more: Any) -> int:
        """The status that somebody gets: 200 for whoever comes in."""
        self.guard.floods = Floods(time.monotonic)  # how often one may ask is not the question here
        path, _, query = path.partition("?")
        for part, value in FILLED.items():
            path = path.replace(part, value)
        path = path.replace("{number:int}", "17").replace("{number}", "17")
        headers = {"host": "127.0.0.1:8050", "origin": ORIGIN} | more.pop("headers", {})
        key = "authorization" if self.cookies[who].startswith("Bearer") else "cookie"
        scope = {
            "type": "websocket" if method == "WS" else "http",
            "method": method,
            "path": path,
            "scheme": "wss" if method == "WS" else "https",
            "query_string": query.encode(),
            "headers": [
                (n.encode(), v.encode()) for n, v in (headers | {key: self.cookies[who]}).items()
            ],
            "client": (more.pop("address", ELSEWHERE), 1234),
        }
        return await _status(self.guard, scope, more.pop("body", b""))


async def _status(guard: Guard, scope: Scope, body: bytes) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        if scope["type"] == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await guard(scope, receive, send)
    if sent[0]["type"].startswith("websocket"):
        return 200 if sent[0]["type"] == "websocket.accept" else int(sent[0]["code"]) - 4000
    return int(sent[0]["status"])


async def _inside(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("in")(scope, receive, send)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(CONFIG.format(port=8050, lists=LISTS), encoding="utf-8")
    found = read_config(path)
    panels = {**found.panels, "buttons": Buttons(name="buttons")}
    oidc = Oidc(issuer="https://sso.example", client_id="x", client_secret=Secret("env:NONE"))
    access = replace(found.access, demo_links=True)
    return replace(found, panels=panels, oidc=oidc, access=access)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def sqlite_records(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Records]:
    path = tmp_path_factory.mktemp("records") / "records.db"
    shutil.copy(migrated_sqlite, path)
    records = Records(f"sqlite:///{path}")
    yield records
    records.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    config: Config, sqlite_records: Records, shared_redis: RedisProcess, clock: Clock
) -> AsyncIterator[House]:
    bus, pictures = Bus(shared_redis.url), Pictures(shared_redis.url)
    app: Any = web_app(config, bus, pictures, sqlite_records, clock, lambda *_: None)
    inner = app
    while not hasattr(inner, "routes"):
        inner = inner.app
    app.app = _inside
    cookies = await sqlite_records.write(everybody)
    await app.visitors.displays.load()
    yield House(app, inner.routes, cookies)
    await pictures.close()
    await bus.close()


def everybody(connection: Any) -> dict[str, str]:
    """What each of them shows at a door."""
    told: dict[str, str] = {"stranger": "", "nobody": f"__Host-{COOKIE}=not-a-session"}
    for role in ROLES[1:]:
        whose = create(connection, NOW, "x", username=role, name=role, role=role)
        where: dict[str, Any] = {"address": "", "user_agent": "", "how": "password"}
        told[role] = f"__Host-{COOKIE}={begin(connection, NOW, whose, hours=16, **where)[0]}"
    asking = ask(connection, NOW, address=ELSEWHERE)
    act = Act(who="operator", at=NOW)
    claim_code(connection, act, asking.code, name="Layar", room="", wall="utama")
    told["display"] = f"{DISPLAY_COOKIE}={collect(connection, asking.secret, NOW)[0]}"
    for may in MAY:
        key, _ = tokens.issue(connection, NOW, "x", name=may, scopes=[may], days=1)
        told[may] = f"Bearer {key}"
    return told


def asked_for(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of every route there is."""
    for route in routes:
        path = prefix + str(getattr(route, "path", ""))
        if isinstance(route, Mount):
            yield from asked_for(route.routes, path)
            continue
        for method in getattr(route, "methods", None) or ["WS"]:
            yield method, path


def expected(line: Line, who: str) -> bool:
    tokens_too = "token" in line.to and who in MAY
    return who in line.to or tokens_too


@pytest.mark.asvs("3.5.3", "8.2.1", "8.3.1", "13.4.4")
@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.method} {line.path}")
async def test_a_door_opens_to_those_who_are_named_and_to_nobody_else(
    house: House, line: Line
) -> None:
    for who in house.cookies:
        status = await house.ask(line.method, line.path, who)
        opens = expected(line, who) or ("stranger" in line.to and who == "nobody")
        if "stranger" in line.to and who in MAY:
            opens = True  # what is open to all is open to them, too
        assert (status == 200) == opens, f"{who}: {status}"
        assert status in (200, 401, 403), f"{who}: {status}"


@pytest.mark.asvs("8.1.1", "8.2.1")
async def test_every_route_of_the_application_is_in_the_table_and_every_line_is_a_route(
    house: House,
) -> None:
    known = {(line.method, line.path.partition("?")[0]) for line in LINES}
    there = {(m, p) for m, p in asked_for(house.routes) if m not in ("HEAD", "OPTIONS")}
    own = {
        (m, p)
        for m, p in there
        if p not in CLOSED and "{path:path}" not in p and "{fingerprint" not in p
    }
    unruled = {
        (m, p) for m, p in own if (m, p) not in known and not p.startswith(("/assets", "/_dash"))
    }
    assert unruled == set(), "say in the table who may come in here"
    pages = {"/", "/wall", "/wall/utama", "/wall/samping", "/console", "/screens"}
    ghosts = {
        (m, p)
        for m, p in known - there
        if p not in pages and not p.startswith(("/assets/", "/_dash-component-suites/"))
    }
    assert ghosts == set(), "no route has this line"


@pytest.mark.asvs("13.4.2")
async def test_what_dash_brings_along_and_nobody_needs_opens_to_nobody(house: House) -> None:
    found = {p for _, p in asked_for(house.routes)} & CLOSED
    assert "/_dash-ws-callback" in found
    for path in found:
        for who in house.cookies:
            assert await house.ask("GET", path, who) in (403, 404)
            assert await house.ask("WS", path, who) == 403


async def test_a_callback_opens_to_the_roles_that_its_panel_names(house: House) -> None:
    body = orjson.dumps({"output": "pressed.children", "inputs": []})
    for who in house.cookies:
        status = await house.ask("POST", "/_dash-update-component", who, body=body)
        assert (status == 200) == (who == "leader"), f"{who}: {status}"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"output":"other.children"}'])
async def test_what_is_no_callback_of_ours_is_refused(house: House, body: bytes) -> None:
    for who in ("leader", "admin"):
        assert await house.ask("POST", "/_dash-update-component", who, body=body) in (400, 403)


@pytest.mark.asvs("13.4.5")
async def test_figures_are_told_to_a_program_on_this_machine_but_not_through_a_proxy(
    house: House,
) -> None:
    for path in ("/metrics", "/readyz"):
        assert await house.ask("GET", path, "stranger", address="127.0.0.1") == 200
        for header in ("x-forwarded-for", "x-real-ip", "forwarded"):
            through = {"address": "127.0.0.1", "headers": {header: "127.0.0.1"}}
            assert await house.ask("GET", path, "stranger", **through) == 401


@pytest.mark.asvs("3.5.2")
@pytest.mark.parametrize("origin", ["", "null", "https://evil.example", "http://localhost:8050"])
async def test_what_changes_something_comes_from_our_own_page_unless_a_program_does_it(
    house: House, origin: str
) -> None:
    foreign = {"headers": {"origin": origin}}
    for line in [line for line in LINES if line.method in ("POST", "WS")]:
        for who in house.cookies:
            if expected(line, who):
                status = await house.ask(line.method, line.path, who, **foreign)
                assert status == (200 if who in MAY else 403), f"{line.path} {who}"


async def test_a_cookie_opens_nothing_of_the_api_and_a_token_no_page(house: House) -> None:
    api = [line for line in LINES if line.path.startswith("/api/") and "viewer" not in line.to]
    for line in api:
        assert await house.ask(line.method, line.path, "admin") == 403
    pages = [line for line in LINES if line.to and "admin" in line.to and "stranger" not in line.to]
    for line in [one for one in pages if not one.to & {*MAY, "token"}]:
        for may in MAY:
            assert await house.ask(line.method, line.path, may) == 403


async def test_whoever_is_not_signed_in_is_led_to_the_sign_in_with_where_they_wanted_to_go(
    house: House,
) -> None:
    html_please = {"headers": {"accept": "text/html,*/*"}}
    for line in [
        one for one in LINES if one.method == "GET" and one.to and "stranger" not in one.to
    ]:
        status = await house.ask("GET", line.path, "stranger", **html_please)
        assert status in (303, 401, 403)
    assert await house.ask("GET", "/console?incident=7", "stranger", **html_please) == 303


@pytest.mark.asvs("7.2.1", "7.4.1")
async def test_an_ended_session_opens_nothing_within_five_seconds_whoever_ended_it(
    house: House, sqlite_records: Records
) -> None:
    visitors = house.guard.visitors
    keeping = asyncio.create_task(visitors.keep())
    assert await house.ask("GET", "/console", "operator") == 200
    await sqlite_records.write(lambda c: c.exec_driver_sql(ENDED))
    async with asyncio.timeout(5):
        while await house.ask("GET", "/console", "operator") == 200:
            await asyncio.sleep(0.1)
    keeping.cancel()


@pytest.mark.asvs("16.5.3")
async def test_while_the_records_are_away_nobody_is_taken_for_a_stranger(
    house: House, sqlite_records: Records
) -> None:
    def another(connection: Any) -> str:
        whose = create(connection, NOW, "x", username="late", name="late", role="viewer")
        where: dict[str, Any] = {"address": "", "user_agent": "", "how": "password"}
        return begin(connection, NOW, whose, hours=16, **where)[0]

    def rename(connection: Any, old: str, new: str) -> None:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    house.cookies["late"] = f"__Host-{COOKIE}={await sqlite_records.write(another)}"
    await sqlite_records.write(rename, "session", "gone")
    for _ in range(2):
        assert await house.ask("GET", "/", "late") == 503
    await sqlite_records.write(rename, "gone", "session")
    assert await house.ask("GET", "/", "late") == 200
    del house.cookies["late"]


@pytest.mark.asvs("7.3.2", "7.6.1")
async def test_a_session_ends_when_nobody_uses_it_and_in_any_case_in_the_end(
    house: House, clock: Clock, config: Config
) -> None:
    almost = config.access.idle_minutes * 60 - 1
    assert await house.ask("GET", "/", "viewer") == 200
    assert await house.ask("GET", "/", "leader") == 200
    for _ in range(8):
        clock.forward(almost)
        assert await house.ask("GET", "/", "viewer") == 200
    assert await house.ask("GET", "/", "leader") == 401, "who was not here all the time"
    clock.forward(60)
    assert await house.ask("GET", "/", "viewer") == 401, "after sixteen hours"


async def test_the_table_names_roles_that_there_are() -> None:
    known = {*ROLES, *MAY, "stranger", "token"}
    assert {who for line in LINES for who in line.to} <= known
