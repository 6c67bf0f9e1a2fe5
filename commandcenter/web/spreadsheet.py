"""Lines of a CSV file that people open in a spreadsheet.

Excel takes the separators of the system: where a decimal number is written with a comma, lists are
separated by semicolons, and a file with commas stands in one column. A row "sep=" would be shown by
every other program, so the separators are those of the reader's language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

BEGIN = b"\xef\xbb\xbf"  # Excel takes a file for UTF-8 by this mark only
_DECIMAL_COMMA = ("id",)
_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r")


def line(cells: Iterable[Any], language: str) -> bytes:
    """One row, quoted as RFC 4180 says. What a spreadsheet would take for a formula is made a text
    (CWE-1236)."""
    row, comma = io.StringIO(), language in _DECIMAL_COMMA
    writer = csv.writer(row, delimiter=";" if comma else ",")
    writer.writerow([_cell(cell, decimal="," if comma else ".") for cell in cells])
    return row.getvalue().encode(errors="replace")


def _cell(value: Any, *, decimal: str) -> Any:
    if isinstance(value, float):
        return str(value).replace(".", decimal)
    if isinstance(value, str):
        risky = value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
        return f"'{value}" if risky else value
    return "" if value is None else value
