"""Guesses by the thousand at what opens a door: none opens it, and nobody else notices."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp, Message

from commandcenter.bus import Bus, Pictures
from commandcenter.config import read_config
from commandcenter.records.database import Records
from commandcenter.records.pairing import ALPHABET
from commandcenter.web.app import web_app
from commandcenter.web.visitors import COOKIE
from tests.conftest import Clock
from tests.web.conftest import sign_in
from tests.web.sign_in.conftest import GOOD, HOST, Front, front

__all__ = ["front"]

MANY, SOME = 10_000, 2_000
THIEF, ROOM, DESK = "10.6.6.6", "10.1.1.7", "10.1.1.20"
CONFIG = """
[region]
name = "Kabupaten Kotawaringin Barat"
[web]
names = ["pusat"]
[access]
plain_http = true
[[wall]]
name = "utama"
picture = ["masthead"]
[panel.masthead]
"""


@dataclass
class Answer:
    """What a door says."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def told(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Person:
    """Somebody at an address who speaks to the application itself: no client's work between."""

    app: ASGIApp
    address: str
    cookie: str = ""
    at: str = "http://pusat"

    async def get(self, path: str) -> Answer:
        return await self._ask("GET", path, b"")

    async def post(self, path: str, **told: Any) -> Answer:
        return await self._ask("POST", path, orjson.dumps(told))

    async def _ask(self, method: str, path: str, body: bytes) -> Answer:
        scheme, _, host = self.at.partition("://")
        headers = {"host": host, "origin": self.at, "cookie": self.cookie}
        scope = {
            "type": "http",
            "method": method,
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items() if v],
            "client": (self.address, 40_000),
        }
        sent, answer = [{"type": "http.request", "body": body}], Answer()

        async def receive() -> Message:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], dict(message["headers"])
            answer.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return answer


@asynccontextmanager
async def living(app: ASGIApp) -> AsyncIterator[None]:
    """The application as a server runs it: started, then ended."""
    orders: asyncio.Queue[Message] = asyncio.Queue()
    done: asyncio.Queue[Message] = asyncio.Queue()

    async def live() -> None:
        await app({"type": "lifespan"}, orders.get, done.put)

    life = asyncio.create_task(live())
    await orders.put({"type": "lifespan.startup"})
    await done.get()
    yield
    await orders.put({"type": "lifespan.shutdown"})
    await life


@dataclass
class House:
    """The whole web application, two operators and a display that waits with its code."""

    app: ASGIApp
    operator: Person
    other: Person
    display: Person
    asked: dict[str, Any] = field(default_factory=dict)

    async def waits(self) -> bool:
        """Whether the display is told to go on waiting."""
        return (await self._collect()).status == 202

    async def pairs(self, operator: Person) -> Answer:
        """An operator enters the right code."""
        facts = {"name": "Layar depan", "wall": "utama"}
        return await operator.post("/screens/pair", code=self.asked["code"], **facts)

    async def is_a_wall(self) -> bool:
        """Whether the display gets its token."""
        answer = await self._collect()
        return answer.status == 200 and b"set-cookie" in answer.headers

    async def _collect(self) -> Answer:
        return await self.display.post("/wall/pairing/collect", secret=self.asked["secret"])


@pytest.fixture
async def house(
    tmp_path: Path, redis_url: str, sqlite_records: Records, clock: Clock
) -> AsyncIterator[House]:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    tokens = [sign_in(sqlite_records.url, name, "operator") for name in ("Ani", "Budi")]
    bus, pictures = Bus(redis_url), Pictures(redis_url)
    clock.now = (await sqlite_records.read(_begun_at)).astimezone(clock.now.tzinfo)
    app = web_app(read_config(path), bus, pictures, sqlite_records, clock, lambda *_: None)
    ani, budi = (Person(app, DESK, f"{COOKIE}={token}") for token in tokens)
    async with living(app):
        found = House(app, ani, budi, Person(app, ROOM))
        asked = await found.display.post("/wall/pairing", width=1920, height=1080)
        found.asked = asked.told
        yield found
    await pictures.close()
    await bus.close()


def _begun_at(connection: Any) -> Any:
    from commandcenter.records.tables import session

    return connection.execute(session.select()).first().begun_at


