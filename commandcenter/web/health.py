"""/healthz, /readyz and /metrics: whether we live, whether we are of use, and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.process_collector import ProcessCollector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from commandcenter.board import Board
from commandcenter.bus import Bus, BusDown
from commandcenter.records.database import Records, RecordsDown
from commandcenter.web.camera_figures import camera_figures
from commandcenter.web.hub import Hub


class Health:
    """The three doors for those who watch the watcher."""

    def __init__(self, bus: Bus, records: Records, hub: Hub, now: Callable[[], datetime]) -> None:
        self.bus, self.records, self.hub, self.now = bus, records, hub, now
        self.registry = CollectorRegistry()
        self.registry.register(Figures(hub))
        ProcessCollector(registry=self.registry)

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self.metrics),
        ]

    async def healthz(self, _: Request) -> Response:
        """200 as long as this process answers at all."""
        return PlainTextResponse("alive\n")

    async def readyz(self, _: Request) -> Response:
        """200 when Redis, the records and every feed are well, else 503; always with the why."""
        told = {
            "redis": await self._redis(),
            "records": await self._records(),
            "feeds": self._feeds(),
            "processes": self._system("process"),
        }
        well = told["redis"]["ok"] and told["records"]["ok"]
        parts = (*told["feeds"].values(), *told["processes"].values())
        well = well and all(part["ok"] for part in parts)
        # A gateway that is away is told, too; but it is no reason to take us out of service.
        told["channels"] = self._system("channel")
        return JSONResponse({"ok": well, **told}, status_code=200 if well else 503)

    async def metrics(self, _: Request) -> Response:
        """Prometheus text format."""
        return Response(generate_latest(self.registry), media_type="text/plain; version=0.0.4")

    async def _redis(self) -> dict[str, Any]:
        try:
            return {"ok": True, "seconds": round(await self.bus.ping(), 6)}
        except BusDown as error:
            return {"ok": False, "error": str(error)}

    async def _records(self) -> dict[str, Any]:
        try:
            return {"ok": True, "database": await self.records.ping()}
        except RecordsDown as error:
            return {"ok": False, "error": str(error)}

    def _feeds(self) -> dict[str, Any]:
        board = self.hub.board
        return {name: _feed(board, name, self.now()) for name in board.patience}

    def _system(self, kind: str) -> dict[str, Any]:
        """What processes, or channels of messages, tell of themselves."""
        return {r.identity: r.value or {} for r in self.hub.board.all("system", kind)}


def _feed(board: Board, name: str, now: datetime) -> dict[str, Any]:
    """How one feed is: its runner's word, and the age of the newest thing it told."""
    newest = board.newest(name)
    age = (now - newest).total_seconds() if newest else None
    status = next((r.value for r in board.all("system", "feed") if r.identity == name), None) or {}
    fresh = age is not None and age < board.patience[name].stale_after
    return {
        "ok": fresh and status.get("ok", True),
        "age_seconds": None if age is None else round(age, 1),
        "error": status.get("error", "") or ("" if newest else "nothing heard yet"),
        "last_success_at": status.get("last_success_at"),
        "rejects": status.get("rejects", 0),
        "notes": status.get("notes", {}),
    }


class Figures:
    """What the board and the hub know, as Prometheus families."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def collect(self) -> Iterator[Metric]:
        """Called by the registry at each scrape."""
        yield from self._feeds()
        yield from self._channels()
        yield self._incidents()
        yield from camera_figures(self.hub.board)
        hub = self.hub
        yield GaugeMetricFamily("commandcenter_browsers", "Connected pages", len(hub.browsers))
        yield CounterMetricFamily("commandcenter_drawings", "Drawings made", hub.studio.drawn)
        yield CounterMetricFamily(
            "commandcenter_messages", "Messages written to browsers", hub.sent
        )
        yield CounterMetricFamily(
            "commandcenter_cut", "Browsers cut because they were deaf", hub.cut
        )
        lost = 0 if hub.bus_lost_at is None else 1
        yield GaugeMetricFamily("commandcenter_bus_lost", "1 while the bus is away", lost)

    def _channels(self) -> Iterable[Metric]:
        up = GaugeMetricFamily(
            "commandcenter_channel_up",
            "1 when the gateway took the latest message",
            labels=["name"],
        )
        waiting = GaugeMetricFamily(
            "commandcenter_channel_waiting", "Messages on their way", labels=["name"]
        )
        for reading in self.hub.board.all("system", "channel"):
            told = reading.value or {}
            up.add_metric([reading.identity], 1.0 if told["ok"] else 0.0)
            waiting.add_metric([reading.identity], told["waiting"])
        return [up, waiting]

    def _incidents(self) -> Metric:
        found = GaugeMetricFamily(
            "commandcenter_incidents", "Incidents that are not closed", labels=["state"]
        )
        for reading in self.hub.board.all("incidents", "totals"):
            told = reading.value or {}
            for state in ("unacknowledged", "acknowledged", "shelved", "resolved"):
                found.add_metric([state], told[state])
        return found

    def _feeds(self) -> Iterable[Metric]:
        statuses = {r.identity: r.value or {} for r in self.hub.board.all("system", "feed")}
        up = GaugeMetricFamily(
            "commandcenter_feed_up", "1 when the source answers", labels=["feed"]
        )
        newest = GaugeMetricFamily(
            "commandcenter_feed_newest_timestamp_seconds", "Time at the source", labels=["feed"]
        )
        look = GaugeMetricFamily(
            "commandcenter_feed_look_seconds", "The last look", labels=["feed"]
        )
        counters = {
            key: CounterMetricFamily(f"commandcenter_feed_{key}", text, labels=["feed"])
            for key, text in (
                ("looks", "Times the source was looked at"),
                ("readings", "Readings published"),
                ("rejects", "Bad inputs kept aside"),
            )
        }
        for name, status in statuses.items():
            up.add_metric([name], 1.0 if status["ok"] else 0.0)
            look.add_metric([name], status["seconds"])
            for key, family in counters.items():
                family.add_metric([name], status[key])
        rejects = CounterMetricFamily(
            "commandcenter_rejects", "Bad inputs, also those of no feed", labels=["process", "feed"]
        )
        for reading in self.hub.board.all("system", "rejects"):
            for name, count in (reading.value or {}).items():
                rejects.add_metric([reading.identity, name], count)
        for name in self.hub.board.patience:
            at = self.hub.board.newest(name)
            if at is not None:
                newest.add_metric([name], at.timestamp())
        return [up, newest, look, rejects, *counters.values()]
