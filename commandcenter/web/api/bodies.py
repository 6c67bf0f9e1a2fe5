"""What a body must be before it is read: JSON by its own word, and of a bearable size."""

from __future__ import annotations

from email.message import Message as Header

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commandcenter.web.api.problems import problem

LONGEST = 1_000_000  # bytes
_TOO_LONG = f"The body has more than {LONGEST} bytes; send it in parts"
_NOT_JSON = "Declare the body as Content-Type: application/json"


class Bodies:
    """ASGI middleware. 413, also while a body comes in that does not say how long it is; 415."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _length(headers) > LONGEST:
            await problem(413, _TOO_LONG)(scope, receive, send)
        elif not _is_json(headers):
            await problem(415, _NOT_JSON)(scope, receive, send)
        else:
            await self.app(scope, _weighed(receive), send)


def _weighed(receive: Receive) -> Receive:
    size = 0

    async def weighed() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LONGEST:
            raise HTTPException(413, _TOO_LONG)
        return message

    return weighed


def _length(headers: Headers) -> int:
    told = headers.get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


def _is_json(headers: Headers) -> bool:
    told = Header()
    told["content-type"] = headers.get("content-type", "")
    return told.get_content_type() == "application/json"
