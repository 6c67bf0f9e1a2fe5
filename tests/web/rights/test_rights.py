"""Nobody is told what they may not see, at whatever door they ask: words that are nowhere else are
in everything that belongs to somebody, and are looked for in every answer to everybody.

The doors come from the table (commandcenter.web.doors): a new one is asked, too.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from collections.abc import Iterator
from itertools import product
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from commandcenter.web.doors import DOORS, Door
from tests.web.rights.house import CAMERA, House, words

# Of the first office, of the second, and of a camera of the first that is for operators.
MELATI = ("JudulMelati", "RincianMelati", "CatatanMelati", "LampauMelati", "SebabMelati",
          "KerjaMelati", "RencanaMelati", "Kantor Melati")  # fmt: skip
KENANGA = ("JudulKenanga", "RincianKenanga", "CatatanKenanga", "LampauKenanga", "SebabKenanga",
           "KerjaKenanga", "RencanaKenanga", "Kantor Zamrud", "Alat Zamrud", "device/zamrud",
           "PesanKenanga")  # fmt: skip
ZAITUN = ("JudulZaitun", "RincianZaitun", "CatatanZaitun", "LampauZaitun", "SebabZaitun",
          "KerjaZaitun", "RencanaZaitun")  # fmt: skip
HIDDEN = ("Kamera Zaitun", CAMERA)
NOTES = ("PesanSeluruh", "PesanKenanga")  # of hand-overs
WORDS = (*MELATI, *KENANGA, *ZAITUN, *HIDDEN, *NOTES, "KerjaSeluruh", "RencanaSeluruh")
NEVER: dict[str, tuple[str, ...]] = {
    "viewer": (*ZAITUN, *HIDDEN, *NOTES),
    "leader": (*ZAITUN, *HIDDEN, *NOTES),
    "operator": (),
    "admin": (),
    "satu": (*KENANGA, *NOTES),
    "dua": (*MELATI, *ZAITUN, "PesanSeluruh"),  # walls show cameras to their roles, whosesoever
    "jaringan": (*ZAITUN, *NOTES),
    "token": (*ZAITUN, *HIDDEN, *NOTES),
    "token satu": (*KENANGA, *ZAITUN, *HIDDEN, *NOTES),
    "display": (*ZAITUN, *HIDDEN, *NOTES),
}
"""What each may hear nowhere."""
SURELY: dict[str, tuple[str, ...]] = {
    "viewer": ("JudulMelati", "JudulKenanga"),
    "leader": (*MELATI, "JudulKenanga", "RencanaKenanga", "KerjaSeluruh"),
    "operator": WORDS,
    "admin": WORDS,
    "satu": (*MELATI, *ZAITUN, *HIDDEN, "KerjaSeluruh"),
    "dua": ("JudulKenanga", "RencanaKenanga", "CatatanKenanga", "PesanKenanga", "KerjaSeluruh"),
    "jaringan": ("JudulMelati", "CatatanKenanga", "RencanaKenanga"),
    "token": ("JudulMelati", "CatatanKenanga", "LampauKenanga"),
    "token satu": ("JudulMelati", "CatatanMelati", "LampauMelati"),
    "display": ("JudulMelati", "JudulKenanga"),
}
"""What each hears somewhere: else nothing was asked."""
PEOPLE = tuple(NEVER)
FOREIGN = {
    "satu": ("dua", "lampau dua"),
    "token satu": ("dua", "lampau dua", "kamera", "lampau kamera"),
    "dua": ("satu", "lampau satu", "kamera", "lampau kamera"),
}
"""Incidents that are not theirs; those of the camera of everybody else who is limited."""
PAGES = ("/", "/wall", "/wall/utama", "/console", "/screens")
NUMBERS = range(1, 12)  # of incidents, windows, hand-overs, stills, displays
FILLED: dict[str, tuple[Any, ...]] = {
    "token": ("abc-_1.xyz",),
    "role": ("viewer",),
    "camera": (CAMERA, "simpang-1"),
    "number": (*NUMBERS,),
    "size": ("small",),
    "name": ("theme.css", "utama"),
}
"""What the parts of an address can be."""
FIGURES = ("/metrics", "/readyz")  # for whoever looks after the program: cameras by their ids
WHEN = {"starts": "2099-01-01T08:00", "ends": "2099-01-01T09:00", "zone": "Asia/Jakarta"}
BODIES: dict[str, list[dict[str, Any]]] = {
    "/console/steps": [
        {"act": "acknowledge", "incidents": [{"number": n, "version": v} for n in NUMBERS]}
        for v in (1, 2, 3)
    ],
    "/api/v1/incidents/{number}/steps": [{"act": "note", "version": 1, "note": "x"}],
    "/console/maintenance": [
        {"kind": "office", "scope": "dua", "title": "x", **WHEN},
        {"kind": "thing", "scope": f"cameras/camera/{CAMERA}", "title": "x", **WHEN},
    ],
}
"""What is done at a door; {} at others."""


def paths(door: Door) -> Iterator[str]:
    """Every address that a door is asked at. KeyError: say above what a new part may be."""
    names = re.findall(r"\{(\w+)", door.path)
    pictures = door.path.startswith("/snapshots/")  # one that is not there is waited for
    some = (FILLED[name][:1] if pictures and name == "number" else FILLED[name] for name in names)
    for values in product(*some):
        path = door.path
        for value in values:
            path = re.sub(r"\{[^}]+\}", str(value), path, count=1)
        yield from (f"{path}?page={page}" for page in PAGES) if path == "/_dash-layout" else [path]


def doors(house: House, who: str, method: str) -> Iterator[Door]:
    """Those that open to somebody."""
    visitor = house.people[who].visitor
    for door in DOORS:
        opens = method in door.methods and door.opens_to(visitor, here=True)
        if opens and door.path not in FIGURES:
            yield door


def read(answer: httpx.Response) -> str:
    """All text that is in an answer."""
    if answer.headers.get("content-type") == "application/zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            inside = [file.read(name).decode(errors="replace") for name in file.namelist()]
            return "\n".join([*file.namelist(), *inside])
    return answer.content.replace(b"\r\n ", b"").decode(errors="replace")  # folded lines of .ics


async def live(house: House, who: str, page: str) -> list[str]:
    """What a page is told until it has everything."""
    address = f"ws://127.0.0.1:{house.site.port}/live?page={page}&lang=id"
    headers, told = house.people[who].headers, list[str]()
    options: dict[str, Any] = {"origin": house.site.address, "max_size": None}
    last = "rows" if page == "/console" else "hello"
    try:
        async with (
            asyncio.timeout(10),
            connect(address, additional_headers=headers, **options) as connection,
        ):
            async for frame in connection:
                told.append(str(frame, "utf-8") if isinstance(frame, bytes) else frame)
                said = orjson.loads(told[-1])
                if said["t"] == last and not said.get("rest"):
                    break
    except (ConnectionClosed, InvalidStatus):
        return told  # not their page
    return told


@pytest.mark.timeout(400)  # every door
@pytest.mark.asvs("8.2.2", "8.2.3")
@pytest.mark.parametrize("who", PEOPLE)
def test_nobody_is_told_what_they_may_not_see(house: House, who: str) -> None:
    answers: list[str] = []
    with house.client(who) as client:
        for door in doors(house, who, "GET"):
            for path in paths(door):
                answers.append(read(client.get(path)))
                found = words(answers[-1:], NEVER[who])
                assert found == set(), f"{path} tells {who} of {found}"
    for page in PAGES:
        frames = asyncio.run(live(house, who, page))
        assert words(frames, NEVER[who]) == set(), f"/live of {page} to {who}"
        answers += frames
    assert set(SURELY[who]) - words(answers, SURELY[who]) == set(), "this was not even asked for"


@pytest.mark.parametrize(
    ("who", "which"),
    [("satu", "dua"), ("dua", "satu"), ("leader", "kamera"), ("jaringan", "kamera")],
)
def test_what_is_not_theirs_is_as_what_does_not_exist(house: House, who: str, which: str) -> None:
    number = house.incidents[which]
    with house.client(who) as client:
        for path in ("", "/log", "/evidence.zip"):
            theirs = client.get(f"/console/incidents/{number}{path}")
            nothing = client.get(f"/console/incidents/987654{path}")
            assert (theirs.status_code, theirs.text) == (404, nothing.text)


@pytest.mark.asvs("16.3.2")
def test_whoever_tries_what_is_not_theirs_is_written_down(house: House) -> None:
    number = house.incidents["dua"]
    with house.client("satu") as client, house.client("token satu") as program:
        client.get(f"/console/incidents/{number}")
        client.get("/admin")
        seen = [{"number": number, "version": 1}]
        client.post("/console/steps", json={"act": "acknowledge", "incidents": seen})
        program.get(f"/api/v1/incidents/{number}")
    log = house.site.log()
    for tried in (
        f"(127.0.0.1) was refused /console/incidents/{number}: 404",
        "(127.0.0.1) was refused /admin",
        f"(127.0.0.1) was refused incident {number}",
        f"(127.0.0.1) was refused /api/v1/incidents/{number}: 404",
    ):
        assert tried in log


def test_acting_on_what_is_not_theirs_is_answered_as_if_it_did_not_exist(house: House) -> None:
    window = next(one.id for one in house.windows() if one.scope == "dua")
    number, nothing = house.incidents["dua"], 987654
    with house.client("satu") as client, house.client("token satu") as program:
        path = "/console/maintenance/{}/cancel"
        answers = [client.post(path.format(one), json={}) for one in (window, nothing)]
        assert [one.status_code for one in answers] == [404, 404]
        assert answers[0].text == answers[1].text
        path, asked = "/api/v1/incidents/{}/steps", {"act": "acknowledge", "version": 1}
        answers = [program.post(path.format(one), json=asked) for one in (number, nothing)]
        assert [one.status_code for one in answers] == [404, 404]
        seen = [{"number": one, "version": 1} for one in (number, nothing)]
        told = client.post("/console/steps", json={"act": "acknowledge", "incidents": seen}).json()
    assert told["done"] == []
    assert {one["why"] for one in told["refused"]} == {"Insiden itu tidak ada"}
    assert {one["version"] for one in told["refused"]} == {None}


@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize("who", [who for who in PEOPLE if NEVER[who]])
def test_nobody_acts_on_what_they_may_not_see(house: House, who: str) -> None:
    foreign = FOREIGN.get(who, ("kamera", "lampau kamera"))
    before = [house.row(which) for which in foreign]
    planned = {w.id: f"{w.title} {w.note} {w.scope}" for w in house.windows()}
    hidden = {number for number, told in planned.items() if words([told], NEVER[who])}
    for door in doors(house, who, "POST"):
        for path, body in product(paths(door), BODIES.get(door.path, [{}])):
            with house.client(who) as client:
                found = words([read(client.post(path, json=body))], NEVER[who])
            assert found == set(), f"{path} tells {who} of {found}"
    assert [house.row(which) for which in foreign] == before
    assert hidden <= {window.id for window in house.windows()}, "somebody's work was cancelled"


async def test_what_is_told_of_a_camera_leaves_an_open_page_when_the_camera_is_for_others(
    house: House,
) -> None:
    await asyncio.to_thread(house.restrict)
    for who, page in (("viewer", "/"), ("leader", "/console")):
        async with asyncio.timeout(20), opened(house, who, page) as connection:
            assert "JudulZaitun" in await whole(connection)
            await asyncio.to_thread(house.restrict, "operator", "admin")
            assert "JudulZaitun" not in await whole(connection)
            await asyncio.to_thread(house.restrict)
            assert "JudulZaitun" in await whole(connection)
    await asyncio.to_thread(house.restrict, "operator", "admin")


def opened(house: House, who: str, page: str) -> connect:
    """A page of somebody, as far as the server knows."""
    with house.client(who):
        headers = house.people[who].headers
    address = f"ws://127.0.0.1:{house.site.port}/live?page={page}&lang=id"
    origin: Any = house.site.address
    return connect(address, additional_headers=headers, origin=origin, max_size=None)


async def whole(connection: ClientConnection) -> str:
    """The next frame that replaces all that the page has."""
    async for frame in connection:
        told = orjson.loads(frame)
        if told.get("ask"):
            await connection.send("here")
        if told["t"] == "rows" and told["whole"]:
            return str(frame)
        if told["t"] in ("hello", "stage") and told["panels"]:
            return str(frame)
    raise AssertionError("the page was closed")
