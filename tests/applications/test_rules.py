"""What the shipped rules make of applications: each fault once, and unknown is neither."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from commandcenter.incidents.condition import Condition
from tests.web import samples

RULES = tomllib.loads(Path("config.toml").read_text(encoding="utf-8"))["rule"]


def verdicts(**facts: Any) -> dict[str, bool | None]:
    value = {**(samples.application("a").value or {}), **facts}
    found = [rule for rule in RULES if rule["feed"] == "applications"]
    return {rule["name"]: Condition.parse(rule["when"]).holds(value) for rule in found}


@pytest.mark.parametrize(
    ("facts", "bad"),
    [
        ({}, set()),
        ({"state": "down"}, {"application-down"}),
        ({"state": "degraded"}, {"application-degraded"}),
        ({"state": "degraded", "certificate": None}, {"application-degraded"}),
        (
            {"state": "degraded", "certificate": "untrusted", "certificate_days": 0.0},
            {"certificate-untrusted"},
        ),
        ({"certificate_days": 3.0}, {"certificate-ending"}),
    ],
)
def test_each_fault_of_an_application_makes_one_incident(
    facts: dict[str, Any], bad: set[str]
) -> None:
    assert {name for name, verdict in verdicts(**facts).items() if verdict} == bad


def test_a_certificate_that_is_not_seen_neither_opens_nor_closes_an_incident() -> None:
    told = verdicts(state="down", certificate=None, certificate_days=None)
    assert told["certificate-untrusted"] is None
    assert told["certificate-ending"] is None


def test_a_source_that_cannot_be_read_makes_an_incident_about_us() -> None:
    (rule,) = (rule for rule in RULES if (rule["feed"], rule.get("kind")) == ("system", "feed"))
    assert Condition.parse(rule["when"]).holds({"ok": False, "error": "DNS"})
    assert not Condition.parse(rule["when"]).holds({"ok": True, "error": ""})
