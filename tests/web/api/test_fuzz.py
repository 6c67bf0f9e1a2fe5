"""The API as it runs, fuzzed from its own document: with a token, without one, with a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig

from commandcenter.access.roles import MAY
from commandcenter.records import tokens
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from commandcenter.web.api import NEEDS, PREFIX
from tests.conftest import RedisProcess, wait_until
from tests.web import samples
from tests.web.conftest import REGION, Site, say_http

SETTINGS = settings(
    max_examples=20,
    derandomize=True,  # another commit must not fail for what this one has missed
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # making a failure small takes minutes
    suppress_health_check=list(HealthCheck),
)
CONFIG = (
    REGION
    + """
[[wall]]
name = "utama"
picture = ["incidents"]
[panel.incidents]

[feed.network]
devices = "{lists}/devices.csv"
[feed.alerts]
[feed.pump]
type = "posted"
[feed.rain]
type = "posted"
"""
)


@dataclass
class Keys:
    """A site, and tokens for it."""

    site: Site
    records: Records

    def token(self, *scopes: str, **more: Any) -> str:
        """A new token that is good for these."""
        told: dict[str, Any] = {"name": f"uji {'+'.join(scopes)} {more}", "days": 1} | more
        with self.records.engine.begin() as connection:
            now = samples.present()
            return tokens.issue(connection, now, "admin", scopes=scopes, **told)[0]

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.site.address + PREFIX, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def keys(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    site = Site(tmp_path_factory.mktemp("site"), module_redis.url, CONFIG)
    site.start()
    records = Records(site.records_url)
    with records.engine.begin() as connection:
        for n in range(5):
            thing = "link", "network", f"device/{n}"
            open_incident(connection, thing, samples.present(), title="Putus", level="critical")
    yield Keys(site, records)
    records.close()
    site.stop()


@pytest.fixture(scope="module")
def schema(keys: Keys) -> Any:
    """What the document says, with a token that may do everything."""
    headers = {"Authorization": f"Bearer {keys.token(*MAY)}"}
    # 422 also says what no schema can: that a cause is unknown, or that a time is long over.
    fits = {"expected-statuses": ["2xx", "404", "409", "422"]}
    # Wrong tokens are counted, and answered 429 after a while: they have a test of their own.
    checks = {"positive_data_acceptance": fits, "ignored_auth": {"enabled": False}}
    told = {"headers": headers, "checks": checks}
    config = SchemathesisConfig.from_dict(told)
    address = keys.site.address + f"{PREFIX}/openapi.json"
    return schemathesis.openapi.from_url(address, config=config, headers=headers)


def fuzz(schema: Any, at: tuple[str, str], mode: GenerationMode) -> None:
    """Every check that schemathesis knows, and that what fits the schema is understood."""
    method, path = at
    operation = schema[path.removeprefix(PREFIX)][method]

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case[Any]) -> None:
        answer = case.call_and_validate()
        if mode is GenerationMode.POSITIVE and answer.status_code == 422:
            wrong = [m["where"] for m in answer.json().get("mistakes", ())]
            assert [at for at in wrong if not at.endswith("/value")] == []  # its numbers, its size

    run()


@pytest.mark.asvs("15.3.1")
@pytest.mark.parametrize("at", sorted(NEEDS))
def test_what_fits_the_document_is_understood_and_answered_as_it_says(
    schema: Any, at: tuple[str, str]
) -> None:
    fuzz(schema, at, GenerationMode.POSITIVE)


@pytest.mark.asvs("1.5.2", "2.2.1", "2.2.2", "15.3.5")
@pytest.mark.parametrize("at", sorted(at for at in NEEDS if at[1] != f"{PREFIX}/me"))
def test_what_does_not_fit_is_refused_as_it_says(schema: Any, at: tuple[str, str]) -> None:
    fuzz(schema, at, GenerationMode.NEGATIVE)


# --- through the guard ----------------------------------------------------------------------------


def ask(client: httpx.Client, at: tuple[str, str]) -> httpx.Response:
    method, path = at
    address = path.removeprefix(PREFIX).replace("{number}", "1")
    return client.request(method, address, json={} if method == "POST" else None)


@pytest.mark.parametrize("at", sorted(NEEDS))
def test_without_a_good_token_nothing_opens(keys: Keys, at: tuple[str, str]) -> None:
    expired = keys.token(*MAY, days=-1)
    for token in ("", "cc_" + "x" * 43, "nonsense", expired):
        with keys.client(token) as client:
            answer = ask(client, at)
        assert answer.status_code == 401, token
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["status"] == 401


@pytest.mark.parametrize("at", sorted(at for at, scope in NEEDS.items() if scope != "any"))
def test_a_token_opens_only_what_its_scopes_say(keys: Keys, at: tuple[str, str]) -> None:
    others = [scope for scope in MAY if scope != NEEDS[at]]
    with keys.client(keys.token(*others)) as client:
        answer = ask(client, at)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    with keys.client(keys.token(NEEDS[at])) as client:
        assert ask(client, at).status_code in (200, 422)


def test_a_token_tells_of_itself(keys: Keys) -> None:
    token = keys.token("incidents:read", name="integrasi", offices=("dinkes",), days=30)
    with keys.client(token) as client:
        told = client.get("/me").json()
    end = told.pop("expires_at")
    assert told == {
        "name": "integrasi",
        "scopes": ["incidents:read"],
        "offices": ["dinkes"],
        "domains": [],
    }
    assert end.endswith("Z")


def test_a_step_is_written_in_the_name_of_the_token(keys: Keys) -> None:
    with keys.client(keys.token("incidents:read", "incidents:act", name="integrasi 2")) as client:
        seen = client.get("/incidents/5").json()
        body = {"act": "note", "version": seen["version"], "note": "dari sistem lain"}
        assert client.post("/incidents/5/steps", json=body).status_code == 200
        last = client.get("/incidents/5/log").json()["steps"][-1]
    assert (last["who"], last["note"]) == ("token integrasi 2", "dari sistem lain")


def test_a_cookie_is_no_token_and_a_token_in_the_address_is_none(keys: Keys) -> None:
    token = keys.token(*MAY)
    with keys.client("") as client:
        assert client.get(f"/me?token={token}&access_token={token}").status_code == 401
        cookie = {"Cookie": f"commandcenter_session={token}"}
        assert client.get("/me", headers=cookie).status_code == 401


def test_what_is_posted_is_what_readiness_has_heard(keys: Keys) -> None:
    with keys.client(keys.token("readings:write", "metrics:read")) as client:

        def rain() -> dict[str, Any]:
            told = client.get(keys.site.address + "/readyz").json()["feeds"]["rain"]
            return {key: told[key] for key in ("ok", "error")}

        assert rain() == {"ok": False, "error": "nothing heard yet"}
        one = {"key": "gauge/kumai", "at": samples.present().isoformat(), "value": {"mm": 1}}
        body = {"feed": "rain", "readings": [one]}
        assert client.post("/readings", json=body).json()["taken"] == 1
        wait_until(lambda: rain() == {"ok": True, "error": ""}, "the board has it")


@pytest.mark.asvs("13.4.5")
def test_whoever_is_signed_in_may_read_the_reference_and_nothing_else(keys: Keys) -> None:
    with keys.site.client("Budi", "viewer") as client:
        assert "GET</b> <code>/api/v1/incidents</code>" in client.get(f"{PREFIX}/docs").text
        assert client.get(f"{PREFIX}/openapi.json").json()["openapi"] == "3.1.0"
        assert client.get(f"{PREFIX}/incidents").status_code == 403
        answer = client.post(f"{PREFIX}/events", json={"id": "a", "title": "b"})
        assert answer.status_code == 403
    with keys.client("") as client:
        assert client.get("/docs").status_code == 401
        assert client.get("/openapi.json").status_code == 401


def test_other_paths_and_other_ways_do_not_exist(keys: Keys) -> None:
    with keys.client(keys.token(*MAY)) as client:
        assert client.get("/nothing").status_code == 404
        assert client.get("/../../metrics/x").status_code == 404
        assert client.delete("/incidents/1").status_code == 405
        assert client.put("/me").status_code == 405


def test_a_body_is_refused_by_the_length_that_it_says(keys: Keys) -> None:
    token = keys.token(*MAY)
    head = (
        f"POST {PREFIX}/readings HTTP/1.1\r\nHost: 127.0.0.1:{keys.site.port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        "Content-Length: 2000000\r\nConnection: close\r\n\r\n"
    )
    assert say_http(keys.site.port, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_no_token_stands_in_the_log(keys: Keys) -> None:
    with keys.client(token := keys.token(*MAY)) as client:
        client.get("/incidents")
        client.post("/readings", content=b"{", headers={"Content-Type": "application/json"})
    assert token not in keys.site.log()
