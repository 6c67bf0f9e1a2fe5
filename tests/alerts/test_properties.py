"""Whatever a sender writes, it is taken or refused with a reason; it is never our own failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commandcenter.alerts import alertmanager, cap, webhook, zabbix
from commandcenter.alerts.alert import BadAlert, Parser, Scene, fingerprint, moment, text
from commandcenter.feed import Desk
from commandcenter.intake import intake_app
from commandcenter.records.database import Records
from feeds.alerts import Alerts
from tests.alerts.conftest import TOKEN
from tests.alerts.samples import FIRING, GRAFANA, PROBLEM, RESOLVED, notification
from tests.alerts.samples import cap as warning
from tests.conftest import NOW, Tray

SCENE = Scene(NOW, ZoneInfo("Asia/Jakarta"))
PARSERS: list[Parser] = [alertmanager.read, zabbix.read, cap.read, webhook.read]
JSON_SAMPLES: list[tuple[str, dict[str, Any]]] = [
    ("alertmanager", notification(FIRING, RESOLVED)),
    ("alertmanager", GRAFANA),
    ("zabbix", PROBLEM),
]
SAMPLES = [(source, orjson.dumps(told)) for source, told in JSON_SAMPLES]
SAMPLES += [("cap", warning()), ("cap", warning("b", kind="Update", refers_to="bmkg-1"))]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary())
@pytest.mark.parametrize("read", PARSERS)
def test_any_bytes_are_a_message_or_refused(read: Parser, raw: bytes) -> None:
    with suppress(BadAlert):
        read(raw, SCENE)


@given(anything)
@pytest.mark.parametrize("read", PARSERS)
def test_any_json_is_a_message_or_refused(read: Parser, told: Any) -> None:
    with suppress(BadAlert, TypeError):  # what cannot be written in JSON cannot be sent
        read(orjson.dumps(told), SCENE)


@pytest.mark.asvs("1.3.3")
@given(st.text())
def test_any_text_is_fit_for_the_wall(told: str) -> None:
    kept = text(told, 20)
    assert len(kept) <= 20
    assert kept.isprintable()
    kept.encode()


@pytest.mark.asvs("1.2.4")
@given(st.text(min_size=1))
def test_two_names_stay_two_names(told: str) -> None:
    with suppress(BadAlert):
        assert fingerprint(told) != fingerprint(told.strip() + "x")


@given(st.text() | st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(str))
@example("0001-01-01T00:00:00Z")
@example("9999-12-31T23:59:59.999999-12:00")
def test_any_text_is_a_time_or_refused(told: str) -> None:
    with suppress(BadAlert):
        at = moment(told, "startsAt", SCENE)
        assert at is None or at.utcoffset() is not None


# --- through the listener's application into the records ------------------------------------------

Knock = Callable[[str, bytes], int]


@pytest.fixture
def knock(feed: Alerts, desk: Desk, records: Records, tray: Tray) -> Knock:
    """Send this body to that door; the status of the answer."""
    app = intake_app(feed.routes(replace(desk, records=records)), tray)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def post(source: str, body: bytes) -> int:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pusat") as client:
            answer = await client.post(f"/alerts/{source}", content=body, headers=headers)
            return answer.status_code

    return lambda source, body: asyncio.run(post(source, body))


@st.composite
def mangled_bytes(draw: st.DrawFn) -> tuple[str, bytes]:
    """A recorded message of which a part is missing, or something else."""
    source, body = draw(st.sampled_from(SAMPLES))
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 30)))
    return source, body[:start] + draw(st.binary(max_size=8)) + body[end:]


@st.composite
def mangled_json(draw: st.DrawFn) -> tuple[str, bytes]:
    """A recorded message in which one value, anywhere, is something else."""
    source, sample = draw(st.sampled_from(JSON_SAMPLES))
    told = deepcopy(sample)
    inside: Any = told
    while True:
        places = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        place = draw(st.sampled_from(places))
        further = isinstance(inside[place], (dict, list)) and inside[place]
        if not further or draw(st.booleans()):
            break
        inside = inside[place]
    inside[place] = draw(anything)
    try:
        return source, orjson.dumps(told)
    except TypeError:
        return source, b"{}"


unhurried = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@unhurried
@given(mangled_bytes())
def test_mangled_bytes_are_never_our_own_failure(knock: Knock, sent: tuple[str, bytes]) -> None:
    assert knock(*sent) in (200, 400, 413)


@unhurried
@given(mangled_json())
def test_mangled_values_are_never_our_own_failure(knock: Knock, sent: tuple[str, bytes]) -> None:
    assert knock(*sent) in (200, 400, 413)
