"""How the doors behind the console ask and answer: JSON both ways, a refusal is a sentence.

Who comes in is the guard's business (commandcenter.web.doors); what they may see of it every door
asks `Doors.sees`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from commandcenter.access.roles import Visitor
from commandcenter.access.sees import Offices, Sees
from commandcenter.board import Board
from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.records.database import Records, RecordsDown
from commandcenter.web.doors import By, by_of

Text = Annotated[
    str,
    BeforeValidator(lambda told: "" if told is None else told),
    StringConstraints(strip_whitespace=True, max_length=2000),
]
Answer = Mapping[str, Any] | Response


class Refused(ValueError):
    """What was asked cannot be done; a sentence in the operator's language."""


class Absent(LookupError):
    """There is no such thing; a sentence in the operator's language."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request says that needs no words."""


class Doors:
    """Makes routes out of functions. 200, or {"ok": false, "why": sentence} with 400, 404, 413 or
    503 (nothing was written)."""

    def __init__(
        self,
        config: Config,
        records: Records,
        board: Board,
        now: Callable[[], datetime],
        staff: Callable[[], Iterable[str]] = lambda: (),
    ) -> None:
        self.config, self.records, self.board, self.now = config, records, board, now
        self.staff = staff
        self.say = Language(config.region.language, config.zone)
        self.offices = Offices.of(config.offices)

    @property
    def people(self) -> list[str]:
        """Who can be given something to do: whoever signs in for it, and the roster."""
        named = (person.name for person in self.config.people)
        return list(dict.fromkeys((*self.staff(), *named)))

    def get(self, path: str, act: Callable[[Request], Awaitable[Answer]]) -> Route:
        """A door that only tells."""

        async def door(request: Request) -> Response:
            return await self._answered(lambda: act(request))

        return Route(f"/console/{path}", door, methods=["GET"])

    def post(self, path: str, shape: type[Asked], act: Callable[..., Awaitable[Answer]]) -> Route:
        """A door at which something is done: act(asked, by, …), with what the path names."""
        adapter = TypeAdapter(shape)

        async def done(request: Request) -> Answer:
            asked = adapter.validate_json(await request.body())
            return await act(asked, by_of(request), **request.path_params)

        async def door(request: Request) -> Response:
            return await self._answered(lambda: done(request))

        return Route(f"/console/{path}", door, methods=["POST"])

    def check_person(self, name: str) -> None:
        """Raises Refused for somebody who neither signs in here nor is in [[person]]."""
        if name not in self.people:
            raise Refused(self.say("Nobody here is called {who}", who=name or "–"))

    def sees(self, visitor: Visitor) -> Sees:
        """What this visitor may see."""
        return Sees(known=self.board, offices=self.offices, eyes=visitor.eyes)

    def check_whole(self, by: By) -> None:
        """Raises Refused for somebody who is limited to a part of the region."""
        if not by.scope.whole:
            raise Refused(self.say("This concerns the whole region; your account is limited"))

    async def _answered(self, act: Callable[[], Awaitable[Answer]]) -> Response:
        say = self.say
        try:
            answer = await act()
        except ValidationError as error:
            return no(400, say("This request cannot be understood: {why}", why=_wrong(error)))
        except Refused as error:
            return no(400, str(error))
        except Absent as error:
            return no(404, str(error))
        except RecordsDown as error:
            return no(503, say("Nothing was changed: {why}", why=error))
        return answer if isinstance(answer, Response) else JSONResponse(dict(answer))


def no(status: int, why: str) -> Response:
    """A refusal."""
    return JSONResponse({"ok": False, "why": why}, status_code=status)


def address_of(request: Request) -> str:
    """From where somebody asks."""
    return request.client.host if request.client else ""


def query(request: Request, name: str, longest: int = 200) -> str:
    """A text of the address; databases know no NUL."""
    return request.query_params.get(name, "").replace("\x00", "").strip()[:longest]


def plain(told: Any) -> Any:
    """As JSON has it: moments as ISO texts."""
    if isinstance(told, datetime):
        return told.isoformat()
    if isinstance(told, Mapping):
        return {key: plain(value) for key, value in told.items()}
    return [plain(one) for one in told] if isinstance(told, (list, tuple)) else told


def _wrong(error: ValidationError) -> str:
    """Where the first mistake is, without repeating what was sent."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])
