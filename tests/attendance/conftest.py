"""Two machines in the list, a feed that knows them, and a listener they can push to."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path

import pytest

from commandcenter.feed import Desk
from commandcenter.intake import Intake, intake_app
from commandcenter.reading import Reading
from commandcenter.records.database import Records
from feeds.attendance import Attendance
from tests.conftest import Tray

LIST = "serial,office,name\nDK1,dinkes,Lobi\nDK2,dinkes,Gudang\n"


@pytest.fixture
def machines(tmp_path: Path) -> Path:
    path = tmp_path / "machines.csv"
    path.write_text(LIST)
    return path


@pytest.fixture
def feed(machines: Path) -> Attendance:
    return Attendance(
        name="attendance",
        machines=str(machines),
        workday_starts=time(7, 30),
        workdays=(1, 2, 3, 4, 5, 6),  # it is Saturday
        late_tolerance_minutes=5,
        silent_after=120,
    )


@pytest.fixture
def bells() -> list[str]:
    """Grows by one with each ring for the runner."""
    return []


on_both = pytest.mark.parametrize("desk", ["sqlite", "postgres"], indirect=True)
"""For what depends on the database."""


@pytest.fixture
def desk(desk: Desk, request: pytest.FixtureRequest, bells: list[str]) -> Desk:
    """On SQLite, if not `on_both`."""
    records: Records = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_records")
    return replace(desk, records=records, wake=lambda: bells.append("ring"))


@pytest.fixture
def app(feed: Attendance, desk: Desk, tray: Tray) -> Intake:
    return intake_app(feed.routes(desk), tray)


async def look(feed: Attendance, desk: Desk) -> dict[str, Reading]:
    """What one look tells, by key."""
    return {reading.key: reading async for reading in feed.read(desk)}
