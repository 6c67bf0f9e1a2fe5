"""Pages for people that are plain HTML: signing in, one's own account, administration.

Made by Jinja2 from commandcenter/web/templates, in the language of the region or of ?lang=, for any
browser, with or without scripts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Scope

from commandcenter.access.roles import Visitor
from commandcenter.config import Config
from commandcenter.language import LANGUAGES, Language
from commandcenter.web.doors import DOORS

ASSETS = Path(__file__).parents[2] / "assets"
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Link:
    """A place of the navigation."""

    path: str
    word: str
    """An English sentence for `say`."""


PLACES = (
    Link("/", "Walls"),
    Link("/console", "Console"),
    Link("/screens", "Displays"),
    Link("/admin", "Administration"),
)


class Paper:
    """Draws pages. Templates extend base.html; besides its own facts each knows `say` (a Language),
    `region`, `visitor` (None: nobody is signed in), `links`, `path`, `asset(name)`, `here(path)` (a
    path of ours in the language of this page) and `build`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.says = {code: Language(code, config.zone) for code in LANGUAGES}
        self.templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, template: str, request: Request | Scope, *, status: int = 200, **facts: Any
    ) -> HTMLResponse:
        """One page, for this request alone: no browser and no proxy may keep it."""
        scope = request.scope if isinstance(request, Request) else request
        say, visitor = self.language(scope), scope.get("state", {}).get("visitor")
        told = {
            "say": say,
            "region": self.config.region,
            "visitor": visitor,
            "links": links_of(visitor),
            "path": scope["path"],
            "asset": asset,
            "here": lambda path: self.in_language(scope, path),
            "build": _build(),
        }
        html = self.templates.get_template(template).render(told | facts)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})

    def language(self, request: Request | Scope) -> Language:
        """The one that ?lang= names, or the region's."""
        asked = _asked(request)
        return self.says[asked if asked in self.says else self.config.region.language]

    def in_language(self, request: Request | Scope, path: str) -> str:
        """A path of ours (with or without a query) that goes on in the language of this page."""
        asked = _asked(request)
        if asked not in self.says:
            return path
        return path + ("&" if "?" in path else "?") + urlencode({"lang": asked})


def _asked(request: Request | Scope) -> str:
    scope = request.scope if isinstance(request, Request) else request
    return str(QueryParams(scope["query_string"]).get("lang", ""))


def links_of(visitor: Visitor | None) -> list[Link]:
    """Where this person may go."""
    if visitor is None or visitor.kind != "person":
        return []
    open_ones = {d.path for d in DOORS if "GET" in d.methods and d.opens_to(visitor, here=False)}
    return [link for link in PLACES if link.path in open_ones]


@lru_cache
def asset(name: str) -> str:
    """The address of a file in assets/; another content has another address."""
    return f"/assets/{name}?m={hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()[:12]}"


@lru_cache
def _build() -> str:
    """A name for these pages, to be told on the telephone."""
    digest = hashlib.sha256()
    for path in sorted((*TEMPLATES.glob("*.html"), *ASSETS.glob("*.css"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
