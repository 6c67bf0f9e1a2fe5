"""What Grafana tells when a rule has no data or cannot be judged: that, and not the rule's alarm.

Source: Grafana, "No Data and Error states" and "Stale alert instances": by default an alert
DatasourceNoData or DatasourceError with the rule's name in the label `rulename`; where the rule's
state is to be Alerting, or kept, the rule's own alert with the annotation grafana_state_reason
(NoData, Error, MissingSeries, KeepLast; Paused, Updated, RuleDeleted when it ends). Its annotations
are those of the alarm, which nobody has found to be true (grafana/grafana#90447).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from commandcenter.alerts.alert import detail, text, title
from commandcenter.records.alerts import Alert

_NAMES = {"datasourcenodata": "nodata", "datasourceerror": "error"}
_NO_DATA = {
    "nodata": "Tidak ada data",
    "missingseries": "Tidak ada data",
    "error": "Data tidak dapat dibaca",
}
_NOT_WATCHED = {
    "paused": "aturannya dihentikan sementara di Grafana",
    "updated": "aturannya diubah di Grafana",
    "ruledeleted": "aturannya dihapus di Grafana",
}
_TRIAL = timedelta(minutes=10)
_KEPT = "keadaan terakhir dipertahankan"


def understood(
    alert: Alert, labels: Mapping[str, str], notes: Mapping[str, str], now: datetime
) -> Alert:
    """The alert with what Grafana means by it; others are left as they are."""
    name = labels.get("alertname", "")
    if (name, labels.get("instance")) == ("TestAlert", "Grafana"):
        return tried(alert, now)
    reasons = _reasons(name, labels, notes)
    missing = next((_NO_DATA[reason] for reason in reasons if reason in _NO_DATA), "")
    if not alert.firing:
        return _ended(alert, reasons, missing, name)
    if not missing:
        return alert
    rule = labels.get("rulename") or name
    return replace(
        alert,
        title=title(f"{missing}: {rule}"),
        detail=detail(
            notes.get("error"),
            _KEPT if "keeplast" in reasons else "",
            labels.get("grafana_folder"),
            labels.get("instance"),
        ),
    )


def tried(alert: Alert, now: datetime) -> Alert:
    """What the button "Test" of a contact point sends: Grafana never says that it is over."""
    return replace(alert, title=text(f"Uji coba Grafana: {alert.title}"), expires_at=now + _TRIAL)


def _ended(alert: Alert, reasons: list[str], missing: str, name: str) -> Alert:
    """An alarm whose series went away has not recovered: it is not known any more."""
    if missing and name.casefold() not in _NAMES:
        words: dict[str, Any] = {
            "title": title(f"{missing}: {name}"),
            "detail": "keadaannya tidak diketahui lagi",
        }
        return replace(alert, firing=True, corrects=True, again=False, **words)
    why = next((_NOT_WATCHED[reason] for reason in reasons if reason in _NOT_WATCHED), "")
    return replace(alert, final=why)


def _reasons(name: str, labels: Mapping[str, str], notes: Mapping[str, str]) -> list[str]:
    """ "NoData, KeepLast" as ["nodata", "keeplast"]."""
    told = notes.get("grafana_state_reason") or labels.get("grafana_state_reason", "")
    found = [part.strip().casefold() for part in told.split(",") if part.strip()]
    own = _NAMES.get(name.casefold())
    return [own, *found] if own else found
