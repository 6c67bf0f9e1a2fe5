"""The doors behind /screens: what an operator does with the displays, each in one transaction.

What could not be written did not happen; the wall follows at once what was.
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
from commandcenter.web.doors import By, by_of
from commandcenter.web.floods import TOO_MANY_CODES, Guesses, TooManyCodes
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
    """What a request says that needs no words."""


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
        self.guesses = Guesses(displays.now)
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

    async def pair(self, asked: Code, by: By) -> None:
        """A new display shows a code. Whoever guesses has to rest."""
        where = asked.name, asked.room, self.orders.wall(asked.wall).name
        try:
            self.guesses.check(by.visitor.id)
            await self.displays.pair(asked.code, *where, by.name, by.address)
        except TooManyCodes as error:
            raise Refused(self.say(TOO_MANY_CODES, minutes=error.minutes)) from error
        except NoSuchCode:
            self.guesses.wrong(by.visitor.id)
            raise

    async def change(self, asked: Facts, by: By, number: int) -> None:
        """Rename it, or move it to another room or wall."""
        wall, before = self.orders.wall(asked.wall).name, self.displays.get(number)
        told = {"name": asked.name, "room": asked.room, "wall": wall}
        await self.displays.change(number, **told, who=by.name, address=by.address)
        if before is not None and before.wall != wall:
            self.hub.stages.rejoin(f"display/{number}")

    async def revoke(self, _: Asked, by: By, number: int) -> None:
        """Its token opens nothing any more."""
        await self.displays.revoke(number, by.name, by.address)

    async def control(self, asked: Order, by: By, number: int) -> None:
        """Write what it shall show, then send its page there."""
        display, place = self._display(number), f"display/{number}"
        control = self.orders.follow(
            asked.act,
            asked.value,
            control_of(display.control),
            self.orders.walls.get(display.wall) or next(iter(self.orders.walls.values())),
            lambda: self._scene(place),
        ).told()
        told = by.name, by.address, asked.act, asked.value
        if asked.act == "wall":
            wanted = {number: {"wall": asked.value, "control": control}}
            await self.displays.arrange(wanted, *told)
        else:
            await self.displays.control(number, control, *told)
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

    async def save_preset(self, asked: Named, by: By) -> None:
        """What every display shows now, under a name."""
        settings = {
            str(d.id): {"wall": d.wall, "control": control_of(d.control).told()}
            for d in self.displays.all()
            if d.revoked_at is None
        }
        await self.displays.save_preset(asked.name, settings, by.name, by.address)

    async def apply_preset(self, asked: Named, by: By) -> None:
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
        await self.displays.arrange(wanted, by.name, by.address, "preset", asked.name)
        for number in wanted:
            self.hub.stages.rejoin(f"display/{number}")

    async def delete_preset(self, asked: Named, by: By) -> None:
        """Forget it."""
        await self.displays.delete_preset(asked.name, by.name, by.address)

    async def guests(self, asked: Switch, by: By) -> None:
        """They came, or they went."""
        await self.displays.set_guests(asked.on, by.name, by.address)

    # --- every door ---------------------------------------------------------------------------

    def _door(
        self, shape: TypeAdapter[Any], act: Callable[..., Awaitable[None]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def door(request: Request) -> Response:
            try:
                asked = shape.validate_json(await request.body())
                async with self._ordering:
                    await act(asked, self._by(request), **request.path_params)
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

    def _by(self, request: Request) -> By:
        """Whoever gives the order. Raises Refused, RecordsDown."""
        by = by_of(request)
        if not by.scope.whole:
            why = "This concerns the whole region; your account is limited"
            raise Refused(self.say(why))
        if not self.displays.loaded.is_set():
            raise RecordsDown(self.say("the database does not answer"))
        return by

    def _wrong(self, error: ValidationError) -> str:
        key = str(next(iter(error.errors()[0]["loc"]), ""))
        if key not in WRONG:
            return self.say("This request cannot be understood")
        return self.say(WRONG[key])


def _no(status: int, why: str) -> Response:
    return JSONResponse({"ok": False, "why": why}, status_code=status)
