"""By which scheme a visitor came, where several proxies stand in front: "https, http"."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

_HEADER = b"x-forwarded-proto"


class FirstScheme:
    """ASGI middleware, outside of uvicorn's own, which takes one scheme in small letters only and
    believes it of a proxy that config.toml names. Proxies add theirs behind what they were told
    (waitress#442), so the visitor's is the first."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = [value for name, value in scope.get("headers", ()) if name == _HEADER]
        if told:
            others = [(name, value) for name, value in scope["headers"] if name != _HEADER]
            first = told[0].partition(b",")[0].strip().lower()
            scope = {**scope, "headers": [*others, (_HEADER, first)]}
        await self.app(scope, receive, send)
