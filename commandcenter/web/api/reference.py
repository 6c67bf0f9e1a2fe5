"""/api/v1/docs: the OpenAPI document as a page that people read, without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse

from commandcenter.config import Config
from commandcenter.web.api.needs import ANY, PREFIX
from commandcenter.web.api.problems import MEANINGS
from commandcenter.web.paper import Paper

_JSON = "application/json"
_SAMPLES = {"number": "4711"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter or a member of an object."""

    name: str
    kind: str
    needed: bool
    description: str
    rules: str


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An object and its members; shapes that are in it follow it."""

    name: str
    description: str
    fields: list[Field]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """All that the page says of one operation."""

    method: str
    path: str
    name: str
    summary: str
    description: list[str]
    scope: str
    parameters: list[Field]
    asked: list[Shape]
    told: list[Shape]
    refusals: list[int]
    curl: str


class Reference:
    """Draws the page. The document never changes while we run, so it is read once."""

    def __init__(self, config: Config, document: Mapping[str, Any]) -> None:
        self.paper = Paper(config)
        self.schemas: Mapping[str, Any] = document["components"]["schemas"]
        self.operations = [
            self._operation(path, method, told)
            for path, methods in document["paths"].items()
            for method, told in methods.items()
        ]

    def page(self, request: Request) -> HTMLResponse:
        """The page."""
        address = str(request.base_url.replace(path="", query="")).rstrip("/")
        return self.paper.page(
            "api.html",
            request,
            title="API",
            wide=True,
            operations=self.operations,
            meanings=MEANINGS,
            prefix=PREFIX,
            address=address,
        )

    def _operation(self, path: str, method: str, told: Mapping[str, Any]) -> Operation:
        body = told.get("requestBody", {}).get("content", {}).get(_JSON, {}).get("schema")
        answer = told["responses"]["200"]["content"][_JSON]["schema"]
        (scope,) = told["x-scopes"]
        return Operation(
            method=method.upper(),
            path=PREFIX + path,
            name=told["operationId"],
            summary=told["summary"],
            description=told["description"].split("\n\n"),
            scope="" if scope == ANY else scope,
            parameters=[self._parameter(one) for one in told.get("parameters", ())],
            asked=list(self._shapes(body)) if body else [],
            told=list(self._shapes(answer)),
            refusals=[int(status) for status in told["responses"] if status != "200"],
            curl=_curl(method.upper(), path, self._example(body) if body else None),
        )

    def _parameter(self, told: Mapping[str, Any]) -> Field:
        schema = told["schema"] | {"description": told.get("description", "")}
        return self._field(told["name"], schema, needed=told["required"])

    def _shapes(self, schema: Mapping[str, Any]) -> Iterator[Shape]:
        """Every object that a schema names, the outermost first, each once."""
        names = list(dict.fromkeys(self._named(schema)))
        for name in names:
            shape = self.schemas[name]
            needed = shape.get("required", ())
            yield Shape(
                name=name,
                description=shape.get("description", ""),
                fields=[
                    self._field(key, value, needed=key in needed)
                    for key, value in shape["properties"].items()
                ],
            )

    def _named(self, schema: Any) -> Iterator[str]:
        if isinstance(schema, list):
            for part in schema:
                yield from self._named(part)
        elif isinstance(schema, dict):
            if "$ref" in schema:
                name = schema["$ref"].rpartition("/")[2]
                yield name
                yield from self._named(self.schemas[name]["properties"])
            yield from self._named([part for key, part in schema.items() if key != "examples"])

    def _field(self, name: str, schema: Mapping[str, Any], *, needed: bool) -> Field:
        return Field(
            name=name,
            kind=_kind(schema),
            needed=needed,
            description=schema.get("description", ""),
            rules=_rules(schema),
        )

    def _example(self, schema: Mapping[str, Any]) -> Any:
        first = schema["oneOf"][0] if "oneOf" in schema else schema
        return self.schemas[first["$ref"].rpartition("/")[2]]["examples"][0]


def _kind(schema: Mapping[str, Any]) -> str:
    """A word for what it is; the names of shapes as they are."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_kind(schema['items'])}]"
    return str(schema.get("format") or schema.get("type", "any"))


_RULES = {
    "minimum": "≥ {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}", "maxLength": "length ≤ {}",
    "minItems": "≥ {}", "maxItems": "≤ {}",
}  # fmt: skip


def _rules(schema: Mapping[str, Any]) -> str:
    told = [rule.format(schema[key]) for key, rule in _RULES.items() if key in schema]
    if schema.get("default") not in (None, "", []):
        told.append(f"= {schema['default']}")
    return ", ".join(told)


def _curl(method: str, path: str, body: Any) -> str:
    """The operation as a command; the page fills in where we are."""
    lines = ['curl --fail-with-body -H "Authorization: Bearer $TOKEN"']
    if method != "GET":
        lines.append("-H 'Content-Type: application/json'")
    if body is not None:
        lines.append(f"-d '{orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()}'")
    for name, sample in _SAMPLES.items():
        path = path.replace(f"{{{name}}}", sample)
    return " \\\n  ".join(lines) + f" \\\n  {{address}}{PREFIX}{path}"
