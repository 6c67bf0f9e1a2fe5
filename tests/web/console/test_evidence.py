"""The stills around a fall: who sees them, and the file that anybody can check without us."""

from __future__ import annotations

import io
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import sqlalchemy as sa

from commandcenter.access.roles import Role
from commandcenter.records import audit
from commandcenter.records.evidence import Wish, fill, forget_pictures, keep, want, wanted
from commandcenter.records.tables import evidence
from tests.conftest import wait_until
from tests.web import samples
from tests.web.console.conftest import Desk

JPEG = b"\xff\xd8\xff\xe0 taken %s \xff\xd9"


def around(desk: Desk, camera: str) -> int:
    """An incident with a still from before and at the fall; that from after it is still to come."""
    number, now = desk.happen(f"rtr-{camera}"), samples.present()
    wishes = [
        Wish(camera=camera, role="before", fell_at=now, at=now),
        Wish(camera=camera, role="at", fell_at=now, at=now),
        Wish(camera=camera, role="after", fell_at=now, at=now + timedelta(hours=1)),
    ]
    with desk.records.engine.begin() as connection:
        want(connection, number, wishes)
        for one in wanted(connection, samples.present()):
            taken = now - timedelta(seconds=40 if one.role == "before" else 2)
            fill(connection, one.id, taken, JPEG % one.role.encode())
    return number


def stills(desk: Desk, number: int, who: str = "operator 1") -> list[dict[str, Any]]:
    told = desk.get(f"incidents/{number}", who).json()["evidence"]
    return [one for one in told if one["kind"] == "picture"]


def around_known(desk: Desk, camera: str, *seen_by: Role) -> int:
    """The same, of a camera whose feed says who may see it; returns when the site knows."""
    reading = samples.reading(
        "cameras", f"camera/{camera}", {"name": "Gudang", "place": 0, "seen_by": list(seen_by)}
    )
    desk.site.publish("cameras", [reading])
    number = around(desk, camera)
    wait_until(lambda: stills(desk, number)[0]["name"] == "Gudang", "the site knows the camera")
    return number


def test_the_detail_tells_of_every_still_what_it_is_and_how_it_stands(desk: Desk) -> None:
    number = around(desk, "simpang-bukti")
    before, at, after = stills(desk, number)
    assert [one["role"] for one in (before, at, after)] == ["before", "at", "after"]
    assert [one["state"] for one in (before, at, after)] == ["kept", "kept", "wanted"]
    assert desk.get(f"evidence/{before['id']}").content == JPEG % b"before"
    assert desk.get(f"evidence/{after['id']}").status_code == 404
    assert before["camera"] == before["name"] == "simpang-bukti"  # nobody tells its name


def test_whoever_may_not_see_a_camera_does_not_get_its_stills(desk: Desk) -> None:
    number = around_known(desk, "gudang-senjata", "admin", "operator")
    desk.client("bupati", "leader")
    assert len(stills(desk, number)) == 3
    [first, *_] = stills(desk, number)
    assert stills(desk, number, "bupati") == []
    assert desk.get(f"evidence/{first['id']}", "bupati").status_code == 404
    told = unzipped(desk.get(f"incidents/{number}/evidence.zip", "bupati"))
    assert told.namelist() == ["incident.json", "SHA256SUMS"]
    assert orjson.loads(told.read("incident.json"))["withheld"] == 3


def test_the_stills_of_a_camera_that_nobody_tells_of_any_more_are_for_operators(
    desk: Desk,
) -> None:
    number = around(desk, "sudah-dibongkar")
    desk.client("bupati", "leader")
    assert stills(desk, number, "bupati") == []
    assert len(stills(desk, number)) == 3


def test_a_still_of_a_camera_for_everybody_is_for_whoever_reads_incidents(desk: Desk) -> None:
    number = around_known(desk, "alun-alun")
    desk.client("bupati", "leader")
    assert len(stills(desk, number, "bupati")) == 3


def test_of_a_forgotten_still_the_facts_remain(desk: Desk) -> None:
    number = around(desk, "simpang-lupa")
    [kept, *_] = stills(desk, number)
    now = samples.present()
    with desk.records.engine.begin() as connection:
        incident = sa.text("UPDATE incident SET state = 'closed' WHERE id = :number")
        connection.execute(incident, {"number": number})
        forget_pictures(connection, now, now)
    [told, *_] = stills(desk, number)
    assert (told["state"], told["sha256"], told["at"]) == ("forgotten", kept["sha256"], kept["at"])
    assert told["forgotten_at"] == now.isoformat()
    assert desk.get(f"evidence/{told['id']}").status_code == 404


