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
    config = CONFIG.replace(
        "port = {port}",
        'port = {port}\nproxies = ["127.0.0.1"]\nnames = ["pusat.example.go.id", "127.0.0.1"]',
    )
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


@pytest.mark.parametrize("told", ["https, http", "https,https", "HTTPS"])
def test_of_several_proxies_the_first_says_how_the_visitor_came(behind: Site, told: str) -> None:
    """waitress#442, localtunnel#435: each proxy adds its own."""
    with httpx.Client(base_url=behind.address, headers=THROUGH) as visitor:
        page = visitor.get("/sign-in", headers={"X-Forwarded-Proto": told})
        assert "strict-transport-security" in page.headers


def test_a_visitor_whose_proxy_tells_their_port_has_the_same_address_without_it(
    behind: Site,
) -> None:
    """uvicorn#2789: load balancers write "1.2.3.4:1024", with another port each time."""
    headers = THROUGH | {"X-Forwarded-For": "203.0.113.77:51044"}
    origin = {"Origin": f"https://127.0.0.1:{behind.port}"}
    with httpx.Client(base_url=behind.address, headers=headers) as visitor:
        assert visitor.post("/sign-in", data=WRONG, headers=origin).status_code == 401
    assert last_address(behind) == "203.0.113.77"


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("127.0.0.1:{port}", "pusat.example.go.id"),  # nginx, where nobody has set Host
        ("pusat.example.go.id", "pusat.example.go.id:3001"),  # its $host has no port: selkies#269
    ],
)
def test_a_proxy_that_changes_the_host_is_told_so(behind: Site, host: str, page: str) -> None:
    host = host.format(port=behind.port)
    headers = THROUGH | {"Host": host, "Origin": f"https://{page}"}
    with httpx.Client(base_url=behind.address) as visitor:
        refused = visitor.post("/sign-in?lang=en", data=WRONG, headers=headers)
    assert refused.status_code == 403
    assert f"opened as {page} and its request came for {host}" in refused.text
