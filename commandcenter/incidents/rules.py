"""A rule: what makes an incident of a reading, or of silence. A [[rule]] table of config.toml."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict

from commandcenter.incidents.condition import BadCondition, Condition

RULE_FAILED = "rule-failed"
"""The rule of incidents about rules that could not be judged."""


class BadRule(ValueError):
    """A rule that cannot be used. `mistakes` are sentences that name the key."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class Thing(NamedTuple):
    """What an incident is about: there is at most one open incident for each."""

    rule: str
    feed: str
    key: str


class Words(NamedTuple):
    """What an incident says."""

    level: str
    title: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A [[rule]] of config.toml. Times are in seconds. Raises BadRule with every mistake.

    `when` makes an incident of what a reading says, `silent` of what nobody says: of the whole
    feed, or with `kind` of each of its things, by the age of its latest reading.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    feed: str
    """The source it looks at; "*" is every configured one, for silence only."""
    kind: str = ""
    """"device" of "device/rtr-dinkes"; without it every kind."""
    when: str = ""
    """A condition on the reading's value: see commandcenter.incidents.condition."""
    silent: float | None = None
    """How long nothing may be heard."""
    hold: float = 0.0
    """How long it must have been so until the incident opens."""
    hold_close: float = 10.0
    """How long it must have been good again until the incident closes."""
    level: Literal["warning", "critical"] = "warning"
    text: str
    """The incident's title; {words} are names of the value, or {feed} and {key}."""
    detail: str = ""
    """A second line, written like `text`."""

    def __post_init__(self) -> None:
        if mistakes := list(self._mistakes()):
            raise BadRule(mistakes)

    @cached_property
    def condition(self) -> Condition:
        """`when`, parsed."""
        return Condition.parse(self.when)

    def words(self, feed: str, key: str, value: Mapping[str, Any]) -> Words:
        """What its incident says about a reading's value. What is not there is a dash."""
        fields = {**value, "feed": feed, "key": key}
        return Words(self.level, _fill(self.text, fields), _fill(self.detail, fields))

    def _mistakes(self) -> Iterator[str]:
        if not 0 < len(self.name) <= 80:
            yield "name: must have 1 to 80 characters"
        if self.name == RULE_FAILED:
            yield f"name: {RULE_FAILED!r} is taken by the program itself"
        if bool(self.when.strip()) is (self.silent is not None):
            yield "when: a rule needs either `when` or `silent`, one of them"
        elif self.when:
            yield from self._mistakes_of_condition()
        if self.silent is not None and not 0 < self.silent < float("inf"):
            yield "silent: must be above 0 seconds"
        for key in ("hold", "hold_close"):
            if not 0 <= getattr(self, key) < float("inf"):
                yield f"{key}: must be 0 seconds or more"
        if self.level not in ("warning", "critical"):
            yield f"level: {self.level!r}; it knows warning, critical"
        if not self.text.strip():
            yield "text: must say something"
        for key in ("text", "detail"):
            yield from (f"{key}: {mistake}" for mistake in _misspelt(getattr(self, key)))

    def _mistakes_of_condition(self) -> Iterator[str]:
        if self.feed == "*":
            yield 'feed: "*" is for rules about silence; `when` needs one feed'
        try:
            _ = self.condition
        except BadCondition as error:
            yield f"when: {error}"


def _misspelt(template: str) -> Iterator[str]:
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        yield f"{error}; write {{{{ and }}}} for braces themselves"
        return
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion:
            yield f"{{{name}}}: a name only, without : or !"
        elif not all(part.isidentifier() and part[0] != "_" for part in name.split(".")):
            yield f"{{{name}}} is not a name; names of the value, {{feed}} and {{key}} are"


def _fill(template: str, fields: Mapping[str, Any]) -> str:
    written = [
        literal + ("" if name is None else _word(_find(fields, name)))
        for literal, name, _, _ in string.Formatter().parse(template)
    ]
    return "".join(written)


def _find(fields: Mapping[str, Any], name: str) -> Any:
    found: Any = fields
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _word(found: Any) -> str:
    """As an Indonesian reader writes it: a decimal comma, one place."""
    match found:
        case None | "":
            return "–"
        case bool():
            return "ya" if found else "tidak"
        case float():
            return f"{found:.1f}".removesuffix(".0").replace(".", ",")
        case _:
            return str(found)