def test_no_browser_keeps_a_still_for_longer_than_the_records_do(desk: Desk) -> None:
    number = desk.happen("rtr-lama-sekali")
    old = samples.present() - timedelta(days=29, hours=23)
    with desk.records.engine.begin() as connection:
        kept = keep(connection, number, old, "picture", JPEG, camera="c", role="at")
    told = desk.get(f"evidence/{kept}").headers["cache-control"]
    seconds = int(told.split("max-age=")[1].split(",")[0])
    assert 3500 < seconds <= 3600


# ------------------------------------------------------------------ the file


def unzipped(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def checked(file: zipfile.ZipFile, folder: Path) -> subprocess.CompletedProcess[str]:
    """What sha256sum(1) says of it."""
    file.extractall(folder)
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def with_everything(desk: Desk, camera: str) -> int:
    number, at = around(desk, camera), samples.present()
    series = [{"at": at.isoformat(), "name": "rtt_ms", "value": 12.5}]
    with desk.records.engine.begin() as connection:
        keep(connection, number, at, "series", orjson.dumps(series))
        keep(connection, number, at, "reading", b'{"state": "down"}')
    return number


def test_the_exported_file_is_found_whole_by_sha256sum(desk: Desk, tmp_path: Path) -> None:
    number = with_everything(desk, "simpang / ../ekspor")
    desk.step("note", number, note="untuk kepolisian")
    answer = desk.get(f"incidents/{number}/evidence.zip")
    name = f'attachment; filename="insiden-{number:04d}-bukti.zip"'
    assert answer.headers["content-disposition"] == name
    file = unzipped(answer)
    said = checked(file, tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.count(": OK") == 5
    names = sorted(file.namelist())
    assert [one.rpartition("_")[0][:-17] for one in names if one.startswith("stills/")] == [
        "stills/simpang-..-ekspor_at",
        "stills/simpang-..-ekspor_before",
    ]
    [before] = [one for one in names if "_before_" in one]
    assert file.read(before) == JPEG % b"before"
    told = orjson.loads(file.read("incident.json"))
    assert (told["incident"]["number"], told["exported_by"]) == (number, "operator 1")
    assert [step["step"] for step in told["log"]] == ["opened", "note"]
    assert [(one["kind"], one["state"]) for one in told["evidence"]] == [
        ("picture", "kept"),
        ("picture", "kept"),
        ("picture", "wanted"),
        ("series", "kept"),
        ("reading", "kept"),
    ]


def test_what_was_changed_after_it_was_kept_is_found_by_sha256sum(
    desk: Desk, tmp_path: Path
) -> None:
    number = around(desk, "simpang-palsu")
    with desk.records.engine.begin() as connection:
        mine = evidence.update().where(evidence.c.incident_id == number)
        forged = mine.where(evidence.c.role == "at").values(body=b"a forgery")
        connection.execute(forged)
    said = checked(unzipped(desk.get(f"incidents/{number}/evidence.zip")), tmp_path)
    assert said.returncode == 1
    [failed] = [line for line in said.stdout.splitlines() if line.endswith("FAILED")]
    assert "_at_" in failed


def test_who_took_the_file_is_in_the_audit_log(desk: Desk) -> None:
    number = with_everything(desk, "simpang-audit")
    desk.get(f"incidents/{number}/evidence.zip")
    with desk.records.engine.begin() as connection:
        wish = audit.Wanted(act="export.evidence", thing=f"incident/{number}")
        [line] = audit.search(connection, wish)
    assert (line.who, line.facts) == ("operator 1", {"pieces": 4})
    assert line.source_address == "127.0.0.1"


def test_the_file_is_for_those_whose_incident_it_is(desk: Desk) -> None:
    number = around(desk, "simpang-orang-lain")
    limited = desk.site.token("petugas setwan", "operator", offices=["setwan"])
    assert limited
    assert desk.get(f"incidents/{number}/evidence.zip", "petugas setwan").status_code == 404
    assert desk.get("incidents/987654/evidence.zip").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "display"])
def test_the_file_is_not_for_the_walls(desk: Desk, role: Role) -> None:
    if role == "display":
        assert desk.stranger.get("/console/incidents/1/evidence.zip").status_code == 401
        return
    desk.client("tamu", role)
    assert desk.get("incidents/1/evidence.zip", "tamu").status_code == 403
