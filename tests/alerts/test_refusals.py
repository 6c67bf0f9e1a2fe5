"""What cannot be understood is refused with a sentence that says what and where."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from commandcenter.alerts import alertmanager, cap, webhook, zabbix
from commandcenter.alerts.alert import BadAlert, Parser, Scene
from tests.alerts.samples import FIRING, PROBLEM, notification
from tests.alerts.samples import cap as warning
from tests.conftest import NOW

SCENE = Scene(NOW, ZoneInfo("Asia/Jakarta"))
BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;">
<!ENTITY n "&m;&m;&m;&m;&m;&m;&m;">]><alert>&n;</alert>"""
OUTSIDE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><alert>&x;</alert>"""


@pytest.mark.asvs("1.5.1")
@pytest.mark.parametrize(
    ("read", "body", "sentence"),
    [
        (alertmanager.read, b'{"alerts": [{"sta', "not JSON in UTF-8: line 1, column"),
        (alertmanager.read, b"[" * 5000 + b"]" * 5000, "not JSON"),
        (alertmanager.read, b"", "not JSON"),
        (alertmanager.read, b"[]", "not a JSON object"),
        (alertmanager.read, b"{}", "alerts must be a list"),
        (alertmanager.read, b'{"alerts": {}}', "alerts must be a list"),
        (zabbix.read, b"null", "not a JSON object"),
        (zabbix.read, b'{"event_value": "{EVENT.VALUE}"}', "event_value must be 1 (problem) or 0"),
        (
            zabbix.read,
            orjson.dumps({**PROBLEM, "event_name": "", "subject": "", "host": "", "host_name": ""}),
            "nothing to call it by",
        ),
        (cap.read, warning()[:-20], "not XML: line 27"),
        (cap.read, warning().decode().encode("utf-16"), "not XML"),
        (cap.read, warning().replace(b"UTF-8", b"x-none"), "encoding that is not taken"),
        (cap.read, warning().replace(b"Hujan", b"Huj\xe9n"), "not XML: line 17"),
        (cap.read, BOMB, "DTD"),
        (cap.read, OUTSIDE, "DTD"),
        (cap.read, b"<alert/>", "not a CAP alert"),
        (cap.read, b"<rss><channel/></rss>", "not a CAP alert"),
        (cap.read, warning(status="Real"), "status must be Actual"),
        (cap.read, warning(kind="Shout"), "msgType must be"),
        (cap.read, warning(kind="Cancel"), "references must name what is cancelled"),
        (cap.read, warning(identifier=""), "sender and identifier"),
        (cap.read, warning(expires="2126-11-21T11:00:00+07:00"), "expires lies more than 366 d"),
        (cap.read, warning(expires="9999-12-31T23:59:59-12:00"), "expires is not a time"),
        (cap.read, b" " * (4 * 2**20) + warning(), "the limit is 4194304"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused(read: Parser, body: bytes, sentence: str) -> None:
    with pytest.raises(BadAlert) as refused:
        read(body, SCENE)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"status": 7}, "status must be firing or resolved"),
        ({"labels": ["a"]}, "labels must be an object"),
        ({"labels": {}, "fingerprint": ""}, "its identity is missing"),
        ({"labels": {}, "annotations": {}}, "nothing to call it by"),
    ],
)
def test_an_alert_of_a_group_that_cannot_be_read_is_refused(
    change: dict[str, Any], sentence: str
) -> None:
    body = orjson.dumps(notification({**FIRING, **change}, FIRING))
    message = alertmanager.read(body, SCENE)
    ((why, kept),) = message.bad
    assert why.startswith("alerts[0]: ")
    assert sentence in why
    assert orjson.loads(kept) == {**FIRING, **change}
    assert len(message.alerts) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": None}, "its identity is missing"),
        ({"title": ""}, "nothing to call it by"),
        ({"status": "ok"}, "status must be firing or resolved"),
        ({"expires_at": "2028-01-01"}, "expires_at lies more than 366 d"),
    ],
)
def test_an_alert_of_a_script_that_cannot_be_read_is_refused(
    change: dict[str, Any], sentence: str
) -> None:
    message = webhook.read(orjson.dumps({"id": 1, "title": "Genset mati", **change}), SCENE)
    assert (message.taken, message.alerts) == (0, ())
    assert sentence in message.bad[0][0]


def test_an_alert_that_is_nested_too_deep_to_be_written_is_put_aside_with_its_message() -> None:
    deep = b'{"alerts": [' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"]}"
    ((_, kept),) = alertmanager.read(deep, SCENE).bad
    assert kept == deep
