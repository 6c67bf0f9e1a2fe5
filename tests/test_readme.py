"""What the README shows is run: its panel and its feed, found by their file names."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import feeds
import panels
from commandcenter.board import Board, Patience, View
from commandcenter.feed import Desk, SourceDown
from commandcenter.language import Language
from commandcenter.plugins import feed_class, panel_class
from commandcenter.region import Region
from tests.conftest import NOW, free_port

GAUGES = [{"id": "kumai", "name": "Kumai", "mm": 31.5, "at": NOW.isoformat()}]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's files, lying where a newcomer puts them."""
    readme = Path("README.md").read_text(encoding="utf-8")
    for package in (panels, feeds):
        folder = tmp_path / package.__name__
        folder.mkdir()
        (block,) = re.findall(
            rf'```python\n("""{package.__name__}/rain.py.*?)```', readme, re.DOTALL
        )
        (folder / "rain.py").write_text(block)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])


@pytest.fixture
def gauges() -> Iterator[str]:
    """Rain gauges on HTTP."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(GAUGES).encode())

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.usefixtures("written")
async def test_the_feed_of_the_readme_reads_and_its_panel_draws_it(desk: Desk, gauges: str) -> None:
    feed = feed_class("rain")(name="rain", url=gauges)  # type: ignore[call-arg]
    found = [reading async for reading in feed.read(desk)]
    board = Board(patience={"rain": Patience(late_after=30, stale_after=90)})
    board.take(found, NOW)
    say = Language("id", ZoneInfo("Asia/Jakarta"))
    view = View(board=board, feeds=("rain",), now=NOW, say=say, region=Region(name="x"))
    drawn = str(panel_class("rain")(name="rain").render(view).body)
    assert "row warn" in drawn
    assert "31,5 mm" in drawn


@pytest.mark.usefixtures("written")
async def test_the_feed_of_the_readme_says_when_its_source_is_down(desk: Desk) -> None:
    feed = feed_class("rain")(name="rain", url=f"http://127.0.0.1:{free_port()}/")  # type: ignore[call-arg]
    with pytest.raises(SourceDown, match="Penakar hujan tidak menjawab"):
        _ = [reading async for reading in feed.read(desk)]
