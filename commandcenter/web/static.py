"""Static files: compressed once and kept, instead of Dash's 1.2 MB raw at every first load."""

from __future__ import annotations

import gzip
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STATIC = re.compile(r"/(?:assets|_dash-component-suites)/.+\.(?:js|css|map|svg|json)")
_MOST = 64  # files kept; the program ships about 20
_WORTH = 1024  # bytes from which compressing pays


class Compressed:
    """ASGI middleware: answers for static text are gzipped once, by path and query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._may(scope):
            await self.app(scope, receive, send)
            return
        address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        if address not in self._kept:
            await self._fetch(address, scope, receive, send)
            return
        headers, body = self._kept[address]
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    @staticmethod
    def _may(scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            scope["method"] == "GET"
            and _STATIC.fullmatch(scope["path"]) is not None
            and "gzip" in headers.get("accept-encoding", "")
            and "range" not in headers
            and "if-none-match" not in headers
            and "if-modified-since" not in headers
        )

    async def _fetch(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        chunks: list[bytes] = []

        async def gather(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self.app(scope, receive, gather)
        body = b"".join(chunks)
        if start["status"] == 200:
            headers = MutableHeaders(scope=start)
            if scope["query_string"]:  # Dash adds the file's time: another file, another address
                headers["Cache-Control"] = "private, max-age=31536000, immutable"
            if len(body) >= _WORTH:
                body = _gzip(body, headers)
                self._keep(address, start["headers"], body)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _keep(self, address: str, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        if len(self._kept) < _MOST:
            self._kept[address] = (headers, body)


def _gzip(body: bytes, headers: MutableHeaders) -> bytes:
    small = gzip.compress(body, 6, mtime=0)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(small))
    headers["Vary"] = "Accept-Encoding"
    return small
