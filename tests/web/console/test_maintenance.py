"""Planning maintenance: typed in local time of a zone, kept in UTC, refused with a sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import wait_until
from tests.web import samples
from tests.web.console.conftest import Desk, iso

WINDOW = {
    "kind": "kecamatan",
    "scope": "Arut Selatan",
    "title": "Pemadaman PLN",
    "note": "gardu, 3 kelurahan; lihat surat",
    "zone": "Asia/Jakarta",
}


def local(hours: float, zone: int = 7) -> str:
    """So many hours from now, as somebody in that zone types it."""
    return f"{samples.present() + timedelta(hours=zone + hours):%Y-%m-%dT%H:%M}"


def plan(desk: Desk, **told: Any) -> Any:
    return desk.post("maintenance", **(WINDOW | {"starts": local(1), "ends": local(3)} | told))


@pytest.mark.parametrize(("zone", "hour"), [("Jakarta", 15), ("Makassar", 14), ("Jayapura", 13)])
def test_ten_in_the_evening_is_another_moment_in_each_zone(
    desk: Desk, zone: str, hour: int
) -> None:
    day = f"{samples.present() + timedelta(days=2):%Y-%m-%d}"
    times = {"starts": f"{day}T22:00", "ends": f"{day}T23:30", "zone": f"Asia/{zone}"}
    window = plan(desk, **times).json()["window"]
    assert window["starts_at"] == f"{day}T{hour}:00:00+00:00"
    assert window["zone"] == f"Asia/{zone}"
    assert window["created_by"] == "operator 1"


def test_a_window_stands_in_its_month_until_it_is_cancelled(desk: Desk) -> None:
    window = plan(desk, title="Ganti radio").json()["window"]
    month = local(1)[:7]

    def titles() -> list[str]:
        shown = desk.get("maintenance", month=month).json()["windows"]
        return [one["title"] for one in shown if one["id"] == window["id"]]

    assert titles() == ["Ganti radio"]
    assert desk.get("maintenance", month="2031-01").json()["windows"] == []
    answer = desk.post(f"maintenance/{window['id']}/cancel", who="operator 2")
    assert answer.json()["window"]["cancelled_by"] == "operator 2"
    assert titles() == []
    assert desk.post(f"maintenance/{window['id']}/cancel").status_code == 404


def scopes_of(desk: Desk) -> dict[str, list[dict[str, str]]]:
    """What a window can be about just now."""
    found: dict[str, list[dict[str, str]]] = desk.get("maintenance").json()["scopes"]
    return found


def test_a_window_can_be_about_whatever_lists_and_sources_know(desk: Desk) -> None:
    desk.site.publish(
        "network", [samples.device(7, name="Router Dinkes"), samples.provider("Telkom")]
    )
    telkom = {"key": "Telkom", "name": "Telkom"}
    wait_until(lambda: telkom in scopes_of(desk)["providers"], "the board knows the provider")
    scopes = scopes_of(desk)
    assert {"key": "setda", "name": "Sekretariat Daerah"} in scopes["offices"]
    assert {"key": "Arut Selatan", "name": "Arut Selatan"} in scopes["kecamatan"]
    assert {"key": "network", "name": "Jaringan"} in scopes["feeds"]
    assert {"key": "network/device/rtr-7", "name": "Router Dinkes"} in scopes["things"]
    for kind, scope in (
        ("office", "setda"),
        ("provider", "Telkom"),
        ("feed", "network"),
        ("thing", "network/device/rtr-7"),
        ("region", ""),
    ):
        assert plan(desk, kind=kind, scope=scope).json()["ok"] is True


@pytest.mark.asvs("2.2.3")
@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"ends": local(1), "starts": local(2)}, "sesudah"),
        ({"ends": local(24 * 93)}, "92 hari"),
        ({"starts": local(-5), "ends": local(-4)}, "lewat"),
        ({"scope": "Entah"}, "Entah"),
        ({"scope": ""}, "–"),
        ({"kind": "dunia"}, "kind"),
        ({"title": " "}, "judul"),
        ({"title": "x" * 201}, "title"),
        ({"zone": "Europe/Berlin"}, "zone"),
        ({"starts": "besok"}, "starts"),
        ({"starts": "2026-11-22T22:00+07:00"}, "starts"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_a_sentence(
    desk: Desk, told: dict[str, Any], says: str
) -> None:
    answer = plan(desk, **told)
    assert answer.status_code == 400
    assert says in answer.json()["why"]


@pytest.mark.parametrize("month", ["2026", "2026-13", "x", "9999-12", "0000-01"])
def test_what_is_no_month_is_refused(desk: Desk, month: str) -> None:
    assert desk.get("maintenance", month=month).status_code == 400


def test_the_calendar_file_is_rfc_5545(desk: Desk) -> None:
    title = "Pemeliharaan; gardu, " + "é" * 80
    window = plan(desk, title=title, note="baris satu\nbaris dua").json()["window"]
    answer = desk.get("maintenance.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.content.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    unfolded = answer.content.replace(b"\r\n ", b"").decode().split("\r\n")
    assert (unfolded[0], unfolded[-2], unfolded[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    begin = unfolded.index(f"UID:maintenance-{window['id']}@commandcenter")
    event = dict(line.split(":", 1) for line in unfolded[begin : begin + 9])
    assert event["DTSTART"] == f"{iso(window['starts_at']):%Y%m%dT%H%M%SZ}"
    assert event["SUMMARY"] == "Pemeliharaan\\; gardu\\, " + "é" * 80
    assert event["DESCRIPTION"] == "baris satu\\nbaris dua"
    assert event["STATUS"] == "CONFIRMED"
    desk.post(f"maintenance/{window['id']}/cancel")
    assert "STATUS:CANCELLED" in desk.get("maintenance.ics").text
