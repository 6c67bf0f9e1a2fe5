"""Alertmanager's webhook, versions 3 and 4, and Grafana's, which adds to it.

Source: Prometheus, "Alerting: Configuration", section webhook_config; Grafana, "Configure the
webhook notifier for Alerting". The group's own status counts only for alerts that have none, since
a firing group may hold resolved alerts. Repetitions come at the group's repeat_interval.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from commandcenter.alerts import grafana, legacy_grafana
from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    an_object,
    detail,
    each,
    fingerprint,
    kept,
    link,
    links,
    placed,
    read_json,
    remarks,
    tags,
    text,
    title,
    when,
)
from commandcenter.alerts.severity import level_of
from commandcenter.records.alerts import Alert

_STATES = {"firing": True, "resolved": False}
_HEARTBEAT = "none"  # the severity of the alert "Watchdog", which always fires by design


def read(body: bytes, scene: Scene) -> Message:
    """The alerts of one notification. Raises BadAlert."""
    told = an_object(read_json(body))
    if legacy_grafana.is_one(told):
        return legacy_grafana.read(told, scene)
    sender = text(told.get("externalURL"))
    status = text(told.get("status"))
    read_one = partial(_alert, sender=sender, status=status, scene=scene)
    message = each(told.get("alerts"), body, read_one)
    group = _short(str(told.get("groupKey") or told.get("receiver") or ""))
    return replace(message, group=group, left_out=message.left_out + _truncated(told))


def _alert(told: dict[str, Any], sender: str, status: str, scene: Scene) -> Alert | None:
    firing = _STATES.get(str(told.get("status") or status).casefold())
    if firing is None:
        raise BadAlert("status must be firing or resolved")
    labels, notes = tags(told.get("labels")), tags(told.get("annotations"))
    word = labels.get("severity") or labels.get("priority", "")
    if word.casefold() == _HEARTBEAT:
        return None
    level, unknown = level_of(word, scene.severities)
    began_at, ahead = when(told.get("startsAt"), scene)
    alert = Alert(
        source="alertmanager",
        fingerprint=fingerprint(told.get("fingerprint") or _hash(labels)),
        firing=firing,
        level=level,
        title=_title(labels, notes) if firing else "",
        detail=detail(
            *remarks(unknown, ahead),
            notes.get("description") or notes.get("message"),
            labels.get("instance"),
        ),
        runbook=link(notes.get("runbook_url") or notes.get("runbook")),
        began_at=began_at,
        ended_at=when(told.get("endsAt"), scene)[0],
        unknown_severity=unknown,
        seconds_ahead=ahead,
        told={"sender": sender, "labels": kept(labels), "links": _links(told, sender)},
    )
    return grafana.understood(placed(alert, labels, scene), labels, notes, scene.now)


def _title(labels: Mapping[str, str], notes: Mapping[str, str]) -> str:
    """What it is called, else what it says, else what it is about: no alert is lost for a name."""
    called = notes.get("summary"), notes.get("title"), labels.get("alertname")
    about = ", ".join(f"{name}: {value}" for name, value in labels.items())
    return title(*called, notes.get("description"), notes.get("message"), about)


def _links(told: Mapping[str, Any], sender: str) -> dict[str, str]:
    return links(
        source=told.get("generatorURL"),
        silence=told.get("silenceURL"),
        dashboard=told.get("dashboardURL"),
        panel=told.get("panelURL"),
        sender=sender,
    )


def _hash(labels: Mapping[str, str]) -> str:
    """An identity for senders that give none: that of the labels, as Alertmanager has it, too."""
    return _short(orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode()) if labels else ""


def _short(told: str) -> str:
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:16] if told else ""


def _truncated(told: Mapping[str, Any]) -> int:
    """How many alerts the sender kept back (its max_alerts): nobody here knows them."""
    count = told.get("truncatedAlerts")
    return count if isinstance(count, int) and count > 0 else 0
