"""The e-government applications: small pages that take about 180 ms."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from commandcenter.demo.region import DemoApplication


@dataclass(frozen=True)
class ApplicationPages:
    """A page for each application, at the path of its address."""

    applications: Sequence[DemoApplication]
    chance: random.Random

    def routes(self) -> list[Route]:
        """The paths of the pages."""
        return [Route(urlsplit(one.url).path, self.page) for one in self.applications]

    async def page(self, request: Request) -> Response:
        """Think for a while and answer."""
        await asyncio.sleep(self.chance.lognormvariate(-1.75, 0.22))  # median 174 ms
        found = [a.name for a in self.applications if urlsplit(a.url).path == request.url.path]
        name = escape(found[0])
        return HTMLResponse(f"<!doctype html><title>{name}</title><h1>{name}</h1>")
