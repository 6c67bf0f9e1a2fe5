"""The API as one application under /api/v1: its operations, its document, its refusals."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount

from commandcenter.board import Board
from commandcenter.bus import Bus, BusDown
from commandcenter.config import Config
from commandcenter.feed import Feed
from commandcenter.records import tokens
from commandcenter.records.database import RecordsDown
from commandcenter.web.api import shapes
from commandcenter.web.api.asker import Asker
from commandcenter.web.api.bodies import Bodies
from commandcenter.web.api.document import document, told_by
from commandcenter.web.api.events import Events
from commandcenter.web.api.incidents import Incidents
from commandcenter.web.api.needs import PREFIX
from commandcenter.web.api.problems import Refusal, mistakes, problem
from commandcenter.web.api.readings import Readings
from commandcenter.web.api.reference import Reference
from commandcenter.web.console_doors import Doors
from commandcenter.web.console_steps import Ringer, Steps

log = logging.getLogger(__name__)

_UNREADABLE = "The body is not JSON in UTF-8, or is nested too deeply"


class Api:
    """`put_aside(feed, source, reason, body)` takes bad input, as Tray.put does."""

    def __init__(
        self,
        doors: Doors,
        bus: Bus,
        board: Board,
        ringer: Ringer,
        put_aside: Callable[[str, str, str, bytes], None],
    ) -> None:
        self.doors, self.put_aside = doors, put_aside
        config = doors.config
        self.incidents = Incidents(doors, board, Steps(doors, ringer))
        self.readings = Readings(doors, _of_type(config, "posted"), bus, put_aside)
        self.events = Events(doors, _of_type(config, "alerts"), put_aside)
        self.app = self._app()
        self.document = document(self.app)
        self.reference = Reference(config, self.document)

    def routes(self) -> list[BaseRoute]:
        """For the web application."""
        mount = Mount(PREFIX, self.app)
        # Also a path with a line break in it is ours to refuse.
        mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
        return [mount]

    def _app(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self._operations(app)
        app.add_route("/openapi.json", self._openapi, methods=["GET"])
        app.add_route("/docs", self._docs, methods=["GET"])
        app.add_middleware(Bodies)
        for error, handler in self._handlers().items():
            app.add_exception_handler(error, handler)
        return app

    def _operations(self, app: FastAPI) -> None:
        one = "/incidents/{number}"
        incidents = self.incidents
        told_by(app, "GET", "/me", self.me, "This token")
        told_by(app, "GET", "/incidents", incidents.list_incidents, "List incidents", 422)
        told_by(app, "GET", one, incidents.read_incident, "One incident", 404, 422)
        told_by(app, "GET", f"{one}/log", incidents.read_log, "The log of an incident", 404, 422)
        told_by(
            app, "POST", f"{one}/steps", incidents.take_step, "Act on an incident", 404, 409, 422
        )
        told_by(app, "POST", "/readings", self.readings.post_readings, "Post readings", 404, 422)
        told_by(app, "POST", "/events", self.events.post_events, "Push events", 404, 409, 422)

    async def me(self, asker: Asker) -> shapes.Me:
        """What the token is called, what it is good for, and until when."""
        kept = await self.doors.records.read(tokens.tokens)
        found = next((token for token in kept if token.id == asker.id), None)
        if asker.kind != "token" or found is None:
            raise Refusal(404, "this is no token")
        return shapes.Me.model_validate(found, from_attributes=True)

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(self.document)

    async def _docs(self, request: Request) -> Response:
        return self.reference.page(request)

    # --- refusals ---------------------------------------------------------------------------------

    def _handlers(self) -> Mapping[Any, Callable[[Request, Any], Any]]:
        return {
            RequestValidationError: self._invalid,
            HTTPException: self._http,
            Refusal: _refused,
            BusDown: _away,
            RecordsDown: _away,
            Exception: _fault,
        }

    async def _invalid(self, request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if found[0]["type"] == "json_invalid":
            told = f"The body is not JSON: {_position(found[0])}"
            await self._keep(request, told)
            return problem(400, told)
        wrong = mistakes(found)
        await self._keep(request, "{where}: {detail}".format(**wrong[0]))
        return problem(422, "The request cannot be understood; see mistakes", mistakes=wrong)

    async def _http(self, request: Request, error: HTTPException) -> Response:
        if error.status_code != 400:
            return problem(error.status_code, str(error.detail), error.headers)
        await self._keep(request, _UNREADABLE)
        return problem(400, _UNREADABLE)

    async def _keep(self, request: Request, reason: str) -> None:
        """What was told us must not be lost, and stays where an operator finds it."""
        operation = request.url.path.removeprefix(PREFIX)
        if operation in ("/readings", "/events"):
            who = request.state.visitor.name
            self.put_aside("api", f"{who} {operation}", reason, await request.body())


async def _refused(_: Request, error: Refusal) -> Response:
    return problem(error.status, error.detail, **error.more)


async def _away(request: Request, error: BusDown | RecordsDown) -> Response:
    log.warning("%s has to wait: %s", request.url.path, error)
    which = "bus" if isinstance(error, BusDown) else "database"
    return problem(503, f"The {which} does not answer just now; nothing was changed, try again")


async def _fault(request: Request, _: Exception) -> Response:
    """Starlette raises it again, so that it stands in the log."""
    return problem(500, f"Our own fault at {request.url.path}; it is in the log")


def _position(error: Any) -> str:
    return f"{error['ctx']['error']}, at character {error['loc'][-1]}"


def _of_type(config: Config, name: str) -> dict[str, Feed]:
    """The feeds of a type: a type is the name of a file in feeds/."""
    feeds = config.feeds.items()
    return {key: feed for key, feed in feeds if type(feed).__module__ == f"feeds.{name}"}
