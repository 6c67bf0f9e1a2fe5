"""/live: the endpoint behind every page. What it carries is the hub's; here is only the door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.websockets import WebSocket, WebSocketDisconnect

from commandcenter.web.hub import Browser, Hub
from commandcenter.web.wire import EXTENSION

LONGEST_WORD = 64  # bytes: a browser only ever says "here"


def live_endpoint(
    hub: Hub,
    panels_of: Callable[[str], frozenset[str] | None],
    languages: Mapping[str, object],
    usual: str,
) -> Callable[[WebSocket], Awaitable[None]]:
    """The handler of `/live?page=/wall/utama&lang=id`."""

    async def live(websocket: WebSocket) -> None:
        panels = panels_of(websocket.query_params.get("page", "/"))
        if panels is None:
            await websocket.close(4404, "no such page")
            return
        asked = websocket.query_params.get("lang", usual)
        await websocket.accept()
        browser = Browser(
            wire=websocket.scope["extensions"][EXTENSION],
            panels=panels,
            language=asked if asked in languages else usual,
            heard_at=asyncio.get_running_loop().time(),
        )
        hub.join(browser)
        try:
            await _listen(websocket, browser)
        finally:
            hub.leave(browser)

    return live


async def _listen(websocket: WebSocket, browser: Browser) -> None:
    """Until the browser goes. Whatever it says only means that it is there."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            said = await websocket.receive_text()
            if len(said) > LONGEST_WORD:
                await websocket.close(1009, "too long")
                return
            browser.heard_at = loop.time()
    except (WebSocketDisconnect, KeyError):  # KeyError: it sent bytes instead of text
        return
