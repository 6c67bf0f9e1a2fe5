"""/snapshots/<camera>/<number>.jpg: the latest picture of a camera. Its address never changes its
content, so browsers may keep it for ever."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commandcenter.bus import Bus, BusDown


def snapshot_route(bus: Bus) -> Route:
    """For the web application."""

    async def snapshot(request: Request) -> Response:
        camera, number = request.path_params["camera"], request.path_params["number"]
        try:
            picture = await bus.picture(camera)
        except BusDown as error:
            return PlainTextResponse(f"{error}\n", status_code=503)
        if picture is None:
            return PlainTextResponse("No picture of this camera is kept\n", status_code=404)
        # Between the drawing and this request a newer picture may have come: it is the better
        # answer, but must not be kept under the old address.
        lasting = picture.number == number
        cache = "private, max-age=86400, immutable" if lasting else "no-store"
        headers = {"Cache-Control": cache, "X-Captured-At": picture.captured_at.isoformat()}
        return Response(picture.jpeg, media_type="image/jpeg", headers=headers)

    return Route("/snapshots/{camera}/{number:int}.jpg", snapshot)
