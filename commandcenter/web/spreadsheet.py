"""Lines of a CSV file that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

BEGIN = b"\xef\xbb\xbf"  # Excel takes a file for UTF-8 by this mark only
_FORMULA = ("=", "+", "-", "@", "|", "%", "\t", "\r")


def line(cells: Iterable[Any]) -> bytes:
    """One row, quoted as RFC 4180 says. What a spreadsheet would take for a formula is made a text
    (CWE-1236)."""
    row = io.StringIO()
    csv.writer(row).writerow([_cell(cell) for cell in cells])
    return row.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        risky = value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
        return f"'{value}" if risky else value
    return "" if value is None else value
