"""Ten thousand attempts get nowhere, and lock nobody out for good. Through the real doors."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import timedelta
from typing import Literal

from starlette.types import Message, Scope

from commandcenter.access.pace import Pace
from commandcenter.access.throttle import Attempt
from tests.web.sign_in.conftest import FAR, GOOD, HOST, Counted, Front, told
from tests.web.sign_in.test_second_step import set_up

MANY = 10_000


async def guess(front: Front, number: int, address: str) -> tuple[int, str]:
    """A wrong password for "ani": the status, and the page. Without a client's work between."""
    body = f"username=ani&password=guess+{number}".encode()
    base = f"https://{HOST}"
    headers = {
        "host": HOST,
        "origin": base,
        "accept": "text/html",
        "content-type": "application/x-www-form-urlencoded",
    }
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "scheme": "https",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": (address, 40000),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await front.app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


async def test_ten_thousand_from_one_address(front: Front) -> None:
    ani = await front.account()
    answers: Counter[int] = Counter()
    async with front.browser() as desk:
        for n in range(MANY):  # one every 50 ms: more than eight minutes
            front.now.forward(0.05)
            answers[(await guess(front, n, "10.6.6.6"))[0]] += 1
        assert answers[429] > MANY - 50
        assert front.hasher.computed == 10
        front.hasher.computed = 0
        assert (await desk.sign_in()).status_code == 303  # the real person, from elsewhere
        assert front.hasher.computed == 1
    refused = await front.log("sign_in_refused")
    assert len(refused) == 10
    assert {line.thing for line in refused} == {f"account/{ani.id}"}


async def test_ten_thousand_addresses_against_one_account(front: Front) -> None:
    await front.account()
    async with front.browser() as desk:
        assert (await desk.sign_in()).status_code == 303  # before the attack: known from now on
        await desk.sign_out()
        front.hasher.computed = 0
        answers = set()
        for n in range(MANY):  # ten minutes
            front.now.forward(0.06)
            status, page = await guess(front, n, f"10.{n // 250}.{n % 250}.1")
            answers.add((status, "salah" in page))
            if n in (100, MANY - 1):
                await desk.sign_in()
                assert await desk.here()
                await desk.sign_out()
        assert answers == {(401, True)}  # nobody learns that it is refused unseen
        assert front.hasher.computed == 20 + 2
        async with front.browser("10.7.7.7") as new_place:
            assert (await new_place.sign_in()).status_code == 401  # not from just anywhere
            front.now.now += timedelta(minutes=15)
            assert (await new_place.sign_in()).status_code == 303
    assert len(await front.log("sign_in_refused")) == 20
    summaries = await front.log("throttled")
    assert 5 <= len(summaries) <= 12  # one a minute
    assert sum(line.facts["attempts"] for line in summaries) > MANY - 1100


async def test_a_one_time_link_opens_also_during_an_attack(front: Front) -> None:
    ani = await front.account()
    async with front.browser("10.6.6.6") as browser:
        for n in range(30):
            browser.client._transport.client = (f"10.0.{n}.1", 1)  # type: ignore[attr-defined]
            await browser.sign_in("ani", "guess")
        assert (await browser.sign_in()).status_code == 401
        new = "awan jingga di atas gudang"
        page = await browser.post(await front.link(ani), new=new, again=new)
        assert page.status_code == 303
        assert await browser.here()
        await browser.sign_out()
        assert (await browser.sign_in(password=new)).status_code == 303  # known since then


async def test_an_unknown_name_is_answered_like_a_known_one_all_along(front: Front) -> None:
    await front.account()
    courses = []
    for username in ("ani", "nobody"):
        course = []
        async with front.browser("10.6.6.6") as thief:
            for n in range(30):
                front.hasher.computed = 0
                thief.client._transport.client = (f"10.{len(username)}.{n}.1", 1)  # type: ignore[attr-defined]
                page = await thief.sign_in(username, "guess")
                text = page.text.replace(f'value="{username}"', "")
                course.append((page.status_code, front.hasher.computed, text))
        courses.append(course)
    assert courses[0] == courses[1]


async def test_whoever_waits_is_told_how_long(front: Front) -> None:
    async with front.browser(FAR) as browser:
        for _ in range(10):
            assert (await browser.sign_in()).status_code == 401
        front.now.forward(60)
        page = await browser.sign_in(password=GOOD)
        assert (page.status_code, page.headers["retry-after"]) == (429, "240")
        assert "4 menit" in told(page)


async def test_a_known_browser_is_known_also_after_a_restart(front: Front) -> None:
    await front.account()
    async with front.browser() as desk:
        await desk.sign_in()
        cookies = dict(desk.client.cookies)
    again = Front(front.folder, front.records, front.now).open()
    async with again.browser("10.6.6.6") as thief, again.browser() as desk:
        for n in range(30):
            thief.client._transport.client = (f"10.0.{n}.1", 1)  # type: ignore[attr-defined]
            await thief.sign_in("ani", "guess")
        assert (await thief.sign_in()).status_code == 401
        desk.client.cookies.update(cookies)
        assert (await desk.sign_in()).status_code == 303


class Slow(Counted):
    """One that takes its time, as on a real machine."""

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        time.sleep(0.2)
        return super().verify(hash, password)


async def test_a_stop_watch_does_not_tell_who_is_there_and_who_is_refused_unseen(
    front: Front,
) -> None:
    front.hasher = Slow()
    front.open()
    front.reception.pace = Pace()
    await front.account()
    times: dict[tuple[str, bool], list[float]] = {}
    async with front.browser("10.6.6.6") as thief:
        for username in ("ani", "nobody"):
            for n in range(23):
                thief.client._transport.client = (f"10.{len(username)}.{n}.1", 1)  # type: ignore[attr-defined]
                front.hasher.computed, began = 0, time.monotonic()
                assert (await thief.sign_in(username, "guess")).status_code == 401
                took = time.monotonic() - began
                times.setdefault((username, front.hasher.computed > 0), []).append(took)
    assert [len(found) for found in times.values()] == [20, 3, 20, 3]
    assert min(min(found) for found in times.values()) >= 0.2
    assert max(min(found) for found in times.values()) < 1.5


async def test_a_wrong_code_and_one_that_is_not_looked_at_take_as_long_as_a_wrong_password(
    front: Front,
) -> None:
    await front.account()
    async with front.browser() as browser:
        await set_up(front, browser)
        await browser.sign_in()
        front.slept.clear()
        statuses = [(await browser.post("/sign-in/code", code="0")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert len(front.slept) == 6
    assert min(front.slept) > 0


async def test_when_too_many_wait_whoever_is_refused_unseen_is_told_to_come_later(
    front: Front,
) -> None:
    gate = asyncio.Event()
    front.reception.pace = Pace(sleep=lambda _: gate.wait(), most=2)
    for n in range(20):
        attempt = Attempt(at=front.now(), address=f"10.1.{n}.1", username="ani")
        assert front.reception.throttle.take(attempt) is None
    async with front.browser() as thief:
        waiting = [asyncio.create_task(thief.sign_in("ani", "guess")) for _ in range(2)]
        while front.reception.pace._waiting < 2:
            await asyncio.sleep(0)
        answer = await thief.sign_in("ani", "guess")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        gate.set()
        assert [(await one).status_code for one in waiting] == [401, 401]
