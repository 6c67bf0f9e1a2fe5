"""Alertmanager's webhook, version 4, and Grafana's, which adds to it.

Source: Prometheus, "Alerting: Configuration", section webhook_config; Grafana, "Configure the
webhook notifier for Alerting". The group's own status is not looked at, since a firing group may
hold resolved alerts. Repetitions come at the group's repeat_interval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    an_object,
    detail,
    each,
    fingerprint,
    level,
    link,
    moment,
    placed,
    read_json,
    tags,
    title,
)
from commandcenter.records.alerts import Alert

_STATES = {"firing": True, "resolved": False}
_HEARTBEAT = "none"  # the severity of the alert "Watchdog", which always fires by design


def read(body: bytes, scene: Scene) -> Message:
    """The alerts of one notification. Raises BadAlert."""
    told = an_object(read_json(body))
    message = each(told.get("alerts"), body, partial(_alert, scene=scene))
    return _with_left_out(message, told.get("truncatedAlerts"))


def _alert(told: dict[str, Any], scene: Scene) -> Alert | None:
    firing = _STATES.get(str(told.get("status")))
    if firing is None:
        raise BadAlert("status must be firing or resolved")
    labels, notes = tags(told.get("labels")), tags(told.get("annotations"))
    moment(told.get("startsAt"), "startsAt", scene)
    if labels.get("severity") == _HEARTBEAT:
        return None
    alert = Alert(
        source="alertmanager",
        fingerprint=fingerprint(told.get("fingerprint") or _hash(labels)),
        firing=firing,
        level=level(labels.get("severity", "")),
        title=_title(labels, notes) if firing else "",
        detail=detail(
            notes.get("description") or notes.get("message"),
            labels.get("instance"),
        ),
        runbook=link(notes.get("runbook_url") or notes.get("runbook")),
    )
    return placed(alert, labels, scene)


def _title(labels: Mapping[str, str], notes: Mapping[str, str]) -> str:
    return title(notes.get("summary"), notes.get("title"), labels.get("alertname"))


def _hash(labels: Mapping[str, str]) -> str:
    """An identity for senders that give none: that of the labels, as Alertmanager has it, too."""
    if not labels:
        return ""
    return hashlib.sha256(orjson.dumps(labels, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _with_left_out(message: Message, count: Any) -> Message:
    """Alerts that the sender kept back are told, for they would be missed by nobody."""
    if not isinstance(count, int) or count <= 0:
        return message
    left_out = f"truncatedAlerts: the sender left out {count} alerts; see its max_alerts"
    return Message(taken=message.taken, alerts=message.alerts, bad=(*message.bad, (left_out, b"")))
