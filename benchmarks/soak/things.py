"""What the sources tell of each thing, as commandcenter.vocabulary has it."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from benchmarks.soak.wall import LISTS
from commandcenter.reading import Reading
from commandcenter.vocabulary import (
    Application,
    Camera,
    CameraState,
    Complaint,
    ComplaintTotals,
    Device,
    FeedStatus,
    Incident,
    IncidentTotals,
    LinkState,
    OfficeAttendance,
    Provider,
)

Row: TypeAlias = Mapping[str, str]
ApplicationState: TypeAlias = Literal["up", "degraded", "down"]
SILENT = "tidak menjawab"


def rows(name: str) -> list[Row]:
    """A list of the demo."""
    with (LISTS / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def tell(feed: str, key: str, at: datetime, value: Any) -> Reading:
    """A reading; of None: the thing is gone."""
    return Reading(feed=feed, key=key, at=at, value=None if value is None else dict(value))


def device(row: Row, at: datetime, state: LinkState = "up", rtt_ms: float = 12.0) -> Reading:
    """A router of devices.csv."""
    value: Device = {
        "name": row["name"],
        "role": row["role"],  # type: ignore[typeddict-item]
        "office": row["office"],
        "kecamatan": row["kecamatan"],
        "provider": row["provider"],
        "parent": row["parent"],
        "state": state,
        "detail": SILENT if state == "down" else "",
        "probe": "icmp",
        "rtt_ms": rtt_ms,
        "loss_percent": 0.0,
        "in_bps": 4e6,
        "out_bps": 1e6,
        "errors_per_second": 0.0,
        "uptime_seconds": 86_400.0,
        "latitude": float(row["latitude"]),
        "longitude": float(row["longitude"]),
    }
    return tell("network", f"device/{row['id']}", at, value)


def provider(name: str, at: datetime, in_bps: float) -> Reading:
    """The links of a provider together."""
    value: Provider = {
        "name": name,
        "devices": 20,
        "up": 20,
        "leaves": 20,
        "telling": 20,
        "in_bps": in_bps,
        "out_bps": in_bps / 4,
        "rtt_ms": 14.0,
        "loss_percent": 0.1,
    }
    return tell("network", f"provider/{name.lower()}", at, value)


def office(row: Row, at: datetime, hour: float) -> Reading:
    """Who is at an office of offices.csv: they come from half past six and go at four."""
    expected = int(row["employees"])
    came = min(1.0, max(0.0, (hour - 6.5) / 1.5)) if hour < 16 else max(0.0, (18 - hour) / 2)
    value: OfficeAttendance = {
        "name": row["name"],
        "kecamatan": row["kecamatan"],
        "expected": expected,
        "present": round(0.93 * expected * came),
        "late": round(0.05 * expected * came),
        "machines": 1,
        "machines_silent": 0,
        "clocks_wrong": 0,
        "machines_unreadable": 0,
        "last_scan_at": at.isoformat(),
        "working": 7 <= hour < 16,
    }
    return tell("attendance", f"office/{row['code']}", at, value)


def application(row: Row, at: datetime, state: ApplicationState = "up") -> Reading:
    """An application of applications.csv."""
    value: Application = {
        "name": row["name"],
        "url": row["url"],
        "state": state,
        "detail": "" if state == "up" else SILENT,
        "status": 200,
        "latency_ms": 120.0,
        "certificate": "trusted",
        "certificate_days": 90.0,
        "certificate_ends_first": row["id"],
        "behind": "",
    }
    return tell("applications", f"application/{row['id']}", at, value)


def camera(row: Row, place: int, at: datetime, state: CameraState = "live") -> Reading:
    """A camera of cameras.csv, with a picture taken just now."""
    value: Camera = {
        "name": row["name"],
        "owner": row["owner"],
        "place": place,
        "state": state,
        "detail": "" if state == "live" else SILENT,
        "captured_at": at.isoformat(),
        "changed_at": at.isoformat(),
        "picture": (at - datetime(1970, 1, 1, tzinfo=at.tzinfo)) // timedelta(microseconds=1),
        "width": 640,
        "height": 360,
        "behind": "",
        "office": "",
        "latitude": None,
        "longitude": None,
        "seen_by": [],
        "since": at.isoformat(),
        "patience": 15.0,
        "way": "keep",
        "bytes_per_second": None,
    }
    return tell("cameras", f"camera/{row['id']}", at, value)


def complaint(key: str, number: str, row: Row, at: datetime, due_hours: float) -> Reading:
    """A complaint like one of complaints.csv."""
    value: Complaint = {
        "number": number,
        "source": "webhook",
        "title": row["title"],
        "category": row["category"],
        "agency": row["agency"],
        "address": row["address"],
        "stage": "received",
        "received_at": at.isoformat(),
        "due_at": (at + timedelta(hours=due_hours)).isoformat(),
        "overdue": due_hours < 0,
        "file_at": None,
    }
    return tell("complaints", key, at, value)


def incident(key: str, number: int, about: Row, at: datetime, *, critical: bool) -> Reading:
    """An incident about a router that nobody has taken yet."""
    value: Incident = {
        "number": number,
        "title": f"Tautan {about['name']} putus",
        "detail": f"{about['provider']} · {SILENT}",
        "level": "critical" if critical else "warning",
        "feed": "network",
        "about": f"device/{about['id']}",
        "opened_at": at.isoformat(),
        "acknowledged_at": None,
        "acknowledged_by": None,
        "version": 1,
        "state": "open",
        "source": "rule",
        "owner": "",
        "assignee": None,
        "office": "",
        "kecamatan": "",
        "provider": "",
        "runbook": "",
        "last_seen_at": at.isoformat(),
        "count": 1,
        "flapping": False,
        "affected": 0,
        "maintenance": False,
        "acknowledged_until": None,
        "shelved_until": None,
        "resolved_at": None,
        "resolved_by": None,
        "cause": None,
        "escalated": 0,
        "revision": 1,
    }
    return tell("incidents", key, at, value)


def acknowledged(of: Reading, at: datetime) -> Reading:
    """The same incident, taken by an operator."""
    taken = {"acknowledged_at": at.isoformat(), "acknowledged_by": "operator 1", "version": 2}
    return tell("incidents", of.key, at, {**(of.value or {}), **taken})


def complaint_totals(found: Sequence[Reading], at: datetime) -> Reading:
    """All open complaints."""
    value: ComplaintTotals = {
        "open": len(found),
        "overdue": sum((r.value or {})["overdue"] for r in found),
        "new_today": 7,
        "closed_today": 5,
        "undated": 0,
        "gone": 0,
        "at_least": False,
        "from_file": 0,
        "file_at": None,
        "refused": {},
    }
    return tell("complaints", "totals/all", at, value)


def incident_totals(found: Sequence[Reading], at: datetime) -> Reading:
    """All open incidents."""
    values = [reading.value or {} for reading in found]
    waiting = [value for value in values if value["acknowledged_at"] is None]
    value: IncidentTotals = {
        "open": len(values),
        "acknowledged": len(values) - len(waiting),
        "unacknowledged": len(waiting),
        "critical": sum(value["level"] == "critical" for value in values),
        "oldest_at": min((value["opened_at"] for value in waiting), default=None),
        "shelved": 0,
        "resolved": 0,
        "resolved_today": 0,
    }
    return tell("incidents", "totals/all", at, value)


def feed_status(name: str, at: datetime) -> Reading:
    """A feed that is well."""
    value: FeedStatus = {
        "ok": True,
        "error": "",
        "since": at.isoformat(),
        "last_success_at": at.isoformat(),
        "looks": 12,
        "readings": 340,
        "rejects": 0,
        "list_mistakes": [],
        "seconds": 0.1,
        "notes": {},
    }
    return tell("system", f"feed/{name}", at, value)
