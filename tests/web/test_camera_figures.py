"""What Prometheus is told of cameras and their workers."""

from __future__ import annotations

from typing import Any

from prometheus_client.core import Metric

from commandcenter.board import Board, Patience
from commandcenter.reading import Reading
from commandcenter.web.camera_figures import camera_figures
from tests.conftest import NOW


def camera(name: str, **told: Any) -> Reading:
    value = {"state": "live", "captured_at": NOW.isoformat(), "bytes_per_second": 64_000.0}
    return Reading(feed="cctv", key=f"camera/{name}", at=NOW, value=value | told)


def told(*readings: Reading) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by family and labels."""
    patience = Patience(late_after=30, stale_after=90)
    board = Board(patience={"cctv": patience, "system": patience})
    board.take(readings, NOW)
    families: dict[str, Metric] = {family.name: family for family in camera_figures(board)}
    return {
        name: {tuple(s.labels.values()): s.value for s in family.samples}
        for name, family in families.items()
    }


def test_a_camera_tells_its_state_its_picture_s_time_and_its_cost() -> None:
    found = told(camera("pasar"), camera("pelabuhan", state="frozen"))
    states = found["commandcenter_camera_state"]
    assert states == {("pasar", "live"): 1, ("pelabuhan", "frozen"): 1}
    taken = found["commandcenter_camera_picture_timestamp_seconds"]
    assert taken[("pasar",)] == NOW.timestamp()
    assert found["commandcenter_camera_received_bytes_per_second"][("pasar",)] == 64_000


def test_a_camera_that_never_gave_a_picture_has_no_time_and_no_cost_instead_of_zero() -> None:
    found = told(camera("baru", state="starting", captured_at=None, bytes_per_second=None))
    assert found["commandcenter_camera_picture_timestamp_seconds"] == {}
    assert found["commandcenter_camera_received_bytes_per_second"] == {}


def test_workers_are_told_by_their_places() -> None:
    workers = [
        {"pid": 71, "cameras": ["a", "b"], "rss": 60_000_000, "restarts": 2},
        {"pid": 72, "cameras": ["c"], "rss": 50_000_000, "restarts": 0},
    ]
    status = Reading(feed="system", key="feed/cctv", at=NOW, value={"notes": {"workers": workers}})
    found = told(status)
    assert found["commandcenter_camera_worker_cameras"] == {("cctv", "0"): 2, ("cctv", "1"): 1}
    assert found["commandcenter_camera_worker_restarts"][("cctv", "0")] == 2
    assert found["commandcenter_camera_worker_resident_bytes"][("cctv", "1")] == 50_000_000
