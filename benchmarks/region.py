"""A region of any number of offices: one reading of everything the shipped panels draw."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.soak.things import incident
from commandcenter.reading import Reading
from commandcenter.vocabulary import (
    Application,
    Camera,
    Complaint,
    ComplaintTotals,
    Device,
    FeedStatus,
    OfficeAttendance,
    Provider,
)

PROVIDERS = ("Telkom", "Icon+", "Lintasarta")
EVERY = 10.0  # seconds between two looks at the network


def region(offices: int, now: datetime, seed: int = 1) -> Iterator[Reading]:
    """The same region for the same seed."""
    chance = random.Random(seed)
    for number in range(offices):
        yield _told("network", f"device/{number}", now, _device(number, chance))
        yield _told("attendance", f"office/{number}", now, _office(number, now, chance))
    for number, name in enumerate(PROVIDERS):
        yield _told("network", f"provider/{number}", now, _provider(name, offices, chance))
    for number in range(40):
        yield _told("complaints", f"complaint/{number}", now, _complaint(number, now, chance))
    totals = ComplaintTotals(
        open=offices,
        overdue=3,
        new_today=7,
        closed_today=5,
        undated=0,
        gone=0,
        at_least=False,
        from_file=0,
        file_at=None,
        refused={},
    )
    yield _told("complaints", "totals/all", now, totals)
    for number in range(10):
        yield _told("applications", f"application/{number}", now, _application(number, chance))
    for number in range(24):
        yield _told("cameras", f"camera/{number}", now, _camera(number, now))
    for number in range(offices // 10):
        yield _told("incidents", f"incident/{number}", now, _incident(number, now, chance))
    for feed in ("network", "attendance", "complaints", "applications", "cameras", "incidents"):
        yield _told("system", f"feed/{feed}", now, _status(now))


def past(points: int, now: datetime, seed: int = 1) -> Iterator[Reading]:
    """The recent past of the providers' traffic, oldest first."""
    chance = random.Random(seed)
    for back in range(points, 0, -1):
        at = now - timedelta(seconds=EVERY * back)
        for number, name in enumerate(PROVIDERS):
            yield _told("network", f"provider/{number}", at, _provider(name, 61, chance))


def _told(feed: str, key: str, at: datetime, value: Any) -> Reading:
    return Reading(feed=feed, key=key, at=at, value=dict(value))


def _device(number: int, chance: random.Random) -> Device:
    return Device(
        name=f"Dinas {number}",
        role="office",
        office=str(number),
        kecamatan=f"Kecamatan {number % 6}",
        provider=PROVIDERS[number % 3],
        parent="",
        state=chance.choices(("up", "degraded", "down"), (90, 6, 4))[0],
        detail="",
        probe="icmp",
        rtt_ms=chance.uniform(2, 80),
        loss_percent=0.0,
        in_bps=chance.uniform(1e6, 9e7),
        out_bps=chance.uniform(1e6, 9e7),
        errors_per_second=0.0,
        uptime_seconds=86_400.0,
        latitude=None,
        longitude=None,
    )


def _office(number: int, now: datetime, chance: random.Random) -> OfficeAttendance:
    return OfficeAttendance(
        name=f"Dinas {number}",
        kecamatan=f"Kecamatan {number % 6}",
        expected=60,
        present=chance.randint(30, 60),
        late=chance.randint(0, 6),
        machines=2,
        machines_silent=int(chance.random() < 0.05),
        clocks_wrong=0,
        machines_unreadable=0,
        last_scan_at=now.isoformat(),
        working=True,
    )


def _provider(name: str, offices: int, chance: random.Random) -> Provider:
    return Provider(
        name=name,
        devices=offices // 3,
        up=offices // 3 - 1,
        leaves=offices // 3,
        telling=offices // 3 - 1,
        in_bps=chance.uniform(2e8, 9e8),
        out_bps=chance.uniform(1e8, 4e8),
        rtt_ms=chance.uniform(8, 30),
        loss_percent=chance.uniform(0, 2),
    )


def _complaint(number: int, now: datetime, chance: random.Random) -> Complaint:
    return Complaint(
        number=str(4000 + number),
        source="webhook",
        title="Lampu jalan padam di depan pasar",
        category="Penerangan",
        agency="Dinas Perhubungan",
        address="Jl. Iskandar",
        stage=chance.choice(("received", "forwarded", "in_work")),
        received_at=now.isoformat(),
        due_at=(now + timedelta(hours=chance.uniform(-20, 90))).isoformat(),
        overdue=False,
        file_at=None,
    )


def _application(number: int, chance: random.Random) -> Application:
    return Application(
        name=f"Aplikasi {number}",
        url="http://127.0.0.1/",
        behind="",
        state="up",
        detail="",
        status=200,
        latency_ms=chance.uniform(40, 300),
        certificate="trusted",
        certificate_days=90.0,
        certificate_ends_first=f"aplikasi-{number}",
    )


def _camera(number: int, now: datetime) -> Camera:
    """Without a picture: it would be fetched apart from what is measured here."""
    return Camera(
        name=f"Simpang {number}",
        owner="Dishub",
        behind="",
        place=number,
        state="live",
        detail="",
        captured_at=now.isoformat(),
        changed_at=now.isoformat(),
        picture=None,
        width=640,
        height=360,
        office="",
        latitude=None,
        longitude=None,
        seen_by=[],
        since=now.isoformat(),
        patience=15.0,
        way="keep",
        bytes_per_second=None,
    )


def _incident(number: int, now: datetime, chance: random.Random) -> dict[str, Any]:
    about = {"id": str(number), "name": f"Dinas {number}", "provider": "Telkom"}
    return incident("", number, about, now, critical=chance.random() < 0.5).value or {}


def _status(now: datetime) -> FeedStatus:
    return FeedStatus(
        ok=True,
        error="",
        since=now.isoformat(),
        last_success_at=now.isoformat(),
        looks=1,
        readings=1,
        rejects=0,
        list_mistakes=[],
        seconds=0.1,
        notes={},
    )
