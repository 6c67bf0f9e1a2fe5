"""A site with two offices and a camera that is not for everybody, and everybody who asks there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from commandcenter.access.roles import Visitor, scope_of
from commandcenter.bus import Bus
from commandcenter.incidents.bell import Bell
from commandcenter.records import tokens
from commandcenter.records.accounts import accounts, create
from commandcenter.records.database import Records
from commandcenter.records.displays import Act
from commandcenter.records.evidence import keep
from commandcenter.records.incidents import IncidentRow, incident_of, merge, open_incident, recover
from commandcenter.records.life import Step, Terms, take_step
from commandcenter.records.maintenance import Window, plan, windows_between
from commandcenter.records.pairing import ask, claim_code, collect
from commandcenter.records.sessions import begin
from commandcenter.web.visitors import COOKIE, DISPLAY_COOKIE
from tests.conftest import wait_until
from tests.web import samples
from tests.web.conftest import Site, apart

CONFIG = """
[region]
name = "Kabupaten Uji"
[web]
port = {port}
[lists]
offices = "OFFICES"
[[wall]]
name = "utama"
picture = ["masthead summary", "incidents cctv"]
[panel.masthead]
[panel.summary]
[panel.incidents]
[panel.cctv]
[feed.network]
devices = "{lists}/devices.csv"
late_after = 300
stale_after = 600
[feed.cameras]
cameras = "{lists}/cameras.csv"
late_after = 300
stale_after = 600
"""
OFFICES = "code,name,kecamatan\nsatu,Kantor Melati,Kumai\ndua,Kantor Zamrud,Lada\n"
CAMERA = "kode-zaitun"
JPEG = b"\xff\xd8\xff"
HOUR = timedelta(hours=1)
LIMITS: dict[str, dict[str, list[str]]] = {
    "satu": {"offices": ["satu"]},
    "dua": {"offices": ["dua"]},
    "jaringan": {"domains": ["network"]},
}
"""Of operators."""


@dataclass
class Person:
    """Somebody who asks, and how they show who they are."""

    visitor: Visitor
    headers: dict[str, str]


@dataclass
class House:
    """The site, what happened there by name, and everybody by name."""

    site: Site
    records: Records
    people: dict[str, Person] = field(default_factory=dict)
    incidents: dict[str, int] = field(default_factory=dict)

    def open(self) -> House:
        """Returns when the site knows everything."""
        (self.site.folder / "offices.csv").write_text(OFFICES, encoding="utf-8")
        self.records.migrate()
        with self.records.engine.begin() as connection:
            self.people = everybody(connection)
            self._happen(connection)
        self.site.start()
        apart(self._tell)
        self.restrict("operator", "admin")
        return self

    def client(self, who: str) -> httpx.Client:
        """The hands of somebody, who has just signed in."""
        person = self.people[who]
        if person.visitor.kind == "person":
            with self.records.engine.begin() as connection:
                person.headers = _session(connection, person.visitor.id)
        headers = {**person.headers, "Origin": self.site.address}
        return httpx.Client(base_url=self.site.address, headers=headers, timeout=20)

    def row(self, which: str) -> IncidentRow:
        with self.records.engine.begin() as connection:
            return incident_of(connection, self.incidents[which])

    def windows(self) -> list[Window]:
        now = samples.present()
        with self.records.engine.begin() as connection:
            return windows_between(connection, now - HOUR, now + HOUR)

    def _happen(self, connection: Any) -> None:
        """An incident that is open and one that is over of each office and of the camera; work."""
        now, camera = samples.present(), f"camera/{CAMERA}"
        for which, word, feed, key, office in (
            ("satu", "Melati", "network", "device/melati", "satu"),
            ("dua", "Kenanga", "network", "device/kenanga", "Kantor Zamrud"),
            ("kamera", "Zaitun", "cameras", camera, "satu"),
        ):
            self._one(connection, which, word, (feed, key, office))
        for which, about, scope, word in (
            ("satu", "office", "satu", "Melati"),
            ("dua", "office", "dua", "Kenanga"),
            ("alat", "thing", "network/device/zamrud", "Kenanga"),
            ("kamera", "thing", f"cameras/{camera}", "Zaitun"),
            ("semua", "region", "", "Seluruh"),
        ):
            when: dict[str, Any] = {"starts_at": now - HOUR, "ends_at": now + 3 * HOUR, "at": now}
            when |= {"title": f"Kerja{word}", "note": f"Rencana{word} {which}", "who": "admin"}
            plan(connection, kind=about, scope=scope, zone="Asia/Jakarta", **when)
        # A part of the other office's incident, whose title is its last note.
        part = ("bagian", "network", "device/bagian")
        said: dict[str, Any] = {"title": "Bagian", "level": "warning", "office": "satu"}
        self.incidents["bagian"] = open_incident(connection, part, now - HOUR, **said)
        merge(connection, part, now, into=("uji", "network", "device/kenanga"))
        still: dict[str, Any] = {"camera": CAMERA, "role": "at"}
        for which in ("satu", "kamera"):
            keep(connection, self.incidents[which], now, "picture", JPEG, **still)

    def _one(self, connection: Any, which: str, word: str, about: tuple[str, str, str]) -> None:
        now, (feed, key, office) = samples.present(), about
        old = ("lampau", feed, key)
        told: dict[str, Any] = {"level": "critical", "office": office}
        title = f"Lampau{word}"
        number = open_incident(connection, old, now - 2 * HOUR, **told, title=title)
        self.incidents[f"lampau {which}"] = number
        recover(connection, old, now - HOUR, reason=f"Sebab{word}")
        behind = [
            {"feed": "cameras", "key": f"camera/{CAMERA}", "name": "Kamera Zaitun"},
            {"feed": "network", "key": "device/zamrud", "name": "Alat Zamrud"},
        ]
        told |= {"title": f"Judul{word}", "detail": f"Rincian{word}"}
        told |= {"affected": behind if which == "satu" else []}
        number = open_incident(connection, ("uji", feed, key), now, **told)
        self.incidents[which] = number
        steps: tuple[dict[str, Any], ...] = (
            {"act": "note", "note": f"Catatan{word}"},
            {"act": "assign", "assignee": "operator"},
        )
        for step in steps:
            version = incident_of(connection, number).version
            wanted = Step(incident=number, version=version, who="operator", **step)
            take_step(connection, wanted, now, Terms())

    def restrict(self, *roles: str) -> None:
        """From now on the camera is for these; none: for all. Returns when the site knows."""
        told = {**(samples.camera(1).value or {}), "name": "Kamera Zaitun", "office": "satu"}
        hidden = samples.reading("cameras", f"camera/{CAMERA}", told | {"seen_by": list(roles)})
        self.site.publish("cameras", [hidden])
        with self.client("operator") as client:
            sees = "operator" in roles or not roles
            page = {"page": "/"}
            wait_until(
                lambda: (CAMERA in client.get("/_dash-layout", params=page).text) == sees,
                "the site knows for whom the camera is",
            )

    async def _tell(self) -> None:
        bus = Bus(self.site.redis_url)
        device = {**(samples.device(1).value or {}), "name": "Alat Zamrud", "office": "dua"}
        try:
            await bus.publish("cameras", [samples.camera(1)])
            await bus.publish("network", [samples.reading("network", "device/zamrud", device)])
            await Bell(bus, self.records, samples.present).ring(self.incidents.values())
        finally:
            await bus.close()


def everybody(connection: Any) -> dict[str, Person]:
    """Every role, and every kind of limit."""
    now, found = samples.present(), dict[str, Person]()
    for name in ("viewer", "leader", "operator", "admin", *LIMITS):
        limits: dict[str, Any] = LIMITS.get(name, {})
        role: Any = "operator" if name in LIMITS else name
        told = {"username": name, "name": name, "role": role, **limits}
        number = create(connection, now, "x", **told).id
        scope = scope_of(limits.get("offices", ()), limits.get("domains", ()))
        person = Visitor(kind="person", id=number, name=name, role=role, scope=scope)
        found[name] = Person(person, {})
    for name, offices in (("token", []), ("token satu", ["satu"])):
        may = ["incidents:read", "incidents:act"]
        given: dict[str, Any] = {"scopes": may, "offices": offices, "days": 1}
        key, made = tokens.issue(connection, now, "x", name=name, **given)
        program = Visitor(kind="token", id=made.id, name=name, role="viewer", may=frozenset(may))
        found[name] = Person(program, {"Authorization": f"Bearer {key}"})
    key, number = _paired(connection, now)
    display = Visitor(kind="display", id=number, name="Layar", role="display")
    found["display"] = Person(display, {"Cookie": f"{DISPLAY_COOKIE}={key}"})
    return found


def _paired(connection: Any, now: datetime) -> tuple[str, int]:
    asking = ask(connection, now, address="127.0.0.1")
    act = Act(who="operator", at=now)
    claim_code(connection, act, asking.code, name="Layar", room="", wall="utama")
    key, display = collect(connection, asking.secret, now)
    return key, display.id


def _session(connection: Any, account: int) -> dict[str, str]:
    whose = next(one for one in accounts(connection) if one.id == account)
    where: dict[str, Any] = {"address": "127.0.0.1", "user_agent": "a test", "how": "password"}
    token, _ = begin(connection, samples.present(), whose, hours=16, **where)
    return {"Cookie": f"{COOKIE}={token}"}


def config(folder: Path) -> str:
    """With the list of offices that lies in this folder."""
    return CONFIG.replace("OFFICES", str(folder / "offices.csv"))


def words(answers: Iterable[str], wanted: Iterable[str]) -> set[str]:
    """Those that are somewhere in them."""
    told = "\n".join(answers)
    return {word for word in wanted if word in told}
