"""config.toml at the door: every mistake is told by table and key, all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from commandcenter.cli import main
from commandcenter.config import BadConfig, read_config
from tests.leaks import secret
from tests.web.conftest import CONFIG, LISTS, ROOT

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a config.toml; its path."""

    def work(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return work


def good() -> str:
    return CONFIG.format(port=8050, lists=LISTS)


def mistakes(path: Path) -> tuple[str, ...]:
    with pytest.raises(BadConfig) as told:
        read_config(path)
    return told.value.mistakes


def test_the_shipped_file_is_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["check"]) == 0
    assert "config.toml is well" in capsys.readouterr().out
    config = read_config(ROOT / "config.toml")
    assert len(config.offices) == 61
    assert set(config.panels) == set(config.walls[0].panels)


def test_what_is_well_is_read(write: Write) -> None:
    config = read_config(write(good()))
    assert config.patience["quick"].stale_after == 3
    assert config.panels["masthead"].feeds == tuple(config.feeds)
    assert [wall.name for wall in config.walls] == ["utama", "samping"]
    assert [person.name for person in config.people] == ["operator 1", "operator 2"]


RULE = """
[[rule]]
name = "putus"
feed = "network"
when = "state == 'down'"
text = "Tautan {name} putus"
"""


@pytest.mark.asvs("2.1.2")
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("[colour]\nred = 1", "[colour] is no table; it knows region, run,"),
        ("[records]\ncolour = 1", "[records] does not know 'colour'; it knows url"),
        ("[panel.extra]\ntype = 'cctv'\ncolour = 1", "[panel.extra] does not know 'colour'; it kn"),
        ("[panel.extra]\ntype = 'cctv'\nshow = 'many'", "[panel.extra] show: Input should be a va"),
        ("[panel.extra]", "[panel.extra] type: there is no panels/extra.py; there are attendance"),
        ("[panel.extra]\ntype = 'cctv'\npace = -1", "[panel.extra] pace: must not be below 0"),
        ("[panel.extra]\ntype = 5", "[panel.extra] type: there is no panels/5.py"),
        ("[feed.extra]\ntype = 'modbus'", "[feed.extra] type: there is no feeds/modbus.py; there"),
        ("[feed.extra]\ntype = 'network'", "[feed.extra] needs 'devices'"),
        ("[feed.extra]\ntype = 'complaints'\nevery = 0", "[feed.extra] every: must be above 0"),
        (
            "[feed.extra]\ntype = 'complaints'\nlate_after = 9999",
            "[feed.extra] late_after: must be",
        ),
        (
            "[feed.extra]\ntype = 'complaints'\norigin = 'guess'",
            "[feed.extra] origin: Input should",
        ),
        (
            "[feed.extra]\ntype = 'complaints'\nwebhook_secret = 'x'",
            "[feed.extra] webhook_secret: ",
        ),
        (
            "[[wall]]\nname = 'x'\npicture = ['cctv sky']",
            '[[wall]] "x" picture: there is no [panel',
        ),
        (
            "[[wall]]\nname = 'x'\npicture = ['cctv', 'cctv quick']",
            '[[wall]] "x" picture: every row',
        ),
        (
            "[[wall]]\nname = 'x'\npicture = ['cctv cctv', 'cctv .']",
            '"x" picture: cctv is not',
        ),
        ("[[wall]]\nname = 'x'\npicture = []", "[[wall]] \"x\" needs 'picture', or at least one"),
        ("[[wall]]\nname = 'a/b'\npicture = ['cctv']", '[[wall]] "a/b" name: letters'),
        ("[[wall]]\nname = 'pairing'\npicture = ['cctv']", '[[wall]] "pairing" name: letters'),
        ("[panel.focus]\ntype = 'cctv'", "[panel.focus]: a page has a card of that name"),
        (
            "[[wall]]\nname = 'x'\n"
            "[[wall.scene]]\nname = 'y'\npicture = ['cctv']\npinned_by = ['z']",
            '[[wall]] "x" pinned_by: there is no [feed.z]',
        ),
        ("[[wall]]\nname = 'x'\npicture = ['']", '[[wall]] "x" picture: every row needs'),
        ("[[wall]]\npicture = ['cctv']", "needs 'name'"),
        ("[[wall]]\nname = 'utama'\npicture = ['cctv']", '[[wall]] "utama" stands there twice'),
        ("[[person]]\nname = 'operator 1'", '[[person]] "operator 1" stands there twice'),
        (RULE.replace("'down'", ""), '[[rule]] "putus" when: '),
        (RULE.replace("state ==", "__import__('os') =="), '[[rule]] "putus" when: '),
        (
            RULE.replace("'network'", "'x'").replace('"network"', '"x"'),
            '[[rule]] "putus" feed: no ',
        ),
        (RULE.replace("{name}", "{name"), '[[rule]] "putus" text: '),
        (RULE + 'level = "awful"', '[[rule]] "putus" level: '),
        (RULE + "hold = -1", '[[rule]] "putus" hold: '),
    ],
)
def test_a_mistake_is_told_by_table_and_key(write: Write, wrong: str, told: str) -> None:
    found = mistakes(write(good() + "\n" + wrong))
    assert len(found) == 1, found
    assert told in found[0]


