"""A rule: what makes an incident of a reading, or of silence. A [[rule]] table of config.toml."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict

from commandcenter.incidents.condition import BadCondition, Condition
from commandcenter.secret import redact

RULE_FAILED = "rule-failed"
"""The topic of incidents about rules that could not be judged."""
LONGEST_TOPIC = 80  # characters: what the records hold
LONGEST_OWNER = 120
LONGEST_TIME = 366 * 86400.0  # seconds
LONGEST_RUNBOOK = 500
_RUNBOOK = re.compile(r"https?://[^\s/?#@]+([/?#]\S*)?|/(?![/\\])\S*", re.IGNORECASE)


class BadRule(ValueError):
    """A rule that cannot be used. `mistakes` are sentences that name the key."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("; ".join(mistakes))
        self.mistakes = tuple(mistakes)


class Thing(NamedTuple):
    """What an incident is about: there is at most one open incident for each. `rule` is the topic,
    which rules may share."""

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

    Rules of one `topic` share an incident for each thing: it says what the most severe of those
    that are bad says, and recovers when none is bad any more.
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
    topic: str = ""
    """What it is about, shared with other rules about the same; without it the rule's name."""
    runbook: str = ""
    """What to do about it: a link, https://… or a /path of this house."""
    owner: str = ""
    """Whose it is: a role, or the code of an office."""
    flaps: int = 6
    """So many changes between good and bad within `flap_window` are flapping: the incident opens
    whatever `hold` says, and closes only after half the window without a change. 0: never."""
    flap_window: float = 900.0
    severs: bool = False
    """What is bad under it takes down what hangs on it: of that nothing is known meanwhile."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "topic", self.topic or self.name)
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
        yield from self._mistakes_of_names()
        if bool(self.when.strip()) is (self.silent is not None):
            yield "when: a rule needs either `when` or `silent`, one of them"
        elif self.when:
            yield from self._mistakes_of_condition()
        if self.silent is not None and not 0 < self.silent <= LONGEST_TIME:
            yield "silent: must be above 0 seconds, and at most a year"
        for key in ("hold", "hold_close"):
            if not 0 <= getattr(self, key) <= LONGEST_TIME:
                yield f"{key}: must be 0 seconds or more, and at most a year"
        if self.level not in ("warning", "critical"):
            yield f"level: {self.level!r}; it knows warning, critical"
        if not self.text.strip():
            yield "text: must say something"
        for key in ("text", "detail"):
            yield from (f"{key}: {mistake}" for mistake in _misspelt(getattr(self, key)))
        yield from self._mistakes_of_service()

    def _mistakes_of_names(self) -> Iterator[str]:
        if not 0 < len(self.name) <= LONGEST_TOPIC:
            yield f"name: must have 1 to {LONGEST_TOPIC} characters"
        if self.name == RULE_FAILED:
            yield f"name: {RULE_FAILED!r} is taken by the program itself"
        elif self.topic == RULE_FAILED:
            yield f"topic: {RULE_FAILED!r} is taken by the program itself"
        if self.topic != self.name and not self.topic.strip():
            yield "topic: must say something"
        if len(self.topic) > LONGEST_TOPIC and self.topic != self.name:
            yield f"topic: must have at most {LONGEST_TOPIC} characters"

    def _mistakes_of_service(self) -> Iterator[str]:
        if len(self.owner) > LONGEST_OWNER:
            yield f"owner: must have at most {LONGEST_OWNER} characters"
        if self.runbook and not _RUNBOOK.fullmatch(self.runbook):
            yield f"runbook: {redact(self.runbook)!r} is neither a link (https://…) nor a /path"
        elif len(self.runbook) > LONGEST_RUNBOOK:
            yield f"runbook: must have at most {LONGEST_RUNBOOK} characters"
        if self.flaps < 0 or self.flaps == 1:
            yield "flaps: must be 2 changes or more, or 0 for never"
        if not 0 < self.flap_window <= LONGEST_TIME:
            yield "flap_window: must be above 0 seconds, and at most a year"
        if self.severs and self.silent is not None and not self.kind:
            yield "severs: nothing hangs on a whole feed; name a `kind`"

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
