"""The API described in OpenAPI 3.1, made from the operations themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from commandcenter.web.api.needs import NEEDS, PREFIX
from commandcenter.web.api.problems import MEANINGS, MEDIA_TYPE, Problem

VERSION = "1.0"
_ALWAYS = (401, 403, 429, 503)
_OF_BODIES = (400, 413, 415)
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token from /admin/tokens. x-scopes of an operation says what it needs.",
}
_ABOUT = """\
For programs. A token sees and does what its scopes say, within its offices and domains; whatever
lies outside does not exist for it. Within v1 answers may gain fields, and operations parameters
that may be left out; nothing is renamed or taken away. Be lenient: ignore fields that you do not
know. Requests are strict: a field that we do not know is refused.
"""


def told_by(
    app: FastAPI, method: str, path: str, act: Callable[..., Any], summary: str, *refusals: int
) -> None:
    """Add an operation. NEEDS says what it needs; its docstring describes it."""
    scope = NEEDS[method, PREFIX + path]
    statuses = {*_ALWAYS, *refusals, *(_OF_BODIES if method == "POST" else ())}
    app.add_api_route(
        path,
        act,
        methods=[method],
        operation_id=act.__name__,
        summary=summary,
        description=inspect.getdoc(act),
        responses={status: _refusal(status) for status in sorted(statuses)},
        openapi_extra={"security": [{"bearer": []}], "x-scopes": [scope]},
    )


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document."""
    told: dict[str, Any] = get_openapi(
        title="commandcenter",
        version=VERSION,
        openapi_version="3.1.0",
        description=_ABOUT,
        routes=app.routes,
        servers=[{"url": PREFIX}],
    )
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components = told["components"]
    components["schemas"] |= problem.pop("$defs") | {"Problem": problem}
    components["securitySchemes"] = {"bearer": _BEARER}
    return told


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
