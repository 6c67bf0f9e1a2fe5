"""The generic webhook, for scripts and for systems with words of their own.

One alert, or a list of them, each an object: `id` and `title`, and as it likes `status` (firing,
resolved), `severity`, `detail`, `runbook`, `link`, `started_at`, `expires_at`, and whom it concerns
(`office`, `kecamatan`, `provider`, `owner`). Unknown fields are ignored.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    detail,
    each,
    fingerprint,
    link,
    links,
    moment,
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

_LONGEST = timedelta(days=366)
_STATES = {"": True, "firing": True, "resolved": False}


def read(body: bytes, scene: Scene) -> Message:
    """The alerts of one message. Raises BadAlert."""
    told = read_json(body)
    entries = told if isinstance(told, list) else [told]
    return each(entries, body, partial(_alert, scene=scene))


def _alert(told: dict[str, Any], scene: Scene) -> Alert:
    firing = _STATES.get(text(told.get("status")).casefold())
    if firing is None:
        raise BadAlert("status must be firing or resolved")
    expires_at = moment(told.get("expires_at"), "expires_at", scene, _LONGEST)
    if expires_at is not None and expires_at <= scene.now:
        firing = False
    level, unknown = level_of(text(told.get("severity")), scene.severities)
    began_at, ahead = when(told.get("started_at"), scene)
    alert = Alert(
        source="webhook",
        fingerprint=fingerprint(told.get("id")),
        firing=firing,
        level=level,
        title=title(told.get("title")) if firing else "",
        detail=detail(*remarks(unknown, ahead), told.get("detail")),
        runbook=link(told.get("runbook")),
        began_at=began_at,
        expires_at=expires_at,
        unknown_severity=unknown,
        seconds_ahead=ahead,
        told={"sender": "", "labels": {}, "links": links(source=told.get("link"))},
    )
    return placed(alert, tags(told), scene)
