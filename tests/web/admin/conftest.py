"""The administrator's desk behind the real guard, with people who are really signed in."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from commandcenter.config import Config, read_config
from commandcenter.records import accounts, audit, sessions
from commandcenter.records.accounts import Account
from commandcenter.records.audit import Entry, Wanted
from commandcenter.records.database import Records
from commandcenter.web.admin import Admin
from commandcenter.web.admin_desk import AdminDesk
from commandcenter.web.displays import Displays
from commandcenter.web.floods import Floods
from commandcenter.web.guard import Guard, Rules
from commandcenter.web.visitors import COOKIE, Visitors
from tests.conftest import Clock
from tests.web.conftest import LISTS, ROOT

ORIGIN = "http://127.0.0.1:8050"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; form-action 'self'"
CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
initials = "KB"
office = "Dinas Komunikasi, Informatika, Statistik dan Persandian"
[lists]
offices = "{lists}/offices.csv"
[feed.network]
devices = "{lists}/devices.csv"
[feed.complaints]
"""


@dataclass
class House:
    """The pages, the records behind them, and a clock that the test moves."""

    config: Config
    records: Records
    clock: Clock
    app: ASGIApp
    desk: AdminDesk
    doors: AsyncExitStack = field(repr=False)

    async def add(self, name: str, role: str = "viewer", **facts: Any) -> Account:
        """Somebody with an account."""
        facts = {"username": name.lower().replace(" ", "."), "role": role, **facts}
        made: Account = await self.records.write(
            accounts.create, self.clock(), "setup", name=name, **facts
        )
        return made

    async def sign_in(self, account: Account, user_agent: str = FIREFOX) -> str:
        """The token of a new session."""
        told = {"address": "10.1.2.3", "user_agent": user_agent, "how": "password"}
        begun = sessions.begin
        token, _ = await self.records.write(begun, self.clock(), account, hours=16, **told)
        return token

    async def browser(self, account: Account) -> httpx.AsyncClient:
        """Somebody who is signed in, before the pages."""
        return await self.stranger(**{COOKIE: await self.sign_in(account)})

    async def stranger(self, **cookies: str) -> httpx.AsyncClient:
        """A browser with these cookies."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=ORIGIN,
            headers={"Origin": ORIGIN, "Accept": "text/html", "Accept-Encoding": "identity"},
            cookies=cookies,
        )
        return await self.doors.enter_async_context(client)

    async def told(self, **wanted: Any) -> list[Entry]:
        """What the audit log says, newest first."""
        return await self.records.read(audit.search, Wanted(**wanted))

    async def acts(self, **wanted: Any) -> list[str]:
        return [entry.act for entry in await self.told(**wanted)]


def the_app(config: Config, records: Records, now: Callable[[], Any]) -> tuple[ASGIApp, AdminDesk]:
    """Nothing but the administrator's pages, behind the guard."""
    displays = Displays(records, now)
    visitors = Visitors(records, displays, now, config.access)
    assets = Mount("/assets", StaticFiles(directory=ROOT / "assets"))
    admin = Admin(config, records, visitors, now)
    server = Starlette(routes=[assets, *admin.routes()])
    rules = Rules(names=config.web.names, pages={"/"}, policy=POLICY, paper=admin.desk.paper)
    return Guard(server, rules, visitors, Floods(lambda: now().timestamp())), admin.desk


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(CONFIG.format(lists=LISTS), encoding="utf-8")
    return read_config(path)


async def house_of(config: Config, records: Records, clock: Clock) -> AsyncIterator[House]:
    app, desk = the_app(config, records, clock)
    async with AsyncExitStack() as doors:
        yield House(config, records, clock, app, desk, doors)


@pytest.fixture
async def house(config: Config, sqlite_records: Records, clock: Clock) -> AsyncIterator[House]:
    async for found in house_of(config, sqlite_records, clock):
        yield found


@pytest.fixture
async def each_house(config: Config, records: Records, clock: Clock) -> AsyncIterator[House]:
    """On each database that we promise to work on."""
    async for found in house_of(config, records, clock):
        yield found


@dataclass
class Administrator:
    """An administrator before the pages, which are in English here."""

    house: House
    account: Account
    client: httpx.AsyncClient

    async def get(self, path: str, status: int = 200, **query: Any) -> Seen:
        url = httpx.URL(path).copy_merge_params({"lang": "en", **query})
        answer = await self.client.get(url)
        assert answer.status_code == status, answer.text
        return Seen(answer)

    async def post(self, path: str, status: int = 303, **form: Any) -> Seen:
        answer = await self.client.post(path, params={"lang": "en"}, data=form)
        assert answer.status_code == status, answer.text
        return Seen(answer)


@dataclass
class Seen:
    """A page as it is read."""

    answer: httpx.Response

    @property
    def text(self) -> str:
        """What stands on it, blanks made one."""
        bare = re.sub(r"<(head|script|style)\b.*?</\1>", "", self.answer.text, flags=re.S)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())

    @property
    def rows(self) -> list[str]:
        """The rows of its first table."""
        table = re.search(r"<tbody>(.*?)</tbody>", self.answer.text, re.S)
        cells = re.findall(r"<tr.*?</tr>", table[1], re.S) if table else []
        return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in cells]

    @property
    def mistakes(self) -> dict[str, str]:
        """What is wrong, by field."""
        found = re.findall(r'id="wrong-([\w-]+)">(.*?)</small>', self.answer.text, re.S)
        return {name: html.unescape(re.sub(r"<[^>]+>", "", told)).strip() for name, told in found}

    def typed(self, name: str) -> str:
        """What a field of the form holds."""
        tag = re.search(rf'<input[^>]*\bname="{name}"[^>]*>', self.answer.text)
        assert tag, f"no field {name}"
        value = re.search(r'\bvalue="([^"]*)"', tag[0])
        return html.unescape(value[1]) if value else ""

    def ticked(self, name: str) -> list[str]:
        """Which boxes of a list are ticked."""
        boxes = re.findall(rf'<input[^>]*\bname="{name}"[^>]*\bchecked[^>]*>', self.answer.text)
        return [re.findall(r'value="([^"]*)"', box)[0] for box in boxes]

    @property
    def secret(self) -> str:
        """What is shown once."""
        return self.typed("secret")

    @property
    def goes_to(self) -> str:
        return self.answer.headers["Location"]


async def _admin(house: House) -> Administrator:
    account = await house.add("Budi Santoso", "admin")
    return Administrator(house, account, await house.browser(account))


@pytest.fixture
async def admin(house: House) -> Administrator:
    return await _admin(house)


@pytest.fixture
async def each_admin(each_house: House) -> Administrator:
    """On each database that we promise to work on."""
    return await _admin(each_house)
