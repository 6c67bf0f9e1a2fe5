"""The demo's devices also send what real ones do, and the program tells it."""

from __future__ import annotations

from pathlib import Path

from commandcenter.demo.machines import Server
from commandcenter.demo.oddities import hand_in, knock
from commandcenter.feed import Desk
from feeds.complaints import Complaints
from tests.conftest import NOW, Clock, Tray
from tests.demo.conftest import Recorder


async def test_a_list_with_rows_that_cannot_be_used_is_taken_but_for_them(
    tmp_path: Path, desk: Desk, clock: Clock, tray: Tray
) -> None:
    inbox = tmp_path / "inbox"
    path = hand_in(inbox, NOW)
    assert path is not None
    feed = Complaints(name="complaints", inbox=str(inbox))
    try:
        while not (inbox / "done").exists():
            found = {r.key: r.value async for r in feed.read(desk)}
            clock.forward(30)
        found = {r.key: r.value async for r in feed.read(desk)}
    finally:
        await feed.close()
    totals = found["totals/all"] or {}
    assert (totals["open"], totals["refused"]) == (2, {path.name: 2})
    assert len(tray.kept) == 2
    assert hand_in(inbox, NOW) is None


async def test_a_machine_of_another_make_asks_where_nothing_listens(recorder: Recorder) -> None:
    recorder.status = "404 Not Found"
    async with recorder.listening():
        await knock(Server("127.0.0.1", recorder.port))
    [asked] = recorder.requests
    assert asked.startswith(b"GET /hdata.aspx HTTP/1.1")
