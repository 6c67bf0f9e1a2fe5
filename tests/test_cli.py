"""The command line, as a person meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from commandcenter import cli
from commandcenter.cli import main
from commandcenter.records.database import Records
from commandcenter.records.incidents import open_incident
from tests.conftest import NOW

CONFIG = """
[region]
name = "Kabupaten Contoh"
[lists]
offices = "{folder}/offices.csv"
[feed.network]
devices = "{folder}/devices.csv"
[feed.attendance]
machines = "{folder}/machines.csv"
[feed.cameras]
cameras = "{folder}/cameras.csv"
[feed.applications]
applications = "{folder}/applications.csv"
"""
LISTS = {
    "offices": "code,name,kecamatan\ndinkes,Dinas Kesehatan,Kumai\n",
    "devices": "id,name,office\nr1,Router,dinkes\n",
    "machines": "serial,office\nA1,dinkes\n",
    "cameras": "id,name,url\nc1,Simpang,rtsp://127.0.0.1/1\n",
    "applications": "id,name,url\na1,Situs,http://127.0.0.1/\n",
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for name, text in LISTS.items():
        (tmp_path / f"{name}.csv").write_text(text)
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(folder=tmp_path))
    return path


def test_check_says_that_all_is_well(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(config), "check"]) == 0
    assert "is well" in capsys.readouterr().out


def test_check_warns_of_a_weak_python_and_succeeds(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "warning_here", lambda: "this Python 3.11.2 lacks mends")
    assert main(["--config", str(config), "check"]) == 0
    assert capsys.readouterr().err == "this Python 3.11.2 lacks mends\n"


@pytest.mark.parametrize(
    ("name", "row", "told"),
    [
        (
            "devices",
            "r2,Router,nowhere\n",
            "[feed.network]",
        ),
        ("machines", "A2,nowhere\n", "[feed.attendance]"),
        ("cameras", "c1,Twice,rtsp://127.0.0.1/2\n", "[feed.cameras]"),
        ("applications", "a2,Wrong,ftp://127.0.0.1/\n", "[feed.applications]"),
    ],
)
def test_check_names_the_list_and_what_is_wrong_in_it(
    config: Path, capsys: pytest.CaptureFixture[str], name: str, row: str, told: str
) -> None:
    path = config.parent / f"{name}.csv"
    path.write_text(LISTS[name] + row)
    assert main(["--config", str(config), "check"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(told)
    assert str(path) in said


def test_the_links_for_programs_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["links", "--json"]) == 0
    wall = json.loads(capsys.readouterr().out)["wall"]
    assert wall.startswith("http://127.0.0.1:8050/demo/viewer?key=")


def test_a_config_with_mistakes_names_all_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[region]\ncolour = 1\n[feed.tides]\n")
    assert main(["--config", str(path), "check"]) == 1
    said = capsys.readouterr().err
    assert "[region] needs 'name'" in said
    assert "[region] does not know 'colour'" in said
    assert "there is no feeds/tides.py" in said


@pytest.fixture
def log(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> sa.Engine:
    """Records with one incident and its log."""
    monkeypatch.setenv("RECORDS_URL", f"sqlite:///{tmp_path}/records.db")
    records = Records(f"sqlite:///{tmp_path}/records.db")
    records.migrate()
    with records.engine.begin() as connection:
        open_incident(connection, ("r", "f", "k"), NOW, level="warning", title="Tautan putus")
    return records.engine


def test_an_audit_tells_the_end_of_a_sound_log_and_finds_it_again(
    config: Path, log: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "audit", "verify"]) == 0
    told = capsys.readouterr().out
    ends = re.findall(r"[0-9a-f]{64}", told)
    assert told.startswith("incidents: 1 steps")
    for end in ends:
        assert main(["--config", str(config), "audit", "verify", "--seen", end]) == 0
    assert main(["--config", str(config), "audit", "verify", "--seen", "f" * 64]) == 1


def test_an_audit_names_the_step_that_was_changed(
    config: Path, log: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER incident_log_no_update"))
        connection.execute(sa.text("UPDATE incident_log SET who = 'nobody'"))
    assert main(["--config", str(config), "audit", "verify"]) == 1
    assert "1: changed after it was written" in capsys.readouterr().err


def test_a_channel_that_is_not_there_cannot_be_tested(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(config), "channel", "test", "telegram"]) == 1
    assert "there is no [[channel]] 'telegram'; there are none" in capsys.readouterr().err
