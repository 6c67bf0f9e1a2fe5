"""Warnings as BMKG publishes them: two languages, new ones without references, for whom they are.

Shapes: the captures of ramirezzServer/siaga, services/ingest/…/bmkg/testdata (public domain).
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from commandcenter.alerts import cap
from commandcenter.alerts.alert import Scene
from commandcenter.feed import Desk
from commandcenter.lists import Office
from commandcenter.records.life import Terms, lapse
from feeds.alerts import Alerts
from tests.alerts.conftest import Senders, incidents, look, the_incident
from tests.conftest import NOW, Clock

WIB = ZoneInfo("Asia/Jakarta")
AROUND_US = "-2.5,111.5 -2.5,111.7 -2.9,111.7 -2.9,111.5 -2.5,111.5"
FAR_AWAY = "0.5,122.1 0.5,122.3 0.3,122.3 0.3,122.1 0.5,122.1"


def _turned(polygon: str) -> str:
    """Longitude first, as GeoJSON has it."""
    return " ".join(",".join(pair.split(",")[::-1]) for pair in polygon.split())


OFFICES = (
    Office(code="a", name="A", kecamatan="Arut Selatan", latitude=-2.68, longitude=111.62),
    Office(code="b", name="B", kecamatan="Kumai", latitude=-2.74, longitude=111.73),
)


def bmkg(
    number: int = 1,
    kecamatan: str = "ARUT SELATAN, KUMAI",
    *,
    code: str = "62",
    language: str = "id",
    starts: int = 10,
    lasts: int = 120,
    polygon: str = AROUND_US,
    more: str = "<msgType>Alert</msgType>",
) -> bytes:
    sent = NOW.astimezone(WIB)
    begins = sent + timedelta(minutes=starts)
    ends = begins + timedelta(minutes=lasts)
    indonesian = language == "id"
    head = "Hujan Lebat disertai Petir di Kalteng" if indonesian else "Thunderstorm in Kalteng"
    event = "Hujan Lebat dan Petir" if indonesian else "Thunderstorm"
    return f"""<?xml version="1.0" ?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>2.49.0.1.360.0.{sent:%Y.%m.%d}.07.{code}.{number:03}</identifier>
  <sender>cuaca.ekstrem@bmkg.go.id</sender><sent>{sent.isoformat()}</sent>
  <status>Actual</status>{more}<scope>Public</scope>
  <info><language>{language}</language><category>Met</category><event>{event}</event>
    <urgency>Immediate</urgency><severity>Moderate</severity><certainty>Observed</certainty>
    <eventCode><valueName>OET:v1.2</valueName><value>OET-194</value></eventCode>
    <effective>{begins.isoformat()}</effective><expires>{ends.isoformat()}</expires>
    <headline>{head}</headline>
    <description>Hujan lebat pada {begins:%H:%M} WIB di sebagian wilayah, khususnya di {kecamatan}.
    </description>
    <area><areaDesc>Kalimantan Tengah</areaDesc><polygon>{polygon}</polygon></area>
  </info>
