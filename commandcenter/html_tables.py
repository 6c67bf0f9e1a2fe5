"""The tables of an HTML page: "Export Excel" of many web applications, which name it .xls."""

from __future__ import annotations

from html.parser import HTMLParser

_WIDEST = 100


def read_html(text: str) -> list[list[str]]:
    """The rows of all its tables. A cell over several columns is followed by empty ones."""
    page = _Page()
    page.feed(text)
    page.close()
    return [[" ".join(cell.split()) for cell in row] for row in page.rows]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell: int | None = None  # the one we are in, by its place in the last row

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
            self._cell = None
        elif tag in ("td", "th") and self.rows:
            self._cell = len(self.rows[-1])
            self.rows[-1] += [""] * _width(dict(attrs).get("colspan") or "")
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self.rows[-1][self._cell] += data


def _width(colspan: str) -> int:
    return max(1, min(int(colspan), _WIDEST)) if colspan.isascii() and colspan.isdecimal() else 1