@pytest.mark.asvs("2.2.3")
@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "Kabupaten Kotawaringin Barat"', "", "[region] needs 'name'"),
        ("port = 8050", 'port = "http"', "[web] port: Input should be a valid integer"),
        ("port = 8050", "port = 80500", "[web] port: "),
        ("[region]", '[region]\nzone = "Asia/Atlantis"', "[region] zone: there is no zone"),
        ("[region]", '[region]\nlanguage = "jv"', "[region] language: 'jv'; it knows id, en"),
        ("offices.csv", "none.csv", "[lists] offices: "),
        ("[web]\nport = 8050", "", None),
        ("[[person]]", "[person]", "not TOML"),
    ],
)
def test_a_mistake_in_what_is_there_is_told_too(
    write: Write, old: str, new: str, told: str | None
) -> None:
    text = good()
    assert old in text
    path = write(text.replace(old, new))
    if told is None:  # left out, so the defaults hold
        assert read_config(path).web.port == 8050
    else:
        assert any(told in mistake for mistake in mistakes(path)), mistakes(path)


@pytest.mark.parametrize(
    "wrong",
    ["wall = 3", "wall = ['x']", "rule = {}", "person = ['x']", "panel = 3", "feed = 'x'",
     "panel = {cctv = 3}", "region = 3", "lists = []", "web = 'x'"],
)  # fmt: skip
def test_a_table_that_is_none_is_told_and_nothing_breaks(write: Write, wrong: str) -> None:
    table = wrong.partition(" ")[0]
    found = mistakes(write(wrong if table == "region" else f'{wrong}\n[region]\nname = "x"'))
    assert any(table in mistake for mistake in found), found


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    wrong = "[colour]\n[panel.extra]\n[feed.extra]\ntype = 'x'\n" + RULE.replace("'down'", "")
    found = mistakes(write(good().replace("port = 8050", "port = 'x'") + wrong))
    assert len(found) == 5
    for table in ("[colour]", "[panel.extra]", "[feed.extra]", '[[rule]] "putus"', "[web] port"):
        assert any(mistake.startswith(table) for mistake in found), table


def test_a_bad_list_is_told_by_file_row_and_column(write: Write, tmp_path: Path) -> None:
    (tmp_path / "offices.csv").write_text("code,name,kecamatan,employees\na,A,,many\n,B,,3\n")
    old = f'offices = "{LISTS}/offices.csv"'
    assert old in good()
    found = mistakes(write(good().replace(old, f'offices = "{tmp_path}/offices.csv"')))
    assert found[0].startswith(
        f"[lists] offices: {tmp_path}/offices.csv, baris 2, kolom employees:"
    )
    assert any("baris 3" in mistake for mistake in found)


def test_no_secret_is_ever_in_a_message(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(
        good()
        + """
        [redis]
        url = ["redis://:s3cret-of-the-file@10.0.0.1/0"]
        [records]
        url = "postgresql://kominfo:s3cret-of-the-file@10.0.0.1/cc"
        colour = "s3cret-of-the-file"
        [feed.extra]
        type = "complaints"
        webhook_secret = "s3cret-of-the-file"
        open311 = 5
        [feed.others]
        type = "network"
        devices = "rtsp://admin:s3cret-of-the-file@10.0.0.1/x.csv"
        community = "s3cret-of-the-file"
        """
    )
    found = mistakes(path)
    assert len(found) >= 5
    assert secret("s3cret-of-the-file") not in "\n".join(found)
    assert main(["--config", str(path), "check"]) == 1
    assert "s3cret-of-the-file" not in "".join(capsys.readouterr())


def test_a_file_that_is_not_there_or_not_toml_is_told(tmp_path: Path, write: Write) -> None:
    assert "cannot be read" in mistakes(tmp_path / "none.toml")[0]
    assert "not TOML" in mistakes(write("[web"))[0]
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    assert "not TOML" in mistakes(tmp_path / "config.toml")[0]


def test_a_url_of_the_environment_goes_before_that_of_the_file(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)
    config = read_config(write(good() + '\n[redis]\nurl = "redis://a"'))
    assert config.redis_url == "redis://a"
    monkeypatch.setenv("REDIS_URL", "redis://b")
    assert config.redis_url == "redis://b"
