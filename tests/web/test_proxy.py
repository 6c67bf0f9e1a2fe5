"""Behind a reverse proxy with TLS: its headers are believed, and those of nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from commandcenter.records import audit
from commandcenter.records.database import Records
from commandcenter.web.visitors import COOKIE
from tests.conftest import RedisProcess
from tests.web.conftest import CONFIG, Site

THROUGH = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Accept": "text/html"}
WRONG = {"username": "ani", "password": "this is not it"}


@pytest.fixture(scope="module")
def behind(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that knows of a proxy on its own machine."""
    config = CONFIG.replace("port = {port}", 'port = {port}\nproxies = ["127.0.0.1"]')
    found = Site(tmp_path_factory.mktemp("behind"), module_redis.url, config)
    found.start()
    yield found
    found.stop()


def last_address(site: Site) -> str:
    """Where the last act in the audit log came from."""
    records = Records(site.records_url)
    with records.engine.begin() as connection:
        [entry] = audit.search(connection, audit.Wanted(limit=1))
    records.close()
    return entry.source_address


@pytest.mark.asvs("6.2.6", "6.2.7", "15.3.4")
def test_a_proxy_of_config_toml_says_who_comes_and_that_it_was_over_tls(behind: Site) -> None:
    origin = {"Origin": f"https://127.0.0.1:{behind.port}"}
    with httpx.Client(base_url=behind.address, headers=THROUGH) as visitor:
        page = visitor.get("/sign-in")
        assert "max-age=31536000" in page.headers["strict-transport-security"]
        assert 'type="password"' in page.text
        assert 'autocomplete="current-password"' in page.text
        assert visitor.post("/sign-in", data=WRONG, headers=origin).status_code == 401
        assert last_address(behind) == "203.0.113.9"
        assert visitor.get("/metrics").status_code in (401, 303)
        cookie = {"Cookie": f"__Host-{COOKIE}={behind.token()}"}
        assert visitor.get("/console", headers=cookie).status_code == 200
        assert visitor.get("/console", headers={"Cookie": behind.cookie()}).status_code == 303


@pytest.mark.asvs("4.1.3", "15.3.4")
def test_nobody_else_is_believed(site: Site) -> None:
    with httpx.Client(base_url=site.address, headers=THROUGH) as liar:
        page = liar.get("/sign-in")
        assert "strict-transport-security" not in page.headers
        assert 'type="password"' not in page.text  # and passwords are not taken in the clear
        assert re.search("https://", page.text)
        refused = liar.post("/sign-in", data=WRONG, headers={"Origin": site.address})
        assert refused.status_code == 403
