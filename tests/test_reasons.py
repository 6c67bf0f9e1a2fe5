"""Why input was rejected is told in the reader's language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from commandcenter.language import Language

ROOT = Path(__file__).parent.parent / "commandcenter"
INDONESIAN = Language("id", ZoneInfo("Asia/Jakarta"))

# Where input is read, and refused with a sentence.
READERS = [
    *(ROOT / "attendance").glob("*.py"),
    *(ROOT / "alerts").glob("*.py"),
    *(ROOT / "complaints").glob("*.py"),
    ROOT / "intake.py",
    ROOT / "reading.py",
    ROOT / "signature.py",
    ROOT / "spreadsheet.py",
    ROOT / "tray.py",
    ROOT / "video" / "roster.py",
    ROOT / "video" / "masks.py",
]
ENGLISH = re.compile(
    r"\b(the|is|not|must|it|of|are|and|more|cannot|was|were|with|that|which|than|has|our|its"
    r"|bytes|rows?|lines?|sheet|column|number|twice|than|first)\b"
)
# What senders are answered or say themselves, and nobody reads on a screen.
OF_SENDERS = ("not now", "not found", "try again later", "our own failure, try", "Someone is")


def test_the_parts_of_a_reason_are_exchanged_around_its_names_and_numbers() -> None:
    told = "aduan.csv, row 7: tanggal: a date lies in the future"
    assert INDONESIAN.reason(told) == "aduan.csv, baris 7: tanggal: tanggalnya di masa depan"
    told = "the body has 70000 bytes or more, the limit is 65536"
    assert INDONESIAN.reason(told) == "isinya 70000 bita atau lebih, batasnya 65536"


def test_no_part_of_a_word_is_exchanged() -> None:
    assert INDONESIAN.reason("brown.csv: kosong") == "brown.csv: kosong"
    assert INDONESIAN.reason("Anderson: rowing") == "Anderson: rowing"


def test_english_stays_english() -> None:
    told = "aduan.csv, row 7: a date lies in the future"
    assert Language("en", INDONESIAN.zone).reason(told) == told


def test_no_reason_leaves_english_words_on_an_indonesian_screen() -> None:
    left = {
        f"{path.relative_to(ROOT)}:{line}": INDONESIAN.reason(text)
        for path in READERS
        for line, text in _sentences(path)
        if ENGLISH.search(INDONESIAN.reason(text))
    }
    assert left == {}, "put these into locale/id.reasons.po"


def test_every_part_that_is_exchanged_is_said_somewhere() -> None:
    sources = (path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py"))
    said = _in_one_line("\n".join(sources))
    words = re.findall(
        r'^msgid "(.+)"$', (ROOT / "locale" / "id.reasons.po").read_text("utf-8"), re.M
    )
    assert [part for part in words if _in_one_line(part) not in said] == []


def _in_one_line(text: str) -> str:
    """Without what breaks a long sentence of a program in two."""
    return re.sub(r"\s+", " ", re.sub(r'"\s*\n\s*f?"', "", text).replace('\\"', '"'))


def _sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Texts of a module with a space in them that a person could read as a reason."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = {id(text) for node in ast.walk(tree) if _is_aside(node) for text in ast.walk(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in aside and " " in text.strip():
                if not text.startswith(OF_SENDERS):
                    yield node.lineno, text


def _is_aside(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Compare():
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "re"))):
            return True
    return False
