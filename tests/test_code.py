"""What no single test can show: that the code does a thing nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from commandcenter.records.tables import account
from tests.web.conftest import ROOT

OURS = [
    path for part in ("commandcenter", "feeds", "panels") for path in (ROOT / part).rglob("*.py")
]
SCRIPTS = [path for path in (ROOT / "assets").rglob("*.js") if not path.name.startswith("plotly")]
PAGES = [*(ROOT / "commandcenter" / "web" / "templates").glob("*.html"), *SCRIPTS]

SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
RUNNERS = {"eval", "exec", "pickle", "marshal", "shelve", "dill", "yaml"}
HOME_MADE = {"Crypto", "Cryptodome", "rsa", "ecdsa", "nacl", "simplecrypt", "crypt"}
HANDLERS = re.compile(r"(File|Syslog|Socket|Datagram|SMTP|HTTP|NTEventLog)Handler\b", re.IGNORECASE)


def uses(path: Path) -> Iterator[str]:
    """Every name that a module calls or imports, as its last part and as its first."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                yield from (name.name.partition(".")[0] for name in node.names)
            case ast.ImportFrom():
                yield (node.module or "").partition(".")[0]
                yield from (name.name for name in node.names)
            case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
                yield name
            case ast.keyword(arg="shell"):
                yield "create_subprocess_shell"


def users(names: set[str], paths: list[Path] = OURS) -> dict[str, set[str]]:
    found = {str(path.relative_to(ROOT)): names & set(uses(path)) for path in paths}
    return {path: used for path, used in found.items() if used}


@pytest.mark.asvs("1.2.5")
def test_no_shell_is_asked() -> None:
    assert users(SHELLS) == {}


@pytest.mark.asvs("1.3.2", "1.5.2")
def test_nothing_that_was_read_is_run() -> None:
    assert users(RUNNERS) == {}


@pytest.mark.asvs("3.2.2", "3.7.1")
def test_pages_write_no_markup() -> None:
    """Text is written as text; no plug-in of the browser is asked for."""
    writes = re.compile(
        r"\.(inner|outer)HTML\s*\+?=[^=]|insertAdjacentHTML|document\.write|<(object|embed|applet)\b"
    )
    found = {path.name: writes.findall(path.read_text(encoding="utf-8")) for path in PAGES}
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.asvs("6.5.3", "7.2.3", "11.5.1")
def test_what_opens_a_door_is_not_made_by_random() -> None:
    """`random` can be foretold; what is drawn with it spreads waits and mixes the demo."""
    doors = (
        "access",
        "records",
        "web",
        "notify/links.py",
        "secret.py",
        "signature.py",
        "private.py",
    )
    where = [ROOT / "commandcenter" / name for name in doors]
    paths = [path for path in OURS if any(path == one or one in path.parents for one in where)]
    assert len(paths) > 100
    assert users({"random"}, paths) == {}


@pytest.mark.asvs("11.2.1")
def test_cryptography_comes_from_libraries_that_are_proven() -> None:
    assert users(HOME_MADE) == {}


@pytest.mark.asvs("6.4.2")
def test_an_account_has_no_hint_and_no_question() -> None:
    assert not re.search("hint|question|answer|birth", " ".join(account.c.keys()))


@pytest.mark.asvs("15.1.2")
@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_library_is_pinned_by_its_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#-"]
    assert len(lines) > 50
    loose = [line for line in lines if "==" not in line or "--hash=sha256:" not in line]
    assert loose == []


@pytest.mark.asvs("16.2.3")
def test_logs_go_nowhere_else() -> None:
    """But to standard error (logs.py) and into the records."""
    found = {path.name: HANDLERS.findall(path.read_text(encoding="utf-8")) for path in OURS}
    assert {name: hits for name, hits in found.items() if hits} == {}