def wrong_code(right: str) -> str:
    while (code := "".join(secrets.choice(ALPHABET) for _ in range(6))) == right:
        pass
    return code


Guess = Callable[[int], Awaitable[Answer]]


async def guess(
    guess: Guess, undisturbed: Callable[[], Awaitable[bool]], times: int = SOME
) -> Counter[int]:
    """Again and again, and now and then somebody else: how often each status was told."""
    told: Counter[int] = Counter()
    for number in range(times):
        told[(await guess(number)).status] += 1
        if number % 200 == 0:
            assert await undisturbed()
    return told


@pytest.mark.asvs("6.6.3")
@pytest.mark.long
async def test_of_ten_thousand_codes_a_signed_in_operator_guesses_ten_and_then_none(
    house: House,
) -> None:
    right = house.asked["code"]
    heard = set()

    async def one(_: int) -> Answer:
        facts = {"name": "Palsu", "wall": "utama"}
        answer = await house.operator.post("/screens/pair", code=wrong_code(right), **facts)
        heard.add(answer.told["why"])
        return answer

    assert await guess(one, house.waits, MANY) == {400: MANY}
    assert len(heard) == 2  # "no display shows this code" ten times, then "too many wrong codes"
    assert (await house.pairs(house.operator)).status == 400  # not even with the right one now
    assert await house.waits()
    assert (await house.pairs(house.other)).status == 200  # of nobody else's business
    assert await house.is_a_wall()


async def test_whoever_has_guessed_too_often_may_again_after_ten_minutes(
    house: House, clock: Clock
) -> None:
    for _ in range(11):
        code = wrong_code(house.asked["code"])
        await house.operator.post("/screens/pair", code=code, name="Palsu", wall="utama")
    assert (await house.pairs(house.operator)).status == 400
    clock.forward(599)  # the code of the display holds for just as long
    assert (await house.pairs(house.operator)).status == 400
    clock.forward(1)
    again = await house.display.post("/wall/pairing", width=1920, height=1080)
    house.asked = again.told
    assert (await house.pairs(house.operator)).status == 200


async def test_two_thousand_collecting_secrets_open_nothing_and_the_display_is_paired(
    house: House,
) -> None:
    thief = Person(house.app, THIEF)

    async def one(_: int) -> Answer:
        return await thief.post("/wall/pairing/collect", secret=secrets.token_urlsafe(32))

    told = await guess(one, house.waits)
    assert set(told) == {404, 429}
    assert told[429] > told[404]
    assert (await house.pairs(house.operator)).status == 200
    assert await house.is_a_wall()


async def test_two_thousand_askings_of_a_stranger_leave_room_for_a_display(house: House) -> None:
    thief = Person(house.app, THIEF)

    async def one(_: int) -> Answer:
        return await thief.post("/wall/pairing", width=1920, height=1080)

    told = await guess(one, house.waits)
    assert told == {200: 5, 429: SOME - 5}
    newcomer = Person(house.app, "10.1.1.8")
    assert (await newcomer.post("/wall/pairing", width=1280, height=720)).status == 200


async def test_two_thousand_session_cookies_of_a_stranger_turn_nobody_out(house: House) -> None:
    thief = Person(house.app, THIEF)

    async def one(_: int) -> Answer:
        thief.cookie = f"{COOKIE}={secrets.token_urlsafe(32)}"
        return await thief.get("/console/history")

    async def works() -> bool:
        return (await house.operator.get("/console/history")).status == 200

    told = await guess(one, works)
    assert set(told) == {401, 429}
    assert told[429] > told[401]


async def test_two_thousand_one_time_links_open_nothing_and_the_right_one_still_does(
    front: Front,
) -> None:
    ani = await front.account(password=None)
    path = await front.link(ani)
    thief, invited = (Person(front.app, who, at=f"https://{HOST}") for who in (THIEF, DESK))

    async def one(_: int) -> Answer:
        front.now.forward(0.05)
        return await thief.get(f"/enter/{secrets.token_urlsafe(32)}")

    async def opens() -> bool:
        front.now.forward(10)
        return (await invited.get(path)).status == 200

    told = await guess(one, opens)
    assert set(told) == {404, 429}
    assert told[429] > SOME * 0.9
    async with front.browser() as browser:
        assert (await browser.post(path, new=GOOD, again=GOOD)).status_code == 303
