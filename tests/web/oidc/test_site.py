"""The whole site with [oidc] in its config.toml: Redis, the web process, a provider, a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.access.idp import CLIENT_SECRET, RealProvider
from tests.conftest import RedisProcess
from tests.web.conftest import CONFIG, Site
from tests.web.oidc.conftest import table

BUDI = {"sub": "4711", "preferred_username": "budi", "name": "Budi Santoso", "groups": ["noc"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[RealProvider]:
    found = RealProvider([BUDI])
    try:
        found.start()
        yield found
    finally:
        found.stop()


@pytest.fixture(scope="module")
def site(
    module_redis: RedisProcess,
    tmp_path_factory: pytest.TempPathFactory,
    provider: RealProvider,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OIDC_SECRET", CLIENT_SECRET)
        found = Site(folder, module_redis.url, config=CONFIG + table(provider.issuer))
        found.start()
    yield found
    found.stop()


def test_from_the_button_to_the_console_and_out_again(site: Site, chromium: Browser) -> None:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(site.address + "/console")
        page.get_by_role("link", name="SSO Pemda").click()
        page.get_by_role("button", name="4711").click()
        expect(page).to_have_url(site.address + "/console")
        expect(page.locator("body")).to_contain_text("Budi Santoso")
        page.goto(site.address + "/me")
        expect(page.locator("main")).to_contain_text("budi")
        page.get_by_role("banner").get_by_role("button").click()
        page.goto(site.address + "/console")
        expect(page).to_have_url(site.address + "/sign-in?next=%2Fconsole")
    for secret in (CLIENT_SECRET, "code=", "state="):
        assert secret not in site.log()
