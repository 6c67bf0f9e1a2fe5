"""Static files: compressed once and kept, instead of Dash's 1.2 MB raw at every first load.

What is kept is known by its content: one file has as many addresses as somebody cares to write
(queries, and the fingerprints in Dash's paths), and none of them may push the others out. Of the
addresses the last ones are remembered: a page's own are answered without a look at the disk.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
from hashlib import sha256
from typing import TypeAlias

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_Headers: TypeAlias = list[tuple[bytes, bytes]]
_STATIC = re.compile(r"/(?:assets|_dash-component-suites)/.+\.(?:js|css|map|svg|json)")
_MOST = 32_000_000  # bytes kept; what the program ships takes a tenth
_ADDRESSES = 256  # remembered; a page has about 30
_WORTH = 1024  # bytes from which compressing pays


class Compressed:
    """ASGI middleware: answers for static text are gzipped once, in a thread."""

    def __init__(self, app: ASGIApp, most: int = _MOST) -> None:
        self.app, self.most = app, most
        self.kept: dict[bytes, bytes] = {}
        """Compressed contents, by the SHA-256 of the plain ones."""
        self._answers: dict[str, tuple[_Headers, bytes]] = {}
        """By address; the last one is the newest."""
        self._one_at_a_time = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._may(scope):
            await self.app(scope, receive, send)
            return
        address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        known = self._answers.pop(address, None)
        if known is None:
            await self._fetch(address, scope, receive, send)
            return
        self._answers[address] = known
        headers, body = known
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
                body = await asyncio.to_thread(self._small, body)
                headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(body))
                headers["Vary"] = "Accept-Encoding"
                self._remember(address, start["headers"], body)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    def _remember(self, address: str, headers: _Headers, body: bytes) -> None:
        if any(body is kept for kept in self.kept.values()):  # else it would take memory of its own
            self._answers[address] = (list(headers), body)
            if len(self._answers) > _ADDRESSES:
                del self._answers[next(iter(self._answers))]

    def _small(self, body: bytes) -> bytes:
        key = sha256(body).digest()
        with self._one_at_a_time:  # many at once, after a start: the first one works for all
            if key in self.kept:
                return self.kept[key]
            small = gzip.compress(body, 6, mtime=0)
            if sum(map(len, self.kept.values())) + len(small) <= self.most:
                self.kept[key] = small
            return small
