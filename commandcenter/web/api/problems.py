"""How the API says no: application/problem+json (RFC 9457), whoever refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from commandcenter.web.api.needs import PREFIX

MEDIA_TYPE = "application/problem+json"
TRY_AGAIN = 5  # seconds
_MOST_TOLD = 20
_LONGEST_NAME = 80
SHAPES = ("(one)", "(many)")  # where two are possible, pydantic names the one it tried

MEANINGS: Mapping[int, str] = {
    400: "The request is not JSON in UTF-8, or names a host that is not ours",
    401: "The token is missing, unknown, expired or revoked",
    403: "The token is not good for this operation",
    404: "There is no such thing, or it lies outside what the token may see",
    405: "This path does not take this method",
    409: "It cannot be done as things are; the answer says how they are",
    413: "The body has more than a million bytes",
    415: "The body is not declared as application/json",
    422: "The request is JSON and still wrong; the answer names every mistake and its place",
    429: "Too many requests; Retry-After says when to try again",
    500: "Our own fault; it is in the log",
    503: "The bus or the database is away; nothing was changed, send it again",
}
"""What each status means, whatever the operation."""


class Mistake(BaseModel):
    """One thing that is wrong with a request."""

    where: str = Field(
        description="A JSON pointer into the body, or ?name of a parameter",
        examples=["/readings/3/at"],
    )
    detail: str


class Problem(BaseModel):
    """Why something was refused (RFC 9457). What stands below `detail` is there where it helps."""

    type: str = Field(default="about:blank", description="An address that explains this status")
    title: str
    status: int
    detail: str = Field(default="", description="What is wrong and what to do about it")
    mistakes: list[Mistake] = Field(default=[], description="With 422: each mistake")
    refused: list[Any] = Field(default=[], description="With 422: what was refused, by its place")
    incident: dict[str, Any] = Field(default={}, description="With 409: what it is by now")


class Refusal(Exception):
    """An operation is refused. `more` are further members of the problem."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """A refusal as an answer."""
    told = {
        "type": f"{PREFIX}/docs#problem-{status}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    if status == 503:
        headers = {"Retry-After": str(TRY_AGAIN), **(headers or {})}
    return Response(orjson.dumps(told), status, headers, media_type=MEDIA_TYPE)


def mistakes(errors: Sequence[Any]) -> list[dict[str, str]]:
    """Pydantic's errors as mistakes, without repeating what was sent."""
    told = [{"where": _where(e["loc"]), "detail": _sentence(e)} for e in errors[:_MOST_TOLD]]
    more = len(errors) - _MOST_TOLD
    return told + ([{"where": "", "detail": f"and {more} more"}] if more > 0 else [])


def _where(place: Sequence[Any]) -> str:
    kind, *path = place
    if kind != "body":
        return "?" + ".".join(_names(path)) if kind == "query" else "".join(_names(path))
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in _names(path))


def _names(path: Sequence[Any]) -> Iterator[str]:
    """A name that was sent may be anything: it is told as far as it can be written."""
    for part in path[1:] if path[:1] and path[0] in SHAPES else path:
        yield str(part).encode(errors="replace").decode()[:_LONGEST_NAME]


def _sentence(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "this field is unknown"
        case "missing":
            return "this field is needed"
        case _:
            return str(error["msg"]).removeprefix("Value error, ")
