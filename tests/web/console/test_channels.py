"""The channels of notifications at the console: how each is, and "test this channel"."""

from __future__ import annotations

from commandcenter.reading import Reading
from tests.conftest import wait_until
from tests.web import samples
from tests.web.console.conftest import Desk, Gateway


def test_a_channel_is_tested_through_its_real_gateway(desk: Desk, gateway: Gateway) -> None:
    answer = desk.post("channels/gerbang/test")
    assert answer.json() == {"ok": True, "why": ""}
    assert "gerbang" in gateway.taken[-1]["title"]


def test_a_channel_that_does_not_work_says_why_and_not_where(desk: Desk) -> None:
    told = desk.post("channels/tanpa-alamat/test").json()
    assert told["ok"] is False
    assert "NO_SUCH_VARIABLE" in told["why"]


def test_a_channel_that_does_not_exist_or_a_stranger_is_refused(desk: Desk) -> None:
    assert desk.post("channels/entah/test").status_code == 404


def test_how_each_channel_is_can_be_read_without_its_address(desk: Desk, gateway: Gateway) -> None:
    status = {"ok": False, "error": "putus", "since": samples.from_now(-60), "waiting": 3}
    told = Reading(feed="system", key="channel/gerbang", at=samples.present(), value=status)
    desk.site.publish("system", [told])

    def states() -> dict[str, object]:
        return {one["name"]: one["status"] for one in desk.get("channels").json()["channels"]}

    wait_until(lambda: states()["gerbang"] == status, "the channel's state is on the board")
    assert states()["tanpa-alamat"] is None
    assert str(gateway.server_port) not in desk.get("channels").text
