"""A leak is found wherever it is planted and in whatever shape, and fails the session."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.leaks.planted import SHAPES
from tests.leaks.plugin import SAID
from tests.leaks.registry import HERE, secret
from tests.leaks.search import search, shapes

TOLD = re.compile(r"^(?P<secret>.+) \((?P<shape>[^)]+)\): (?P<place>.+)$", re.MULTILINE)


def session(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A session of its own over tests/leaks/planted.py."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.leaks.plugin", "-p", "no:cacheprovider"]
    command += [f"--basetemp={folder / 'base'}", "tests/leaks/planted.py", *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "LEAKS"))}
    return subprocess.run(
        command,
        cwd=HERE,
        env=environment | {"NAMED": str(folder / "told.txt")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the session with every leak says in the end, run by two workers."""
    done = session(tmp_path_factory.mktemp("leaks"), "-n", "2")
    assert done.returncode == SAID, done.stdout
    return done.stdout.partition("secrets were said")[2]


def place_of(told: str, name: str) -> str:
    """Where the secret of this name was said."""
    found = [match["place"] for match in TOLD.finditer(told) if match["secret"] == name]
    assert found, f"{name} is not in: {told}"
    return found[0]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("test_log", "log of tests/leaks/planted.py:"),
        ("test_log_that_goes_nowhere", "log of tests/leaks/planted.py:"),
        ("test_traceback", "log of tests/leaks/planted.py:"),
        ("test_output", "Captured stdout call"),
        ("test_output_of_a_child", "output of a child"),
        ("test_errors_of_a_child", "Captured stderr call"),
        ("test_log_of_a_site", "/log:2"),
        ("test_file_that_was_named", "/told.txt:1"),
        ("test_answer[/refused-403]", "answer 403 of /refused"),
        ("test_answer[/metrics-200]", "answer 200 of /metrics"),
        ("test_answer[/console/history.csv-200]", "answer 200 of /console"),
        ("test_answer[/maintenance.ics-200]", "answer 200 of /maintenance.ics"),
        ("test_answer[/api/v1/openapi.json-200]", "answer 200 of /api"),
        ("test_answer_for_urllib", "answer 503 of /readyz"),
        ("test_tray[sqlite]", "records.db reject.reason"),
        ("test_tray[postgres]", "PostgreSQL reject.reason"),
    ],
)
def test_a_leak_is_told_with_its_place(told: str, name: str, place: str) -> None:
    assert place in place_of(told, f"planted by {name}")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_leak_is_found_in_every_shape(told: str, shape: str) -> None:
    place_of(told, f"planted by test_shape[{shape}]")


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    "name",
    [
        "env:PLANTED_HERE",
        "password in env:PLANTED_ADDRESS",
        "cookie session",
    ],
)
def test_what_opens_a_door_is_a_secret_though_nobody_declared_it(told: str, name: str) -> None:
    place_of(told, name)


def test_a_token_that_was_issued_is_one_too(told: str) -> None:
    assert re.search(r"^token of tests/leaks/planted\.py:\d+ \(as it is\)", told, re.MULTILINE)


def test_the_test_of_a_leak_is_named(told: str) -> None:
    assert place_of(told, "planted by test_log").endswith("tests/leaks/planted.py::test_log")


def test_the_secret_itself_is_not_told_again(told: str) -> None:
    for word in ("revealed-by-the-test", "given-as-a-cookie", "ä/b", "word-in-an-address"):
        assert word not in told


def test_a_session_that_says_nothing_passes(tmp_path: Path) -> None:
    done = session(tmp_path, "-k", "silence")
    assert done.returncode == 0, done.stdout
    assert "secrets were said" not in done.stdout


# --- the search -----------------------------------------------------------------------------------

readable = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=8)


@given(readable, st.binary(max_size=9), st.binary(max_size=9))
def test_base64_is_known_whatever_stands_around_it(value: str, before: bytes, after: bytes) -> None:
    told = base64.b64encode(before + value.encode() + after)
    assert any(needle in told for shape, needle in shapes(value) if shape == "in base64")


def test_a_secret_is_found_in_a_file_and_told_by_file_line_and_name(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\n\xff\0two\nthree s3cret-here\n")
    (leak,) = search({"s3cret-here": "the door's", "another-secret": "x"}, [path])
    assert str(leak) == f"the door's (as it is): {path}:3"
    assert search({"s3cret-there": "x"}, [path, tmp_path / "gone"]) == []


@pytest.mark.parametrize("value", ["public", "", "x", "two\nlines-of-it"])
def test_an_ordinary_word_cannot_be_declared(value: str) -> None:
    with pytest.raises(ValueError, match="8 characters or more"):
        secret(value)
