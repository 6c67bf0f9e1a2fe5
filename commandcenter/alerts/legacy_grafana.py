"""The webhook of Grafana's old alerting (until version 10): one rule a request.

Source: Grafana 8, "Alert notifications", section Webhook: ruleId, ruleName, state (ok, paused,
alerting, pending, no_data), message, ruleUrl, evalMatches, tags.

A rule that alerts for want of data, or because its source is away, says "alerting" and names no
value that it found (grafana/grafana#21674).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    detail,
    fingerprint,
    kept,
    links,
    placed,
    remarks,
    tags,
    text,
    title,
)
from commandcenter.alerts.grafana import tried
from commandcenter.alerts.severity import level_of
from commandcenter.records.alerts import Alert

_STATES = {"alerting": True, "no_data": True, "ok": False, "paused": False}
_TRIAL = "Someone is testing the alert notification within"
_PAUSED = "aturannya dihentikan sementara di Grafana"


def is_one(told: Mapping[str, Any]) -> bool:
    """Whether a message is of this kind."""
    return "alerts" not in told and "ruleId" in told and "state" in told


def read(told: Mapping[str, Any], scene: Scene) -> Message:
    """The rule's alert. Raises BadAlert."""
    state = text(told["state"]).casefold()
    if state in ("pending", "unknown"):
        return Message(taken=0, ignored=f"state {state}")
    if state not in _STATES:
        raise BadAlert("state must be alerting, no_data, ok, paused or pending")
    return Message(taken=1, alerts=(_alert(told, state, scene),))


def _alert(told: Mapping[str, Any], state: str, scene: Scene) -> Alert:
    labels, name = tags(told.get("tags")), told.get("ruleName") or told.get("title")
    missing = state == "no_data" or (state == "alerting" and _found_nothing(told))
    level, unknown = level_of(labels.get("severity", ""), scene.severities)
    rule = f"grafana-{text(told.get('orgId'))}-{text(told['ruleId'])}"
    alert = Alert(
        source="alertmanager",
        fingerprint=fingerprint(rule),
        firing=_STATES[state],
        level=level,
        title=title(f"Tidak ada data: {text(name)}" if missing else name),
        detail=detail(*remarks(unknown, 0.0), "" if missing else told.get("message")),
        final=_PAUSED if state == "paused" else "",
        unknown_severity=unknown,
        told={"sender": "", "labels": kept(labels), "links": links(source=told.get("ruleUrl"))},
    )
    trial = str(told.get("message")).startswith(_TRIAL)
    return placed(tried(alert, scene.now) if trial else alert, labels, scene)


def _found_nothing(told: Mapping[str, Any]) -> bool:
    matches = told.get("evalMatches")
    if not isinstance(matches, list):
        return False
    values = (one.get("value") for one in matches if isinstance(one, dict))
    return all(value is None for value in values)
