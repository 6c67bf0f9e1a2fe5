"""The tables of an HTML page: "Export Excel" of many web applications, which name it .xls."""

from __future__ import annotations

from html.parser import HTMLParser

_WIDEST = 100
_TALLEST = 10_000


def read_html(text: str) -> list[list[str]]:
    """The rows of all its tables. A cell over several columns is followed by empty ones; one over
    several rows says the same in each, as exports that are grouped by office mean it."""
    page = _Page()
    page.feed(text)
    page.close()
    return [[" ".join(cell.split()) for cell in row] for row in page.rows]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._cell: int | None = None  # the one we are in, by its place in the last row
        self._tall: dict[int, tuple[int, int]] = {}  # column -> its row above, and how many follow

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._tall.clear()
        elif tag == "tr":
            self.rows.append([])
            self._cell = None
            self._go_on()
        elif tag in ("td", "th") and self.rows:
            self._begin(dict(attrs))
        elif tag == "br":
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._cell = None
        if tag in ("td", "th", "tr"):
            self._go_on()

    def _begin(self, attrs: dict[str, str | None]) -> None:
        """A cell: behind those of the rows above that reach into this one."""
        self._go_on()
        row = self.rows[-1]
        self._cell = len(row)
        row += [""] * _span(attrs.get("colspan"), _WIDEST)
        if (more := _span(attrs.get("rowspan"), _TALLEST) - 1) > 0:
            self._tall |= {at: (len(self.rows) - 1, more) for at in range(self._cell, len(row))}

    def _go_on(self) -> None:
        """Repeat what stands above and reaches into the last row."""
        row = self.rows[-1] if self.rows else []
        while (at := len(row)) in self._tall and self._tall[at][0] < len(self.rows) - 1:
            above, more = self._tall.pop(at)
            row.append(self.rows[above][at])
            if more > 1:
                self._tall[at] = len(self.rows) - 1, more - 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self.rows[-1][self._cell] += data


def _span(told: str | None, most: int) -> int:
    known = told is not None and told.isascii() and told.isdecimal() and len(told) < 10
    return max(1, min(int(told or 1), most)) if known else 1
