"""Cameras and their worker processes as Prometheus families."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from commandcenter.board import Board


def camera_figures(board: Board) -> Iterator[Metric]:
    """What every feed of cameras tells. A camera without a picture has no time of one: never 0."""
    state = GaugeMetricFamily(
        "commandcenter_camera_state", "1 for the state it is in", labels=["camera", "state"]
    )
    taken = GaugeMetricFamily(
        "commandcenter_camera_picture_timestamp_seconds",
        "When its last picture was taken",
        labels=["camera"],
    )
    cost = GaugeMetricFamily(
        "commandcenter_camera_received_bytes_per_second",
        "What it cost its link over the last minute",
        labels=["camera"],
    )
    for feed in board.patience:
        for reading in board.all(feed, "camera"):
            told = reading.value or {}
            state.add_metric([reading.identity, told["state"]], 1.0)
            if told["captured_at"] is not None:
                at = datetime.fromisoformat(told["captured_at"])
                taken.add_metric([reading.identity], at.timestamp())
            if told["bytes_per_second"] is not None:
                cost.add_metric([reading.identity], told["bytes_per_second"])
    yield from (state, taken, cost, *_workers(board))


def _workers(board: Board) -> Iterator[Metric]:
    labels = ["feed", "worker"]
    size = GaugeMetricFamily(
        "commandcenter_camera_worker_resident_bytes", "Memory of the process", labels=labels
    )
    cameras = GaugeMetricFamily(
        "commandcenter_camera_worker_cameras", "Cameras that it watches", labels=labels
    )
    restarts = GaugeMetricFamily(
        "commandcenter_camera_worker_restarts", "Times its place was filled anew", labels=labels
    )
    for reading in board.all("system", "feed"):
        workers: list[dict[str, Any]] = (reading.value or {}).get("notes", {}).get("workers", [])
        for number, worker in enumerate(workers):
            place = [reading.identity, str(number)]
            size.add_metric(place, worker["rss"])
            cameras.add_metric(place, len(worker["cameras"]))
            restarts.add_metric(place, worker["restarts"])
    yield from (size, cameras, restarts)
