"""A list that is read again when its file changes, for as long as the program runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic

from commandcenter.feed import Desk
from commandcenter.lists import BadList, Listed, Row, list_stamp
from commandcenter.spreadsheet import MOST_TOLD


class KeptList(Generic[Row]):
    """The things of a list by their ids, as a feed uses them.

    A row that cannot be used costs itself only, and a thing that was known before stays as it was.
    When nothing of a new file can be used, the last good list stays in force. What is wrong is put
    aside once for each writing of the file, and told with the feed.
    """

    def __init__(self, path: Path, column: str, read: Callable[[Path], Listed[Row]]) -> None:
        self.path = path
        self._column = column  # of the ids
        self._read = read
        self._things: dict[str, Row] | None = None
        self._stamp: tuple[int, int] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def current(self, desk: Desk) -> dict[str, Row]:
        """The things by id. Raises BadList when there never was a list that could be used."""
        async with self._one_at_a_time:
            stamp = list_stamp(self.path)
            if self._things is None or stamp != self._stamp:
                self._things = await self._renewed(desk, self._things)
                self._stamp = stamp
            return self._things

    async def _renewed(self, desk: Desk, before: dict[str, Row] | None) -> dict[str, Row]:
        try:
            listed = await asyncio.to_thread(self._read, self.path)
            rows = listed.usable()
        except BadList as error:
            if before is None:
                raise
            _tell(desk, self.path, error.mistakes)
            return before
        desk.left_out = frozenset(told.identity for told in listed.mistakes if told.left_out)
        _tell(desk, self.path, listed.sentences())
        known = {k: row for k, row in (before or {}).items() if k in desk.left_out}
        return known | {getattr(row, self._column): row for row in rows}


def _tell(desk: Desk, path: Path, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        desk.reject(path.name, sentence)
    desk.list_mistakes = tuple(sentences[:MOST_TOLD])  # all are among the rejected input
