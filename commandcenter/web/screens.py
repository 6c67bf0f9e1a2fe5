"""The doors behind /screens: what an operator does with the displays, each in one transaction.

They answer on loopback only (commandcenter.web.guard). What could not be written did not happen;
the wall follows at once what was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records.database import RecordsDown
from commandcenter.staging.control import control_of
from commandcenter.web.displays import Display, Displays, NoDisplay, NoSuchCode
from commandcenter.web.hub import Hub
from commandcenter.web.orders import Act, Orders, Refused, Text

_Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)]
_Name = Annotated[_Short, Field(min_length=1)]

WRONG = {
    "code": "Enter the code that the display shows",
    "name": "A name has 1 to 80 characters",
    "room": "A room has at most 80 characters",
    "value": "This text is too long; 280 characters are the most",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request of an operator says."""

    who: str
    """One of [[person]]."""


@dataclass(frozen=True, kw_only=True)
class Named(Asked):
    """About a preset."""

    name: _Name


@dataclass(frozen=True, kw_only=True)
class Facts(Named):
    """What is known of a display."""

    room: _Short = ""
    wall: str


@dataclass(frozen=True, kw_only=True)
class Code(Facts):
    """The code that a new display shows, and what shall be known of it."""

    code: Annotated[str, Field(min_length=1, max_length=20)]


@dataclass(frozen=True, kw_only=True)
class Order(Asked):
    """What a display shall do."""

    act: Act
    value: Text = ""


@dataclass(frozen=True, kw_only=True)
class Switch(Asked):
    """Whether there are guests in the room."""

    on: bool


