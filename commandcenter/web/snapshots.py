"""The pictures of the cameras, and an operator's wish that one be tried again.

    /snapshots/<camera>/<number>/<small|large>.jpg   this very picture, for ever the same
    /snapshots/<camera>/next/<number>.jpg            the first one that is not this, within 4 s
    /cameras/<camera>/again                          POST: try a refused password once more

Whoever may not see a camera is told what everybody is told of one that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from commandcenter.bus import BusDown, Pictures, Still
from commandcenter.language import Language
from commandcenter.records import audit
from commandcenter.records.database import Records, RecordsDown
from commandcenter.web.doors import By, by_of, visitor_of
from commandcenter.web.sight import Sight

WAIT = 4.0  # seconds that whoever looks at one camera waits for its next picture
A_DAY = 86_400  # seconds
SIZES = ("small", "large")
_NO_STORE = {"Cache-Control": "no-store"}


class Snapshots:
    """Routes for the web application."""

    def __init__(
        self,
        pictures: Pictures,
        records: Records,
        sight: Sight,
        say: Language,
        now: Callable[[], datetime],
    ) -> None:
        self.pictures, self.records, self.sight = pictures, records, sight
        self.say, self.now = say, now

    def routes(self) -> list[Route]:
        """For the web application."""
        return [
            Route("/snapshots/{camera}/{number:int}/{size}.jpg", self.still),
            Route("/snapshots/{camera}/next/{number:int}.jpg", self.next),
            Route("/cameras/{camera}/again", self.again, methods=["POST"]),
        ]

    async def still(self, request: Request) -> Response:
        """This picture and no other; the browser may keep it as long as we may."""
        camera, number, size = (request.path_params[k] for k in ("camera", "number", "size"))
        if size not in SIZES or not self.sight.sees(visitor_of(request), camera):
            return _gone()
        try:
            found = await self.pictures.still(camera, number, size)
        except BusDown as error:
            return _away(error)
        if found is None:
            return _gone()
        seconds = min(A_DAY, int(found.left.total_seconds()))
        headers = {
            "Cache-Control": f"private, max-age={seconds}, immutable",
            "ETag": f'"{number}-{size}"',
            **_facts(found),
        }
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(found.jpeg, media_type="image/jpeg", headers=headers)

    async def next(self, request: Request) -> Response:
        """The next picture of a camera that somebody looks at alone; 204: none came."""
        camera, number = request.path_params["camera"], request.path_params["number"]
        if not self.sight.sees(visitor_of(request), camera):
            return _gone()
        try:
            await self.pictures.look(camera)
            found = await self.pictures.next(camera, number, "large", WAIT)
        except BusDown as error:
            return _away(error)
        if found is None:
            return Response(status_code=204, headers=_NO_STORE)
        headers = _NO_STORE | _facts(found)
        return Response(found.jpeg, media_type="image/jpeg", headers=headers)

    async def again(self, request: Request) -> Response:
        """Ask for a new attempt. It is written down before it is done: it may lock an account."""
        camera, by = request.path_params["camera"], by_of(request)
        told = self._told(camera, by)
        if told is None:
            return _no(404, self.say("There is no such camera"))
        if told["state"] != "unauthorized":
            return _no(409, self.say("This camera has not refused its password"))
        about: dict[str, Any] = {"thing": f"camera/{camera}", "address": by.address}
        try:
            await self.records.write(audit.append, self.now(), by.name, "camera_again", **about)
            await self.pictures.ask(camera)
        except (RecordsDown, BusDown) as error:
            return _no(503, self.say("Nothing was changed: {why}", why=error))
        return JSONResponse({"ok": True})

    def _told(self, camera: str, by: By) -> dict[str, Any] | None:
        """What is known of a camera that this person may see, and that is of their scope."""
        if not self.sight.owns(by.visitor, camera):
            return None
        return next((reading.value or {} for reading in self.sight.known(camera)), None)


def _facts(still: Still) -> dict[str, str]:
    return {"X-Captured-At": still.captured_at.isoformat(), "X-Number": str(still.number)}


def _gone() -> Response:
    text = "No such picture is kept\n"
    return PlainTextResponse(text, status_code=404, headers=_NO_STORE)


def _away(error: BusDown) -> Response:
    return PlainTextResponse(f"{error}\n", status_code=503, headers=_NO_STORE)


def _no(status: int, why: str) -> Response:
    return JSONResponse({"ok": False, "why": why}, status, headers=_NO_STORE)
