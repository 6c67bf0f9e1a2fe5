"""The shapes of version 1: what is asked and what is told, apart from how we keep it.

A shape that is told may gain fields, and never loses or renames one within v1. A shape that is
asked refuses fields that it does not know: a misspelt one would otherwise do nothing, silently.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

from commandcenter.records.life import Act
from commandcenter.web.api.problems import SHAPES

MOST_READINGS = 500
MOST_EVENTS = 200
MOST_INCIDENTS = 200
LONGEST_VALUE = 4096  # bytes of JSON
LARGEST = 2**63 - 1

State: TypeAlias = Literal["open", "acknowledged", "working", "shelved", "resolved", "closed"]
Level: TypeAlias = Literal["warning", "critical"]

ONE, MANY = SHAPES
_NO_NUL = r"^[^\x00]*$"  # databases know none
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ACTIVE_STATES = "open, acknowledged, working and shelved need somebody, now or later"


def _moment(told: Any) -> datetime:
    if not isinstance(told, str) or not _MOMENT.fullmatch(told.upper()):
        raise ValueError(
            "must be a time with its zone (RFC 3339), like 2026-11-21T09:42:17+07:00; "
            "in an address + is written %2B"
        )
    try:
        return datetime.fromisoformat(told.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def _left_out() -> Any:
    """The default of a parameter that has none, and that nobody can set to null."""
    return None


def _whole(told: Any) -> Any:
    """1.0 is an integer in JSON."""
    return int(told) if isinstance(told, float) and told.is_integer() else told


def _writable(value: dict[str, Any]) -> dict[str, Any]:
    """As the bus can carry it: what would come out as something else is refused."""
    try:
        written = orjson.dumps(value)
    except TypeError as error:
        raise ValueError(f"cannot be kept: {error}") from None
    if len(written) > LONGEST_VALUE:
        raise ValueError(f"has {len(written)} bytes; at most {LONGEST_VALUE} are kept")
    if orjson.loads(written) != value:
        raise ValueError("NaN and Infinity are no numbers in JSON; leave the field out")
    return value


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Minutes = Annotated[int, Field(ge=1, le=31 * 24 * 60), BeforeValidator(_whole)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=_NO_NUL)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_NO_NUL)]
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}/[A-Za-z0-9][A-Za-z0-9._:@-]{0,119}$"),
    Field(description="kind/identity of the thing", examples=["station/kumai-1"]),
]
Value = Annotated[
    dict[str, Any],
    AfterValidator(_writable),
    Field(description=f"What is known of it: an object of at most {LONGEST_VALUE} bytes"),
]


class Asked(BaseModel):
    """What a program sends as JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """What a program gets."""

    model_config = ConfigDict(extra="ignore")


# --- incidents ------------------------------------------------------------------------------------


class Filters(BaseModel):
    """Which incidents. Filters are joined by "and"; several states by "or"."""

    model_config = ConfigDict(extra="forbid")

    state: list[State] = Field(
        default=[], max_length=6, description=f"May be repeated: {_ACTIVE_STATES}"
    )
    level: Level = Field(default_factory=_left_out)
    feed: Word = ""
    office: Word = Field(default="", description="The code of an office")
    provider: Word = ""
    text: Word = Field(default="", description="In the title or the detail, in any case of letters")
    since: Moment = Field(default_factory=_left_out, description="Opened at this time or later")
    cursor: str = Field(
        default="",
        pattern=r"^([1-9][0-9]{0,17})?$",
        description="`next` of the page before; take it as it is",
    )
    limit: int = Field(default=50, ge=1, le=MOST_INCIDENTS)


class Incident(Told):
    """One thing that needs, or needed, a person. Times are in UTC."""

    number: int
    version: int = Field(description="Rises with every step; a step names the one it is about")
    title: str
    detail: str
    level: Level
    state: State
    feed: str
    about: str = Field(description="The key of the reading it is about")
    source: str = Field(description="rule, or the system that told it")
    owner: str = Field(description="The role or office that its rule names")
    assignee: str | None
    office: str
    kecamatan: str
    provider: str
    runbook: str
    opened_at: datetime
    last_seen_at: datetime
    count: int = Field(description="How often it happened")
    flapping: bool
    affected: int = Field(description="How many things lie behind it")
    maintenance: bool = Field(description="Its thing is being worked on, as planned")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_until: datetime | None
    shelved_until: datetime | None
    expires_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None
    cause: str | None
    closed_at: datetime | None


