"""Every sentence that a screen says is translated, and nothing is translated that none says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from commandcenter.language import Language, catalogue
from commandcenter.records import life
from commandcenter.web.words import browser_words
from tests.web.conftest import ROOT

SOURCES = [
    *(ROOT / "panels").glob("*.py"),
    *(ROOT / "commandcenter" / "staging").glob("*.py"),
    *(ROOT / "commandcenter" / "access").glob("*.py"),
    *(ROOT / "commandcenter" / "web").rglob("*.py"),
    *(ROOT / "commandcenter" / "notify").glob("*.py"),
    *(ROOT / "commandcenter" / "video").glob("*.py"),
    ROOT / "commandcenter" / "camera_cli.py",
    ROOT / "commandcenter" / "drawing.py",
]
SCRIPTS = list((ROOT / "assets").glob("*.js"))
TEMPLATES = list((ROOT / "commandcenter" / "web" / "templates").glob("*.html"))
# Words that a screen says without their standing in a call: names of states and origins.
STATES = {"none", "disconnected", "demo", "manual"}


def said_by_python(path: Path) -> Iterator[str]:
    """Texts in say("…") and view.say("…"), of a conditional too; headings; tables of words."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tables = _tables(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "say" and node.args:
            yield from _texts(node.args[0], tables)
        if isinstance(node, ast.AnnAssign) and _name(node.target) == "heading":
            yield from _texts(node.value, tables)


def _tables(tree: ast.Module) -> dict[str, list[str]]:
    """Constants of the module that hold texts by state: WORDS["frozen"] is "FROZEN"."""
    return {
        _name(node.targets[0]): [t for value in node.value.values for t in _texts(value, {})]
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
    }


def _texts(node: ast.AST | None, tables: dict[str, list[str]]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body, tables)
            yield from _texts(other, tables)
        case ast.Subscript(value=ast.Name(id=table)):
            yield from tables.get(table, [])


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def said_by_scripts() -> set[str]:
    """Texts in cc.word("…"), the two of a conditional too."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    calls = re.findall(r'cc\.word\(([^")]*"[^"]+"(?: : "[^"]+")?)', text)
    return {told for call in calls for told in re.findall(r'"([^"]+)"', call)}


def said_by_templates(path: Path) -> Iterator[str]:
    """Texts in say("…") and say('…')."""
    text = path.read_text(encoding="utf-8")
    for _, told in re.findall(r"""\bsay\(\s*(["'])(.+?)\1""", text, re.DOTALL):
        yield told


SAID = {text: path.name for path in SOURCES for text in said_by_python(path)}
SAID |= {text: path.name for path in TEMPLATES for text in said_by_templates(path)}


def test_the_test_finds_sentences_wherever_they_stand() -> None:
    assert SAID["{n} of {m} sources alive"] == "masthead.py"
    assert SAID["No camera has answered yet"] == "cctv.py"
    assert SAID["not connected yet"] in ("network.py", "summary.py")
    assert SAID["Complaints queue"] == "complaints.py"
    assert {"over {t}", "{t} left", "Disconnected since {clock}"} <= said_by_scripts()


@pytest.mark.parametrize("text", sorted(SAID))
def test_a_sentence_of_a_panel_or_page_is_translated(text: str) -> None:
    assert text in catalogue("id"), f"{SAID[text]} says {text!r}: put it into locale/id.po"


def test_whatever_can_stand_in_the_way_of_a_step_is_translated() -> None:
    reasons = [value for name, value in vars(life).items() if name.isupper() and name != "WATCH"]
    sentences = [reason for reason in reasons if isinstance(reason, str)]
    assert life.NEEDS_CAUSE in sentences
    assert set(sentences) <= catalogue("id").keys()


def test_a_script_says_only_what_the_page_is_given() -> None:
    given = set(browser_words(Language("en", ZoneInfo("Asia/Jakarta")), console=True))
    assert said_by_scripts() <= given
    assert given <= catalogue("id").keys()


def test_nothing_is_translated_that_no_screen_says() -> None:
    known = set(catalogue("id"))
    constants = {text for path in SOURCES + _vocabulary() for text in _constants(path)}
    everything = "\n".join(path.read_text(encoding="utf-8") for path in SCRIPTS + TEMPLATES)
    unused = {
        text
        for text in known - SAID.keys() - STATES - constants
        if f'"{text}"' not in everything and f"'{text}'" not in everything
    }
    assert unused == set()


def _constants(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        yield from _texts(node, {})


def _vocabulary() -> list[Path]:
    names = ("board.py", "config.py", "vocabulary.py", "records/life.py")
    return [ROOT / "commandcenter" / name for name in names]


def test_every_translation_keeps_the_places_of_its_sentence() -> None:
    places = re.compile(r"\{\w+\}")
    for text, translated in catalogue("id").items():
        assert sorted(places.findall(text)) == sorted(places.findall(translated)), text