class Screens:
    """The doors: 200 {"ok": true}, or 400, 404 or 503 {"ok": false, "why": sentence}. `told` is
    called after each act."""

    def __init__(
        self, config: Config, displays: Displays, hub: Hub, told: Callable[[], None]
    ) -> None:
        self.people = {person.name for person in config.people}
        self.say = Language(config.region.language, config.zone)
        self.displays, self.hub, self.told = displays, hub, told
        walls = {wall.name: wall for wall in config.walls}
        self.orders = Orders(walls=walls, panels=config.panels, board=hub.board, say=self.say)
        self._ordering = asyncio.Lock()  # so that of two orders in one instant none is lost

    def routes(self) -> list[Route]:
        """For the web application."""
        doors: dict[str, tuple[type[Asked], Callable[..., Awaitable[None]]]] = {
            "pair": (Code, self.pair),
            "displays/{number:int}/control": (Order, self.control),
            "displays/{number:int}/change": (Facts, self.change),
            "displays/{number:int}/revoke": (Asked, self.revoke),
            "presets": (Named, self.save_preset),
            "presets/apply": (Named, self.apply_preset),
            "presets/delete": (Named, self.delete_preset),
            "guests": (Switch, self.guests),
        }
        return [
            Route(f"/screens/{path}", self._door(TypeAdapter(shape), act), methods=["POST"])
            for path, (shape, act) in doors.items()
        ]

    # --- one display --------------------------------------------------------------------------

    async def pair(self, asked: Code, address: str) -> None:
        """A new display shows a code."""
        where = asked.name, asked.room, self.orders.wall(asked.wall).name
        await self.displays.pair(asked.code, *where, asked.who, address)

    async def change(self, asked: Facts, address: str, number: int) -> None:
        """Rename it, or move it to another room or wall."""
        wall, before = self.orders.wall(asked.wall).name, self.displays.get(number)
        by = {"who": asked.who, "address": address}
        await self.displays.change(number, name=asked.name, room=asked.room, wall=wall, **by)
        if before is not None and before.wall != wall:
            self.hub.stages.rejoin(f"display/{number}")

    async def revoke(self, asked: Asked, address: str, number: int) -> None:
        """Its token opens nothing any more."""
        await self.displays.revoke(number, asked.who, address)

    async def control(self, asked: Order, address: str, number: int) -> None:
        """Write what it shall show, then send its page there."""
        display, place = self._display(number), f"display/{number}"
        control = self.orders.follow(
            asked.act,
            asked.value,
            control_of(display.control),
            self.orders.walls.get(display.wall) or next(iter(self.orders.walls.values())),
            lambda: self._scene(place),
        ).told()
        by = asked.who, address, asked.act, asked.value
        if asked.act == "wall":
            wanted = {number: {"wall": asked.value, "control": control}}
            await self.displays.arrange(wanted, *by)
        else:
            await self.displays.control(number, control, *by)
        self._send(place, asked)

    def _send(self, place: str, asked: Order) -> None:
        match asked.act:
            case "scene":
                self.hub.stages.show(place, asked.value)
            case "continue" | "wall":
                self.hub.stages.rejoin(place)
            case "reload":
                self.hub.reload(place)

    def _scene(self, place: str) -> str:
        stage = self.hub.stages.step([place])[place]
        return stage.scene.name if stage else ""

    def _display(self, number: int) -> Display:
        found = self.displays.get(number)
        if found is None:
            raise NoDisplay(number)
        if found.revoked_at is not None:
            raise Refused(self.say("This display was revoked"))
        return found

    # --- all of them --------------------------------------------------------------------------

    async def save_preset(self, asked: Named, address: str) -> None:
        """What every display shows now, under a name."""
        settings = {
            str(d.id): {"wall": d.wall, "control": control_of(d.control).told()}
            for d in self.displays.all()
            if d.revoked_at is None
        }
        await self.displays.save_preset(asked.name, settings, asked.who, address)

    async def apply_preset(self, asked: Named, address: str) -> None:
        """Every display that the preset knows and that is still paired shows that again; all of
        them or none."""
        settings = self.displays.presets().get(asked.name)
        if settings is None:
            raise Refused(self.say("There is no preset {name}", name=asked.name))
        wanted = {
            d.id: settings[str(d.id)]
            for d in self.displays.all()
            if d.revoked_at is None and str(d.id) in settings
        }
        await self.displays.arrange(wanted, asked.who, address, "preset", asked.name)
        for number in wanted:
            self.hub.stages.rejoin(f"display/{number}")

    async def delete_preset(self, asked: Named, address: str) -> None:
        """Forget it."""
        await self.displays.delete_preset(asked.name, asked.who, address)

    async def guests(self, asked: Switch, address: str) -> None:
        """They came, or they went."""
        await self.displays.set_guests(asked.on, asked.who, address)

    # --- every door ---------------------------------------------------------------------------

    def _door(
        self, shape: TypeAdapter[Any], act: Callable[..., Awaitable[None]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def door(request: Request) -> Response:
            try:
                asked = shape.validate_json(await request.body())
                async with self._ordering:
                    self._check(asked)
                    await act(asked, _address(request), **request.path_params)
            except ValidationError as error:
                return _no(400, self._wrong(error))
            except NoSuchCode as error:
                return _no(400, self.say(str(error)))
            except Refused as refused:
                return _no(400, str(refused))
            except NoDisplay:
                return _no(404, self.say("There is no such display"))
            except RecordsDown as error:
                return _no(503, self.say("Nothing was changed: {why}", why=error))
            self.hub.restage()
            self.told()
            return JSONResponse({"ok": True})

        return door

    def _check(self, asked: Asked) -> None:
        if asked.who not in self.people:
            raise Refused(
                self.say("{who} is not in [[person]] of config.toml", who=asked.who or "–")
            )
        if not self.displays.loaded.is_set():
            raise RecordsDown(self.say("the database does not answer"))

    def _wrong(self, error: ValidationError) -> str:
        key = str(next(iter(error.errors()[0]["loc"]), ""))
        if key not in WRONG:
            return self.say("This request cannot be understood")
        return self.say(WRONG[key])


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _no(status: int, why: str) -> Response:
    return JSONResponse({"ok": False, "why": why}, status_code=status)
