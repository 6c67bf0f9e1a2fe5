"""The rivals: a plain WebSocket page, and a plain Dash page that asks every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from dash import Dash, Input, Output, dcc, html
from fastapi import FastAPI
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.machine import Line

CHANNEL = "bench"
PAGE = """<!DOCTYPE html><title>plain</title><p class="stamp"></p><script>
const shown = document.querySelector(".stamp");
new WebSocket(`ws://${location.host}/ws`).onmessage = (event) => (shown.textContent = event.data);
</script>"""


class Newest:
    """The newest text on the channel, and whom to tell of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.text = ""
        self.sockets: set[WebSocket] = set()

    async def follow(self) -> None:
        """Hear and tell, until cancelled."""
        async with Redis.from_url(self.url) as redis, redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    self.text = message["data"].decode()
                    for socket in tuple(self.sockets):
                        with suppress(WebSocketDisconnect, RuntimeError):
                            await socket.send_text(self.text)

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """Follows while the server runs."""
        task = asyncio.create_task(self.follow())
        yield
        task.cancel()


async def plain_page(_: Line, port: int, redis: str, __: Path) -> None:
    """A bare WebSocket endpoint and one line of script: the floor."""
    newest = Newest(redis)

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(PAGE)

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        newest.sockets.add(socket)
        if newest.text:
            await socket.send_text(newest.text)
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_text()
        newest.sockets.discard(socket)

    routes = [Route("/", page), WebSocketRoute("/ws", live)]
    await _serve(Starlette(routes=routes, lifespan=newest.lifespan), port)


async def interval_page(_: Line, port: int, redis: str, __: Path) -> None:
    """Dash as its manual shows it: `dcc.Interval` and a callback, on its FastAPI backend."""
    newest = Newest(redis)
    server: Any = FastAPI(lifespan=newest.lifespan)
    app = Dash("rival", server=server, backend="fastapi")
    app.layout = html.Div([dcc.Interval(id="tick", interval=1000), html.P(id="stage")])

    @app.callback(Output("stage", "children"), Input("tick", "n_intervals"))
    def shown(_: int) -> Any:
        return html.Span(newest.text, className="stamp")

    await _serve(server, port)


async def _serve(app: ASGIApp, port: int) -> None:
    settings = uvicorn.Config(
        app, port=port, ws_per_message_deflate=False, log_config=None, access_log=False
    )
    await uvicorn.Server(settings).serve()
