"""How the web is served: uvicorn within limits (commandcenter.http_limits)."""

from __future__ import annotations

from typing import Any, cast

from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from commandcenter.config import Web
from commandcenter.connections import Connections, room
from commandcenter.http_limits import HttpLimits, LimitedHttpTools, Listener
from commandcenter.web.forwarded import FirstScheme
from commandcenter.web.wire import LiveProtocol

LONGEST_WORD = 65_536  # bytes of one message of a browser, before anything looks at it


def web_settings(app: ASGIApp, web: Web, limits: HttpLimits | None = None) -> Listener:
    """For commandcenter.serving."""
    if web.proxies:  # anybody else could write what they like
        believing: Any = ProxyHeadersMiddleware(cast("Any", app), list(web.proxies))
        app = FirstScheme(believing)  # uvicorn types what Starlette does not
    return Listener(
        app,
        limits=limits or HttpLimits(body_seconds=60.0),
        connections=Connections(most=room(web.connections), proxies=web.proxies),
        host=web.host,
        port=web.port,
        http=LimitedHttpTools,
        ws=LiveProtocol,
        ws_max_size=LONGEST_WORD,
        # Compressing each browser's stream costs 2.8 times the CPU and 7 times the memory.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