</alert>""".encode()


async def test_the_english_twin_of_a_warning_changes_nothing(senders: Senders, desk: Desk) -> None:
    await senders.tell("cap", bmkg())
    await senders.tell("cap", bmkg(language="en"))
    await senders.tell("cap", bmkg())  # the list is read again every two minutes
    row = await the_incident(desk)
    assert (row.title, row.count) == ("Hujan Lebat disertai Petir di Kalteng", 1)


async def test_the_indonesian_words_take_the_place_of_english_ones_that_came_first(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("cap", bmkg(language="en"))
    await senders.tell("cap", bmkg())
    row = await the_incident(desk)
    assert (row.title, row.count) == ("Hujan Lebat disertai Petir di Kalteng", 1)


async def test_our_kecamatan_come_first_of_a_hundred(senders: Senders, desk: Desk) -> None:
    others = ", ".join(f"KECAMATAN NOMOR {n}" for n in range(100))
    await senders.tell("cap", bmkg(kecamatan=f"{others}, ARUT SELATAN"))
    row = await the_incident(desk)
    assert row.detail.startswith("Arut Selatan · 09.52 sampai 11.52 · ")
    assert row.kecamatan == "Arut Selatan"


async def test_warnings_of_one_storm_over_us_are_one_incident_until_the_last_is_over(
    senders: Senders, feed: Alerts, desk: Desk, clock: Clock
) -> None:
    await senders.tell("cap", bmkg(1, "ARUT SELATAN", lasts=30))
    await senders.tell("cap", bmkg(2, "ARUT SELATAN", starts=30, lasts=60))
    row = await the_incident(desk)
    assert (row.count, row.expires_at) == (2, NOW + timedelta(minutes=90))
    clock.forward(45 * 60)
    await desk.records.write(lapse, clock.now, Terms())
    await look(feed, desk)
    assert (await the_incident(desk)).state == "open"
    clock.forward(50 * 60)
    await desk.records.write(lapse, clock.now, Terms())
    assert (await the_incident(desk)).state == "resolved"


async def test_a_warning_that_was_cancelled_and_is_still_published_does_not_begin_again(
    senders: Senders, desk: Desk
) -> None:
    await senders.tell("cap", bmkg())
    name = f"2.49.0.1.360.0.{NOW.astimezone(WIB):%Y.%m.%d}.07.62.001"
    reference = f"cuaca.ekstrem@bmkg.go.id,{name},{NOW.isoformat()}"
    cancel = f"<msgType>Cancel</msgType><references>{reference}</references>"
    await senders.tell("cap", bmkg(2, more=cancel))
    assert (await the_incident(desk)).state == "resolved"
    await senders.tell("cap", bmkg())
    assert (await the_incident(desk)).state == "resolved"


async def test_a_warning_whose_cancelling_or_update_came_first_is_over(
    senders: Senders, desk: Desk
) -> None:
    reference = f"cuaca.ekstrem@bmkg.go.id,{_name(1)},{NOW.isoformat()}"
    for kind in ("Cancel", "Update"):
        told = f"<msgType>{kind}</msgType><references>{reference}</references>"
        await senders.tell("cap", bmkg(2, kecamatan="DENGILO", more=told))
    await senders.tell("cap", bmkg())
    assert await incidents(desk) == []


def _name(number: int) -> str:
    return f"2.49.0.1.360.0.{NOW.astimezone(WIB):%Y.%m.%d}.07.62.{number:03}"


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        (bmkg(), True),
        (bmkg(kecamatan="DENGILO, MANANGGU"), False),
        (bmkg(code="75"), False),
        (bmkg(polygon=FAR_AWAY), False),  # there is another Kumai
        (bmkg(kecamatan="beberapa tempat"), True),  # no names: by its lines
        (bmkg(kecamatan="beberapa tempat", polygon=""), True),  # nothing says that it is not
        (bmkg(kecamatan="beberapa tempat", polygon="nonsense 1,2,3"), True),
        (bmkg(polygon=_turned(AROUND_US)), True),  # wmo-raf/cap-composer#15: lon,lat
        (bmkg(kecamatan="beberapa tempat", polygon=_turned(FAR_AWAY)), False),
        (bmkg().replace(b' xmlns="urn:oasis:names:tc:emergency:cap:1.2"', b""), True),
    ],
)
def test_a_warning_is_ours_by_its_names_its_lines_and_its_province(body: bytes, ours: bool) -> None:
    scene = Scene(NOW, WIB, OFFICES, province="62")
    assert bool(cap.read(body, scene).alerts) is ours


async def test_the_weather_of_others_is_a_sign_of_life_and_no_incident(
    senders: Senders, desk: Desk
) -> None:
    answer = await senders.tell("cap", bmkg(kecamatan="DENGILO", code="75"))
    assert (answer.status_code, answer.json()["taken"]) == (200, 0)
    assert await incidents(desk) == []
    assert "bukan untuk wilayah ini" in desk.note["cap"]