class Incidents(Told):
    """A page of incidents, the newest first."""

    incidents: list[Incident]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last one")


class LogStep(Told):
    """One step of an incident. The log cannot be changed."""

    number: int = Field(description="In the log of all incidents, without gaps")
    at: datetime
    who: str = Field(description='A person, "token <name>" or "watch"')
    step: str
    note: str
    version: int = Field(description="Of the incident after the step")
    facts: dict[str, Any]


class Log(Told):
    """Every step of an incident, the oldest first."""

    steps: list[LogStep]


class StepAsked(Asked):
    """A step with an incident as it was at `version`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"act": "acknowledge", "version": 1}]}
    )

    act: Act
    version: Annotated[int, Field(ge=0, lt=2**31), BeforeValidator(_whole)]
    note: Text = ""
    cause: Text = Field(default="", description="To resolve: one of [incidents] causes")
    until_minutes: Minutes | None = Field(default=None, description="To shelve: for how long")
    assignee: Text = Field(default="", description="To assign: a person or an office")


# --- what other programs tell ---------------------------------------------------------------------


class ReadingAsked(Asked):
    """One thing as it was at one moment."""

    key: Key
    at: Moment = Field(description="When it was so, at the source")
    value: Value | None = Field(description="null: the thing is no longer there")


class ReadingsAsked(Asked):
    """Readings of one feed, in the order in which they were made."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "feed": "pump",
                    "readings": [
                        {
                            "key": "station/kumai-1",
                            "at": "2026-11-21T09:42:17+07:00",
                            "value": {"name": "Pompa Kumai 1", "level_cm": 212.5},
                        }
                    ],
                }
            ]
        }
    )

    feed: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_NO_NUL)] = Field(
        description="A feed of type posted in config.toml"
    )
    readings: Annotated[list[ReadingAsked], Field(min_length=1, max_length=MOST_READINGS)]


class RefusedOne(Told):
    """What was not taken, and was put aside with the reason."""

    index: int = Field(description="Its place in what was sent; the first is 0")
    detail: str


class ReadingsTold(Told):
    """What became of the readings."""

    taken: int
    superseded: int = Field(description="In order, but older than what is known of their things")
    refused: list[RefusedOne]


class Event(Asked):
    """Something that another system found: an incident opens, goes on or ends."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "backup-dinkes",
                    "title": "Pencadangan gagal",
                    "severity": "warning",
                    "office": "dinkes",
                }
            ]
        }
    )

    id: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_NO_NUL)] = Field(
        description="Yours: the same one again means the same thing"
    )
    title: Annotated[str, StringConstraints(max_length=300, pattern=_NO_NUL)] = Field(
        default="", description="Needed while it fires"
    )
    status: Literal["firing", "resolved"] = "firing"
    severity: Word = Field(
        default="", description="critical, page, error, disaster, high; else it is a warning"
    )
    detail: Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)] = ""
    runbook: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://[!-~]+)?$")] = (
        Field(default="", description="A link for operators")
    )
    expires_at: Moment | None = Field(default=None, description="When it is over by itself")
    office: Word = Field(default="", description="Code or name; brings its kecamatan with it")
    kecamatan: Word = ""
    provider: Word = ""
    owner: Word = Field(default="", description="The role or office that is told")


def _how_many(told: Any) -> str:
    return MANY if isinstance(told, list) else ONE


Events = Annotated[
    Annotated[Event, Tag(ONE)]
    | Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS), Tag(MANY)],
    Discriminator(_how_many),
]


class EventsTold(Told):
    """What became of the events."""

    taken: int
    refused: list[RefusedOne]


class Me(Told):
    """The token itself."""

    name: str
    scopes: list[str]
    offices: list[str] = Field(description="What it is limited to; none: no limit")
    domains: list[str] = Field(description="Likewise: names of feeds")
    expires_at: datetime
