"""Readings as the feeds tell them, for the wall to draw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from commandcenter.reading import Origin, Reading
from commandcenter.vocabulary import (
    Application,
    ApplicationState,
    Camera,
    CameraState,
    Complaint,
    ComplaintTotals,
    Device,
    FeedStatus,
    Incident,
    IncidentTotals,
    LinkState,
    Machine,
    MachineState,
    OfficeAttendance,
    ProcessStatus,
    Provider,
)

KECAMATAN = (
    "Arut Selatan",
    "Arut Utara",
    "Kumai",
    "Kotawaringin Lama",
    "Pangkalan Banteng",
    "Lada",
)


def present() -> datetime:
    """The clock of the server under test is the real one."""
    return datetime.now(UTC)


def reading(
    feed: str, key: str, value: dict[str, Any] | None, origin: Origin = Origin.LIVE
) -> Reading:
    return Reading(feed=feed, key=key, at=present(), value=value, origin=origin)


def device(
    number: int, *, state: LinkState = "up", name: str = "", feed: str = "network"
) -> Reading:
    value: Device = {
        "name": name or f"Dinas Nomor {number}",
        "role": "office",
        "office": f"kantor-{number}",
        "kecamatan": KECAMATAN[number % len(KECAMATAN)],
        "provider": "Telkom",
        "parent": "",
        "state": state,
        "detail": "",
        "probe": "icmp",
        "rtt_ms": 12.0,
        "loss_percent": 0.0,
        "in_bps": 4e6,
        "out_bps": 1e6,
        "errors_per_second": 0.0,
        "uptime_seconds": 86400.0,
        "latitude": None,
        "longitude": None,
    }
    return reading(feed, f"device/rtr-{number}", dict(value))


def provider(name: str, in_bps: float = 250e6, *, devices: int = 30) -> Reading:
    value: Provider = {
        "name": name,
        "devices": devices,
        "up": devices,
        "leaves": devices,
        "telling": devices,
        "in_bps": in_bps,
        "out_bps": in_bps / 4,
        "rtt_ms": 14.0,
        "loss_percent": 0.1,
    }
    return reading("network", f"provider/{name.lower()}", dict(value))


def office(
    number: int,
    *,
    present: int | None = 40,
    silent: int = 0,
    name: str = "",
    working: bool = True,
    clocks_wrong: int = 0,
    expected: int = 50,
) -> Reading:
    value: OfficeAttendance = {
        "name": name or f"Dinas Nomor {number} dengan Nama yang Panjang",
        "kecamatan": KECAMATAN[number % len(KECAMATAN)],
        "expected": expected,
        "present": present,
        "late": None if present is None or clocks_wrong else 3,
        "machines": 1,
        "machines_silent": silent,
        "clocks_wrong": clocks_wrong,
        "machines_unreadable": 0,
        "last_scan_at": None if present is None else from_now(-600),
        "working": working,
    }
    return reading("attendance", f"office/kantor-{number}", dict(value))


def machine(serial: str, state: MachineState = "online") -> Reading:
    value: Machine = {
        "office": "",
        "office_name": "",
        "behind": "",
        "state": state,
        "detail": "",
        "last_seen_at": from_now(-10),
        "firmware": "",
        "address": "",
    }
    return reading("attendance", f"machine/{serial}", dict(value))


def complaint(number: int, *, title: str = "", feed: str = "complaints") -> Reading:
    value: Complaint = {
        "number": str(number),
        "source": "open311",
        "title": title or f"Jalan rusak di depan pasar nomor {number}",
        "category": "Jalan",
        "agency": "Dinas PUPR",
        "address": "Jl. Sutan Syahrir",
        "stage": "received",
        "received_at": from_now(-86400),
        "due_at": from_now(3600 * (number + 1)),
        "overdue": False,
        "file_at": None,
    }
    return reading(feed, f"complaint/open311:{number}", dict(value))


def complaint_totals(count: int, feed: str = "complaints", **more: Any) -> Reading:
    value: ComplaintTotals = {
        "open": count,
        "overdue": 0,
        "new_today": 2,
        "closed_today": 1,
        "undated": 0,
        "gone": 0,
        "at_least": False,
        "from_file": 0,
        "file_at": None,
        "refused": {},
    }
    return reading(feed, "totals/all", {**value, **more})


def application(
    name: str,
    *,
    state: ApplicationState = "up",
    url: str = "",
    certificate: Literal["trusted", "untrusted"] | None = "trusted",
    certificate_days: float = 80.0,
) -> Reading:
    value: Application = {
        "name": name,
        "url": url or f"https://{name}.example",
        "state": state,
        "detail": "",
        "status": 200,
        "latency_ms": 120.0,
        "certificate": certificate,
        "certificate_days": certificate_days if certificate else None,
        "certificate_ends_first": f"{name}.example" if certificate else "",
        "behind": "",
    }
    return reading("applications", f"application/{name}", dict(value))


def camera(
    place: int,
    *,
    state: CameraState = "live",
    origin: Origin = Origin.LIVE,
    name: str = "",
    seen_by: Sequence[str] = (),
    picture: int | None = None,
) -> Reading:
    seen = state not in ("unreachable", "starting")
    value: Camera = {
        "name": name or f"Simpang {place}",
        "owner": "Dishub",
        "place": place,
        "state": state,
        "detail": "" if seen else "tidak menjawab",
        "captured_at": from_now(0) if seen else None,
        "changed_at": from_now(-60) if seen else None,
        "picture": picture,
        "width": 640,
        "height": 360,
        "behind": "",
        "office": "",
        "latitude": -2.70 + 0.02 * (place // 8),
        "longitude": 111.40 + 0.03 * (place % 8),
        "seen_by": list(seen_by),
        "since": from_now(-60),
        "patience": 15.0,
        "way": "keep",
        "bytes_per_second": 20_000.0,
    }
    return reading("cameras", f"camera/simpang-{place}", dict(value), origin)


def incident(
    number: int, *, title: str = "", level: Literal["warning", "critical"] = "critical"
) -> Reading:
    value: Incident = {
        "number": number,
        "title": title or f"Tautan Dinas Nomor {number} putus",
        "detail": "Telkom · tidak menjawab 3 ping",
        "level": level,
        "state": "open",
        "feed": "network",
        "about": f"device/rtr-{number}",
        "source": "rule",
        "owner": "",
        "assignee": None,
        "office": f"kantor-{number}",
        "kecamatan": KECAMATAN[number % len(KECAMATAN)],
        "provider": "Telkom",
        "runbook": "",
        "opened_at": from_now(-60 * number),
        "last_seen_at": from_now(-60 * number),
        "count": 1,
        "flapping": False,
        "affected": 0,
        "maintenance": False,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "acknowledged_until": None,
        "shelved_until": None,
        "resolved_at": None,
        "resolved_by": None,
        "cause": None,
        "escalated": 0,
        "version": 1,
        "revision": 1,
    }
    return reading("incidents", f"incident/{number}", dict(value))


def incident_totals(count: int) -> Reading:
    value: IncidentTotals = {
        "open": count,
        "acknowledged": 0,
        "unacknowledged": count,
        "critical": count,
        "oldest_at": None,
        "shelved": 0,
        "resolved": 0,
        "resolved_today": 0,
    }
    return reading("incidents", "totals/all", dict(value))


def feed_status(name: str, *, error: str = "", list_mistakes: Sequence[str] = ()) -> Reading:
    value: FeedStatus = {
        "ok": not error,
        "error": error,
        "since": from_now(-60),
        "last_success_at": from_now(-1),
        "looks": 12,
        "readings": 340,
        "rejects": 2,
        "list_mistakes": [*list_mistakes],
        "seconds": 0.4,
        "notes": {"probe": "icmp"},
    }
    return reading("system", f"feed/{name}", dict(value))


def process(name: str, *, error: str = "") -> Reading:
    told: ProcessStatus = {"ok": not error, "error": error, "since": from_now(-60)}
    return reading("system", f"process/{name}", dict(told))


def from_now(seconds: float) -> str:
    """So many seconds from now, as ISO text."""
    return (present() + timedelta(seconds=seconds)).isoformat()


def everything(offices: int) -> dict[str, Sequence[Reading]]:
    """What all feeds tell of a region with so many offices; feed -> readings."""
    if offices == 0:
        return {}
    some = min(offices, 300)
    return {
        "network": [device(n, state="down" if n % 9 == 4 else "up") for n in range(offices)]
        + [provider("Telkom"), provider("Moratel", 120e6), provider("Iconnet", 60e6)],
        "attendance": [office(n, silent=int(n % 10 == 3)) for n in range(offices)],
        "complaints": [complaint(n) for n in range(some)] + [complaint_totals(some)],
        "applications": [application(f"aplikasi-{n}") for n in range(min(offices, 10))],
        "cameras": [
            camera(n, state="live" if n % 7 else "frozen") for n in range(min(offices, 24))
        ],
        "incidents": [incident(n + 1) for n in range(some)] + [incident_totals(some)],
        "system": [process("watch")],
    }
