"""What is about a camera that is for some roles only is not named where everybody reads."""

from __future__ import annotations

from typing import Any

import pytest

from commandcenter.board import Patience
from commandcenter.bus import News
from commandcenter.notify.settings import Notify
from commandcenter.reading import Reading
from commandcenter.records.incidents import open_incident, recover
from commandcenter.secret import Secret
from tests.conftest import NOW
from tests.notify.conftest import MakeOffice, Office, channel

GROUP, NAMED = channel("group", acknowledge_link=True), channel("dishub", roles=("dishub",))
THING = ("camera-down", "cameras", "camera/gudang")


@pytest.fixture
async def office(open_small_office: MakeOffice, monkeypatch: pytest.MonkeyPatch) -> Office:
    """With a channel for everybody and one for the camera's owner."""
    monkeypatch.setenv("ACK_SECRET", "a secret of thirty-two characters")
    notify = Notify(link="https://pusat.example", secret=Secret("env:ACK_SECRET"))
    cameras = {"cameras": Patience(late_after=1, stale_after=2)}
    told: dict[str, Any] = {"notify": notify, "cameras": cameras}
    found: Office = await open_small_office(GROUP, NAMED, **told)
    return found


def tell(office: Office, *seen_by: str) -> None:
    """As the feed of cameras does."""
    value = {"name": "Gudang senjata", "seen_by": list(seen_by)}
    camera = Reading(feed="cameras", key="camera/gudang", at=NOW, value=value)
    office.notifier.hear(News(readings=(camera,)))


async def falls(office: Office, owner: str) -> int:
    told: dict[str, Any] = {"title": "Gudang senjata gelap", "detail": "gelap", "level": "critical"}
    return await office.records.write(
        open_incident, THING, office.clock.now, **told, owner=owner, office="Gudang"
    )


def said(office: Office) -> str:
    return "\n".join(f"{one.title}\n{one.body}" for _, one in office.gateway.taken)


async def test_a_channel_for_everybody_says_that_there_is_one_and_its_number(
    office: Office,
) -> None:
    tell(office, "operator", "admin")
    number = await falls(office, owner="")
    await office.second()
    assert office.gateway.of("group") == [f"[CRITICAL] incident {number}"]
    assert f"/console?incident={number}" in said(office)
    assert "/a/" not in said(office)  # the page behind such a link tells all
    await office.records.write(recover, THING, office.clock.now, reason="gelap lagi")
    await office.second(60)
    assert len(office.gateway.taken) == 2
    assert not any(word in said(office) for word in ("Gudang", "gelap"))


async def test_a_channel_that_was_chosen_for_it_and_that_of_a_camera_for_all_say_everything(
    office: Office,
) -> None:
    tell(office, "operator", "admin")
    await falls(office, owner="dishub")
    await office.second()
    assert office.gateway.of("dishub") == ["[CRITICAL] Gudang senjata gelap"]
    assert office.gateway.of("group") == []
    await office.records.write(recover, THING, office.clock.now, reason="")
    tell(office)
    office.clock.forward(7200)
    await falls(office, owner="")
    await office.second()
    assert "[CRITICAL] Gudang senjata gelap" in office.gateway.of("group")
    assert "/a/" in said(office)
