"""Links of the demo: everything at once for a newcomer, nothing of it when the demo is off."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from commandcenter.records import accounts, sessions
from commandcenter.records.database import Records
from commandcenter.web.demo_links import demo_key, demo_links, end_demo
from tests.conftest import Clock
from tests.web.sign_in.conftest import Front

BASE = "http://127.0.0.1:8050"
HERE = ("127.0.0.1", "http", "127.0.0.1")


@pytest.fixture
def demo(tmp_path: Path, sqlite_records: Records, clock: Clock) -> Front:
    names = ("127.0.0.1", "localhost")
    more = "[access]\ndemo_links = true\n"
    return Front(tmp_path, sqlite_records, clock, names, more).open()


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


@pytest.mark.parametrize(
    ("name", "page", "who"),
    [
        ("wall", "/", "Demo viewer"),
        ("briefing", "/", "Demo leader"),
        ("console", "/console", "Demo operator"),
        ("displays", "/screens", "Demo operator"),
        ("admin", "/admin", "Demo admin"),
    ],
)
async def test_each_link_shows_its_page(demo: Front, name: str, page: str, who: str) -> None:
    links = demo_links(BASE, demo.folder / "var")
    async with demo.browser(*HERE) as browser:
        sent = await browser.get(path_of(links[name]))
        assert (sent.status_code, sent.headers["location"]) == (303, page)
        assert who in (await browser.get(page)).text


async def test_one_newcomer_follows_all_of_them_one_after_another(demo: Front) -> None:
    async with demo.browser(*HERE) as browser:
        for link in [*demo_links(BASE, demo.folder / "var").values()] * 2:
            sent = await browser.get(path_of(link))
            assert (await browser.get(sent.headers["location"])).status_code == 200
    assert len(await demo.records.read(accounts.accounts)) == 4
    assert len(await demo.records.read(sessions.live_sessions, demo.now())) == 1


async def test_without_the_key_or_from_elsewhere_there_is_nothing(demo: Front) -> None:
    link = path_of(demo_links(BASE, demo.folder / "var")["admin"])
    async with demo.browser(*HERE) as browser:
        assert (await browser.get("/demo/admin")).status_code == 404
        assert (await browser.get("/demo/admin?key=wrong")).status_code == 404
        assert (await browser.get("/demo/admin?key=%ff")).status_code == 404
        assert (await browser.get(link.replace("/admin?", "/root?"))).status_code == 404
        browser.client.headers["X-Forwarded-For"] = "10.0.0.9"
        assert (await browser.get(link)).status_code == 404
    async with demo.browser("10.0.0.9", "http", "127.0.0.1") as browser:
        assert (await browser.get(link)).status_code == 404
        assert not await browser.here()


async def test_a_link_leads_to_its_own_pages_only(demo: Front) -> None:
    key = demo_key(demo.folder / "var")
    async with demo.browser(*HERE) as browser:
        for to in ("//evil.example", "/admin", "https://evil.example"):
            sent = await browser.get(f"/demo/operator?key={key}&to={to}")
            assert sent.headers["location"] == "/console"


@pytest.mark.asvs("6.3.2", "15.2.3")
async def test_when_the_demo_is_off_nothing_of_it_works(demo: Front, front: Front) -> None:
    link = path_of(demo_links(BASE, demo.folder / "var")["admin"])
    async with demo.browser(*HERE) as browser:
        await browser.get(link)
        cookie = dict(browser.client.cookies)
    assert await end_demo(front.records, front.now) == 1
    assert await end_demo(front.records, front.now) == 0
    async with front.browser(*HERE) as browser:
        browser.client.cookies.update(cookie)
        assert not await browser.here()
        assert (await browser.get(link)).status_code == 404
        for password in ("", "demo", "demo-admin"):
            assert (await browser.sign_in("demo-admin", password)).status_code == 401


async def test_the_demo_is_no_administrator_that_counts(demo: Front) -> None:
    async with demo.browser(*HERE) as browser:
        await browser.get(path_of(demo_links(BASE, demo.folder / "var")["admin"]))
    assert not await demo.records.read(accounts.has_admin)


def test_the_key_is_made_once_and_readable_to_its_owner_alone(tmp_path: Path) -> None:
    key = demo_key(tmp_path / "var")
    assert demo_key(tmp_path / "var") == key
    assert len(key) == 43
    assert demo_key(tmp_path / "other") != key
    mode = stat.S_IMODE((tmp_path / "var" / "demo.key").stat().st_mode)
    assert mode == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["demo.key"]
