"""Static files: compressed once, whatever anybody adds to their addresses."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from commandcenter.web.static import Compressed

FILES = {name: f"{name} ".encode() * 1000 for name in ("a.js", "b.css", "c.svg")}


async def _file(request: Request) -> Response:
    name = request.path_params["name"].rpartition("~")[2]
    body = FILES.get(name)
    return Response(b"none" * 1000 if body is None else body, 404 if body is None else 200)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many bytes were compressed each time."""
    told: list[int] = []

    def compress(body: bytes, *more: int, mtime: float) -> bytes:
        told.append(len(body))
        return whole(body, *more, mtime=mtime)

    whole = gzip.compress
    monkeypatch.setattr("commandcenter.web.static.gzip.compress", compress)
    yield told


def browser(app: Compressed) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://pusat")


async def test_a_file_is_compressed_once_by_whatever_address_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Compressed(Starlette(routes=[Route("/assets/{name}", _file)]))
    with counted(monkeypatch) as compressed:
        async with browser(app) as asking:
            for n in range(100):
                await asking.get(f"/assets/a.js?x={n}")
                await asking.get(f"/assets/v{n}~a.js")  # as Dash writes a fingerprint
                await asking.get(f"/assets/none{n}.js")
            for name, body in FILES.items():
                for _ in range(3):
                    answer = await asking.get(f"/assets/{name}?m=1")
                    assert answer.headers["content-encoding"] == "gzip"
                    assert answer.content == body
    assert len(compressed) == len(app.kept) == len(FILES)


async def test_what_is_kept_is_bounded_by_its_bytes() -> None:
    app = Compressed(Starlette(routes=[Route("/assets/{name}", _file)]), most=60)
    async with browser(app) as asking:
        for name, body in FILES.items():
            assert (await asking.get(f"/assets/{name}")).content == body
    assert 0 < sum(map(len, app.kept.values())) <= 60


async def test_a_page_is_answered_without_a_look_at_the_disk_also_in_a_flood_of_addresses() -> None:
    looked: list[str] = []

    async def file(request: Request) -> Response:
        looked.append(str(request.url.query))
        return await _file(request)

    async with browser(Compressed(Starlette(routes=[Route("/assets/{name}", file)]))) as asking:
        for n in range(1000):
            await asking.get(f"/assets/a.js?x={n}")
            await asking.get("/assets/a.js?m=1")
    assert looked.count("m=1") == 1
