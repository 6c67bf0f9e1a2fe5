"""/live: the endpoint behind every page. What it carries is the hub's; here is only the door."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

from starlette.websockets import WebSocket, WebSocketDisconnect

from commandcenter.web.hub import Browser, Hub
from commandcenter.web.wire import EXTENSION

LONGEST_WORD = 512  # bytes: "here", "again", or how a display is, as JSON

Word: TypeAlias = Callable[[str, str, str], None]
"""Told (place, address, what was said) when a page says how it is."""


class Spot(NamedTuple):
    """What a page shows: a place's stage, always the same panels, or the ledger of incidents."""

    place: str
    panels: frozenset[str]
    ledger: bool


Whereabouts: TypeAlias = Callable[[WebSocket], Spot | None]
"""None when there is no such page."""


def live_endpoint(
    hub: Hub, where: Whereabouts, languages: Mapping[str, object], usual: str, told: Word
) -> Callable[[WebSocket], Awaitable[None]]:
    """The handler of `/live?page=/wall/utama&lang=id`."""

    async def live(websocket: WebSocket) -> None:
        found = where(websocket)
        if found is None:
            await websocket.close(4404, "no such page")
            return
        asked = websocket.query_params.get("lang", usual)
        await websocket.accept()
        browser = Browser(
            wire=websocket.scope["extensions"][EXTENSION],
            place=found.place,
            panels=found.panels,
            ledger=found.ledger,
            visitor=getattr(websocket.state, "visitor", None),
            language=asked if asked in languages else usual,
            heard_at=asyncio.get_running_loop().time(),
        )
        if not hub.join(browser):
            await websocket.close(4403, "nothing to show")
            return
        try:
            await _listen(websocket, browser, hub, told)
        finally:
            hub.leave(browser)
            told(found.place, "", "")

    return live


async def _listen(websocket: WebSocket, browser: Browser, hub: Hub, told: Word) -> None:
    """Until the browser goes. Whatever it says also means that it is there."""
    loop = asyncio.get_running_loop()
    address = websocket.client.host if websocket.client else ""
    try:
        while browser in hub.browsers:
            said = await websocket.receive_text()
            if len(said) > LONGEST_WORD:
                await websocket.close(1009, "too long")
                return
            browser.heard_at = loop.time()
            if said == "again":
                hub.again(browser)
            elif browser.place and said != "here":
                told(browser.place, address, said)
    except (WebSocketDisconnect, KeyError):  # KeyError: it sent bytes instead of text
        return
