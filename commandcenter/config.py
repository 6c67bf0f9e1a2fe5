"""config.toml: read once, checked at the door, every mistake told by table and key at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from commandcenter.access.sealing import Sealer
from commandcenter.access.settings import Access, Grant, Ldap, Oidc
from commandcenter.access.settings import mistakes as access_mistakes
from commandcenter.board import Patience
from commandcenter.feed import Feed
from commandcenter.incidents.rules import BadRule, Rule
from commandcenter.language import LANGUAGES
from commandcenter.lists import BadList, Office, read_offices
from commandcenter.notify.settings import BadNotify, Channel, Duty, Escalation, Notify
from commandcenter.notify.settings import mistakes as notify_mistakes
from commandcenter.panel import Panel
from commandcenter.plugins import NoSuchType, feed_class, panel_class
from commandcenter.records.life import Terms
from commandcenter.region import Region
from commandcenter.secret import redact
from commandcenter.staging.scenes import Wall

T = TypeVar("T")
Port: TypeAlias = Annotated[int, Field(ge=1, le=65_535)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=10 * 366 * 86_400)]

VAR = Path("var")  # what the program itself keeps: records, Redis, inboxes
OWN_CARDS = ("console", "screens", "focus")  # of commandcenter.web
TABLES = (
    "region", "run", "web", "intake", "redis", "pictures", "records", "lists", "wall", "panel",
    "feed", "rule", "incidents", "person", "notify", "channel", "duty", "escalation", "access",
    "oidc", "ldap", "grant",
)  # fmt: skip
CAUSES = ("provider", "power", "device", "unpaid bill", "maintenance", "vandalism", "false alarm")
SYSTEM = "system"  # what processes, feeds and channels tell of themselves
OWN_FEEDS = {
    "incidents": Patience(late_after=45, stale_after=120),  # told by watch
    "displays": Patience(late_after=20, stale_after=60),  # told by web
}


class BadConfig(ValueError):
    """config.toml cannot be used. `mistakes` are sentences that name table and key."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class _Table:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True)
class Run(_Table):
    """[run]: what `commandcenter run` starts beside its own processes."""

    also: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Web(_Table):
    """[web]: where browsers reach us."""

    host: str = "127.0.0.1"
    port: Port = 8050
    names: tuple[str, ...] = ("127.0.0.1", "localhost")
    proxies: tuple[str, ...] = ()
    """Addresses of reverse proxies, whose X-Forwarded-For and -Proto are believed."""
    connections: Annotated[int, Field(ge=16)] = 2000
    """So many at the same moment."""
    pages: Annotated[int, Field(ge=1)] = 50
    """So many pages one sign-in, or one display, may have open at the same moment."""


@dataclass(frozen=True, kw_only=True)
class Intake(_Table):
    """[intake]: where devices and webhooks reach us."""

    host: str = "127.0.0.1"
    port: Port = 8051


@dataclass(frozen=True, kw_only=True)
class Address(_Table):
    """[redis], [pictures] and [records]: a server of the operator's own instead of ours."""

    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Lists(_Table):
    """[lists]: what is kept in spreadsheets and belongs to no single feed."""

    offices: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Person(_Table):
    """[[person]]: somebody who works with incidents."""

    name: str
    role: str = "operator"
    """A word of your own: operator, coordinator, noc, … Rules, rosters and escalations name it."""
    office: str = ""
    """The code of an office of [lists] offices."""


@dataclass(frozen=True, kw_only=True)
class Incidents(_Table):
    """[incidents]: the times of their lives, in seconds, and what they are put down to."""

    reopen_within: Seconds = 1800.0
    """A thing that falls again so soon goes on with the same incident."""
    acknowledged_for: Seconds = 14_400.0
    """An acknowledged incident that nobody works on opens again after this; 0: never."""
    recheck: Seconds = 300.0
    """What a person resolved and is still bad after this opens again."""
    causes: tuple[str, ...] = CAUSES
    keep_pictures_days: Annotated[int, Field(ge=1)] = 30

    @property
    def terms(self) -> Terms:
        """As the records want them."""
        return Terms(
            reopen_within=self.reopen_within,
            acknowledged_for=self.acknowledged_for,
        )


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything config.toml says, checked."""

    region: Region
    run: Run = field(default_factory=Run)
    web: Web = field(default_factory=Web)
    intake: Intake = field(default_factory=Intake)
    redis: Address = field(default_factory=Address)
    pictures: Address = field(default_factory=Address)
    records: Address = field(default_factory=Address)
    walls: tuple[Wall, ...] = ()
    panels: Mapping[str, Panel] = field(default_factory=dict)
    feeds: Mapping[str, Feed] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    people: tuple[Person, ...] = ()
    incidents: Incidents = field(default_factory=Incidents)
    notify: Notify = field(default_factory=Notify)
    channels: tuple[Channel, ...] = ()
    duties: tuple[Duty, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    offices: tuple[Office, ...] = ()
    access: Access = field(default_factory=Access)
    oidc: Oidc | None = None
    ldap: Ldap | None = None
    grants: tuple[Grant, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is wrong with rows of lists that config.toml names itself; they are left out."""

    @property
    def zone(self) -> ZoneInfo:
        """The zone of every clock on a screen."""
        return ZoneInfo(self.region.zone)

    @property
    def redis_url(self) -> str:
        """The operator's Redis, or "" for the embedded one."""
        return os.environ.get("REDIS_URL") or self.redis.url

    @property
    def pictures_url(self) -> str:
        """The operator's Redis for pictures, or "" for the embedded one. Whoever has a Redis but
        none for pictures keeps them there."""
        return os.environ.get("PICTURES_URL") or self.pictures.url or self.redis_url

    @property
    def records_url(self) -> str:
        """The operator's database, or SQLite under var/."""
        default = f"sqlite:///{VAR / 'records.db'}"
        return os.environ.get("RECORDS_URL") or self.records.url or default

    @property
    def sealer(self) -> Sealer:
        """What seals second factors: with the operator's key, or one of our own beside the
        records."""
        return Sealer(self.access.key, VAR / "factors.key")

    @property
    def patience(self) -> dict[str, Patience]:
        """After what age the data of each feed is late and then stale."""
        told = {
            name: Patience(late_after=feed.late_after, stale_after=feed.stale_after)
            for name, feed in self.feeds.items()
        }
        return OWN_FEEDS | told


