"""/healthz, /readyz, /metrics: what a watcher of the watcher is told."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import free_port, wait_until
from tests.leaks import secret
from tests.web import samples
from tests.web.conftest import Site

FEEDS = ("network", "attendance", "complaints", "applications", "cameras", "incidents")


def ready(site: Site) -> httpx.Response:
    return httpx.get(site.address + "/readyz")


def tell_that_all_is_well(site: Site) -> None:
    for feed, readings in samples.everything(1).items():
        site.publish(feed, readings)
    site.publish("quick", [samples.complaint(1, feed="quick")])
    site.publish("system", [samples.feed_status(feed) for feed in FEEDS])


def test_a_process_that_answers_is_alive(site: Site) -> None:
    assert httpx.get(site.address + "/healthz").text == "alive\n"


def test_a_feed_that_was_never_heard_is_not_ready(site: Site) -> None:
    # This one must be the first of the file to ask: the site has heard nothing.
    answer = ready(site)
    assert answer.status_code == 503
    told = answer.json()
    assert told["redis"]["ok"] is told["records"]["ok"] is True
    assert told["feeds"]["network"]["ok"] is False
    assert told["feeds"]["network"]["error"] == "nothing heard yet"


def test_all_is_well_when_redis_the_records_and_every_feed_are(site: Site) -> None:
    tell_that_all_is_well(site)
    wait_until(lambda: ready(site).status_code == 200, "the site is ready", seconds=2)
    told = ready(site).json()
    assert told["ok"] is True
    assert told["records"]["database"] == "sqlite"
    assert told["feeds"]["network"]["notes"] == {"probe": "icmp"}
    assert told["feeds"]["network"]["rejects"] == 2
    assert 0 <= told["feeds"]["network"]["age_seconds"] < 5


def test_a_source_that_fell_is_told_with_its_reason(site: Site) -> None:
    tell_that_all_is_well(site)
    site.publish("system", [samples.feed_status("network", error="no route to 10.1.0.0/16")])
    wait_until(lambda: ready(site).status_code == 503, "the fall is told", seconds=2)
    told = ready(site).json()["feeds"]
    assert told["network"]["error"] == "no route to 10.1.0.0/16"
    assert told["network"]["ok"] is False
    assert told["attendance"]["ok"] is True


def test_a_process_that_is_not_well_is_told_and_a_silent_gateway_only_told(site: Site) -> None:
    tell_that_all_is_well(site)
    channel = {"ok": False, "error": "no route to host", "waiting": 3}
    site.publish("system", [samples.reading("system", "channel/telegram", channel)])
    wait_until(lambda: "telegram" in ready(site).json()["channels"], "it is told", seconds=2)
    assert ready(site).status_code == 200
    watch = {"ok": False, "error": "disk full", "since": samples.from_now(-9)}
    site.publish("system", [samples.reading("system", "process/watch", watch)])
    wait_until(lambda: ready(site).status_code == 503, "the fall is told", seconds=2)
    assert ready(site).json()["processes"]["watch"]["error"] == "disk full"
    figures = httpx.get(site.address + "/metrics").text
    assert 'commandcenter_channel_waiting{name="telegram"} 3.0' in figures
    assert 'commandcenter_incidents{state="shelved"} 0.0' in figures
    site.publish("system", [samples.reading("system", "process/watch", watch | {"ok": True})])


def test_a_feed_that_is_stale_is_not_well_even_if_its_runner_said_so(site: Site) -> None:
    tell_that_all_is_well(site)
    wait_until(
        lambda: not ready(site).json()["feeds"]["quick"]["ok"], "it has turned stale", seconds=5
    )
    assert ready(site).status_code == 503


def test_a_redis_that_is_away_is_told_without_its_password(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    port = free_port()
    url = f"redis://operator:{secret('s3cret-of-redis')}@127.0.0.1:{port}/0"
    lonely = Site(tmp_path_factory.mktemp("site"), url)
    lonely.start()
    try:
        answer = ready(lonely)
        assert answer.status_code == 503
        assert answer.json()["redis"]["ok"] is False
        assert str(port) in answer.json()["redis"]["error"]
        assert "s3cret" not in answer.text + lonely.log()
        assert metrics(lonely)["commandcenter_bus_lost"] == {"": 1.0}
    finally:
        lonely.stop()


def metrics(site: Site) -> dict[str, dict[str, float]]:
    """Sample name -> feed ("" without) -> value."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(httpx.get(site.address + "/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[sample.labels.get("feed", "")] = sample.value
    return found


def test_the_figures_can_be_read_by_prometheus_and_have_every_feed(site: Site) -> None:
    tell_that_all_is_well(site)
    site.publish("system", [samples.feed_status("cameras", error="fell")])
    wait_until(
        lambda: metrics(site).get("commandcenter_feed_up", {}).get("cameras") == 0,
        "its fall is in the figures",
    )
    told = metrics(site)
    up = told["commandcenter_feed_up"]
    assert {feed: up[feed] for feed in FEEDS} == dict.fromkeys(FEEDS, 1.0) | {"cameras": 0.0}
    assert told["commandcenter_feed_rejects_total"]["network"] == 2
    assert told["commandcenter_feed_readings_total"]["network"] == 340
    assert abs(told["commandcenter_feed_newest_timestamp_seconds"]["network"] - _now()) < 10
    assert told["commandcenter_bus_lost"] == {"": 0.0}
    assert told["process_resident_memory_bytes"][""] > 1_000_000


def _now() -> float:
    return samples.present().timestamp()