def read_config(path: Path) -> Config:
    """Read and check config.toml. Raises BadConfig with every mistake at once."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig([f"{path}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig([f"{path}: not TOML: {error}"]) from error
    return _Reader(tables).config()


class _Reader:
    """Reads table by table and collects the mistakes on the way."""

    def __init__(self, tables: dict[str, Any]) -> None:
        self.tables = tables
        self.mistakes: list[str] = []
        self.remarks: list[str] = []
        self.left_out: frozenset[str] = frozenset()  # codes of offices whose rows have mistakes

    def config(self) -> Config:
        region = self.table("region", Region)
        told: dict[str, Any] = {
            "run": self.table("run", Run),
            "web": self.table("web", Web),
            "intake": self.table("intake", Intake),
            "redis": self.table("redis", Address),
            "pictures": self.table("pictures", Address),
            "records": self.table("records", Address),
            "walls": self.array("wall", Wall),
            "panels": self.plugins("panel", panel_class),
            "feeds": self.plugins("feed", feed_class),
            "rules": self.array("rule", Rule),
            "people": self.array("person", Person),
            "incidents": self.table("incidents", Incidents),
            "notify": self.table("notify", Notify),
            "channels": self.array("channel", Channel),
            "duties": self.array("duty", Duty),
            "escalations": self.array("escalation", Escalation),
            "offices": self.offices(),
            "access": self.table("access", Access),
            "oidc": self.table("oidc", Oidc) if "oidc" in self.tables else None,
            "ldap": self.table("ldap", Ldap) if "ldap" in self.tables else None,
            "grants": self.array("grant", Grant),
        }
        self._unknown_tables()
        if region is not None:
            self.check_region(region)
        self.check_walls(told["walls"])
        self.check_panels(told["panels"], told["feeds"])
        self.check_rules(told["rules"], told["feeds"])
        self.check_people(told["people"], told["offices"])
        self.check_access(told)
        if told["notify"] is not None:
            self.mistakes += notify_mistakes(
                told["notify"],
                told["channels"],
                told["duties"],
                told["escalations"],
                told["people"],
            )
        if self.mistakes or region is None:
            raise BadConfig(self.mistakes)
        found = {k: v for k, v in told.items() if v is not None}
        return Config(region=region, remarks=tuple(self.remarks), **found)

    def table(self, name: str, kind: type[T]) -> T | None:
        return self.build(kind, self.tables.get(name, {}), f"[{name}]")

    def array(self, name: str, kind: type[T]) -> tuple[T, ...]:
        told = self.tables.get(name, [])
        if not isinstance(told, list) or not all(isinstance(t, dict) for t in told):
            self.mistakes.append(f"[{name}] must be written as [[{name}]], once for each")
            return ()
        named = ((f'[[{name}]] "{t.get("name", number)}"', t) for number, t in enumerate(told, 1))
        built = [self.build(kind, table, where) for where, table in named]
        self._twice(name, [t.get("name") for t in told])
        return tuple(b for b in built if b is not None)

    def named(self, name: str) -> dict[str, Any]:
        """The tables [name.…]; `_unknown_tables` tells when they are none."""
        told = self.tables.get(name, {})
        return told if isinstance(told, dict) else {}

    def plugins(self, name: str, find: Callable[[str], type[T]]) -> dict[str, T]:
        built: dict[str, T] = {}
        for key, told in self.named(name).items():
            where = f"[{name}.{key}]"
            if not isinstance(told, dict):
                self.mistakes.append(f"{where} must be a table")
                continue
            options = dict(told)
            try:
                kind = find(str(options.pop("type", key)))
            except NoSuchType as error:
                self.mistakes.append(f"{where} type: {error}")
                continue
            made = self.build(kind, options | {"name": key}, where)
            if made is not None:
                built[key] = made
        return built

    def build(self, kind: type[T], table: Any, where: str) -> T | None:
        try:
            return TypeAdapter(kind).validate_python(table)
        except ValidationError as error:
            knows = ", ".join(f.name for f in fields(kind) if f.name != "name")  # type: ignore[arg-type]
            for mistake in error.errors():
                self.mistakes += [f"{where} {told}" for told in _sentences(mistake, knows)]
        return None

    def offices(self) -> tuple[Office, ...]:
        lists = self.table("lists", Lists)
        if lists is None or lists.offices is None:
            return ()
        try:
            listed = read_offices(lists.offices)
            self.remarks += [f"[lists] offices: {told}" for told in listed.sentences()]
            self.left_out = frozenset(m.identity for m in listed.mistakes if m.left_out)
            return tuple(listed.usable())
        except BadList as error:
            self.mistakes += [f"[lists] offices: {mistake}" for mistake in error.mistakes]
        return ()

    def check_region(self, region: Region) -> None:
        try:
            ZoneInfo(region.zone)
        except (ZoneInfoNotFoundError, ValueError):
            self.mistakes.append(
                f"[region] zone: there is no zone {region.zone!r}; try Asia/Jakarta"
            )
        if region.language not in LANGUAGES:
            self.mistakes.append(f"[region] language: {region.language!r}; it knows id, en")

    def check_walls(self, walls: Iterable[Wall]) -> None:
        for wall in walls:
            where = f'[[wall]] "{wall.name}"'
            self.mistakes += [f"{where} {mistake}" for mistake in wall.mistakes()]
            for name in wall.panels:
                if name not in self.named("panel"):
                    self.mistakes.append(f"{where} picture: there is no [panel.{name}]")
            known = {"*", *self.named("feed"), *OWN_FEEDS}
            for scene in wall.scenes:
                for feed in [feed for feed in scene.pinned_by if feed not in known]:
                    self.mistakes.append(f"{where} pinned_by: there is no [feed.{feed}]")

    def check_panels(self, panels: Mapping[str, Panel], feeds: Mapping[str, Feed]) -> None:
        """A panel may name a feed that is not there: it then says "not connected"."""
        for panel in panels.values():
            if panel.feeds == ("*",):
                panel.feeds = tuple(feeds)
            if panel.name in OWN_CARDS:
                self.mistakes.append(
                    f"[panel.{panel.name}]: a page has a card of that name already"
                )
            if panel.pace < 0:
                self.mistakes.append(f"[panel.{panel.name}] pace: must not be below 0")
        for feed in feeds.values():
            where = f"[feed.{feed.name}]"
            if feed.every <= 0:
                self.mistakes.append(f"{where} every: must be above 0")
            if not 0 < feed.late_after <= feed.stale_after:
                self.mistakes.append(
                    f"{where} late_after: must be above 0 and not above stale_after"
                )

    def check_rules(self, rules: Iterable[Rule], feeds: Mapping[str, Feed]) -> None:
        known = {"*", SYSTEM, *self.named("feed"), *OWN_FEEDS}
        for rule in rules:
            if rule.feed not in known:
                there = ", ".join(sorted(feeds))
                self.mistakes.append(
                    f'[[rule]] "{rule.name}" feed: no [feed.{rule.feed}]; there are {there}'
                )

    def check_people(self, people: Iterable[Person], offices: Iterable[Office]) -> None:
        codes = {office.code for office in offices} | self.left_out
        for person in people:
            if person.office and person.office not in codes:
                where = f'[[person]] "{person.name}" office'
                self.mistakes.append(f"{where}: {person.office!r} is not in [lists] offices")

    def check_access(self, told: Mapping[str, Any]) -> None:
        web, access = told["web"], told["access"]
        if web is None or access is None:
            return
        self.mistakes += access_mistakes(
            access,
            told["oidc"],
            told["ldap"],
            told["grants"],
            names=web.names,
            host=web.host,
            offices=[*(office.code for office in told["offices"]), *self.left_out],
            feeds=self.named("feed"),
        )

    def _twice(self, name: str, names: list[Any]) -> None:
        for twice in sorted({str(n) for n in names if n is not None and names.count(n) > 1}):
            self.mistakes.append(f'[[{name}]] "{twice}" stands there twice')

    def _unknown_tables(self) -> None:
        for name in self.tables:
            if name not in TABLES:
                self.mistakes.append(f"[{name}] is no table; it knows {', '.join(TABLES)}")
        for name in ("panel", "feed"):
            if not isinstance(self.tables.get(name, {}), dict):
                self.mistakes.append(
                    f"[{name}] must hold tables, each written as [{name}.its-name]"
                )


def _sentences(error: Any, knows: str) -> list[str]:
    """One of pydantic's errors as sentences that name the key; never the value of a secret."""
    key = ".".join(str(part) for part in error["loc"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, BadRule | BadNotify):
        return list(cause.mistakes)
    match error["type"]:
        case "unexpected_keyword_argument" | "extra_forbidden":
            return [f"does not know '{key}'; it knows {knows}"]
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return [f"needs '{key}'"]
        case _:
            return [redact(f"{key}: {error['msg'].removeprefix('Value error, ')}")]
