"""Through apprise to real receivers: it arrives, whatever the gateway does, and no secret shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import apprise
import pytest

from commandcenter.bus import Bus
from commandcenter.language import Language
from commandcenter.notify.gateway import Gateway as Apprise
from commandcenter.notify.gateway import try_channel
from commandcenter.notify.links import read
from commandcenter.notify.notifier import Notifier
from commandcenter.notify.settings import Channel, Notify
from commandcenter.reading import Reading
from commandcenter.records import outbox
from commandcenter.records.chain import log_of, verify
from commandcenter.secret import Secret
from tests.conftest import NOW, free_port
from tests.notify.conftest import PASSWORD, ZONE, MailServer, MakeOffice, Office, WebHook, channel

SAY = Language("en", ZONE)
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def hooked(webhook: WebHook, monkeypatch: pytest.MonkeyPatch) -> WebHook:
    monkeypatch.setenv("CHANNEL_URL", webhook.url)
    return webhook


async def test_a_webhook_gets_the_message(open_small_office: MakeOffice, hooked: WebHook) -> None:
    office: Office = await open_small_office(send=Apprise(SAY))
    await office.opens(detail="no answer")
    assert await office.second() == 1
    [body] = hooked.bodies
    assert (body["title"], body["type"]) == ("[CRITICAL] Link rtr down", "failure")
    assert body["message"].startswith("no answer\nsince 09:42:17 WIB\n[")


async def test_a_mail_server_gets_the_message(
    open_small_office: MakeOffice, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"mailto://127.0.0.1:{mail_server.port}?from=pusat@a.test&to=noc@b.test&mode=insecure"
    monkeypatch.setenv("CHANNEL_URL", address)
    office: Office = await open_small_office(send=Apprise(SAY))
    await office.opens(level="warning")
    assert await office.second() == 1
    [mail] = mail_server.mails
    assert "Subject: [WARNING] Link rtr down" in mail
    assert "since 09:42:17 WIB" in mail


@pytest.mark.parametrize(
    "address",
    [
        "tgram://123456789:AAabcdefghijklmnopqrstuvwxyz123456789/-1001234567890",
        "whatsapp://token@0123456789/6281234567890",
        "mailtos://user:pass@mail.example.go.id?to=noc@example.go.id",
        "jsons://gateway.example.go.id/send",
    ],
)
def test_addresses_that_cannot_be_reached_from_a_test_are_at_least_understood(address: str) -> None:
    assert apprise.Apprise.instantiate(address) is not None


async def test_a_receiver_that_was_down_gets_everything_when_it_is_back(
    open_office: MakeOffice, hooked: WebHook
) -> None:
    office: Office = await open_office(channel(most_per_minute=60), send=Apprise(SAY))
    hooked.status = 503
    for second in range(60):
        if second % 10 == 0:
            await office.opens(str(second))
        await office.second(1)
    attempts = len(hooked.bodies)
    assert 3 <= attempts <= 5  # it is not hammered
    hooked.status, hooked.bodies = 200, []
    for _ in range(60):
        await office.second(1)
    titles = sorted(body["title"] for body in hooked.bodies)
    assert titles == [f"[CRITICAL] Link {n} down" for n in (0, 10, 20, 30, 40, 50)]


async def test_a_message_that_a_gateway_refuses_holds_up_no_other(
    open_small_office: MakeOffice,
) -> None:
    taken = []

    async def picky(_: Channel, letter: Any) -> str:
        if "poison" in letter.title:
            return "400"
        taken.append(letter.title)
        return ""

    office: Office = await open_small_office(send=picky)
    await office.opens("poison")
    await office.second()
    await office.opens("good")
    await office.second(5)
    await office.second(5)
    assert taken == ["[CRITICAL] Link good down"]
    [poison] = await office.records.read(outbox.waiting, "group")
    assert (poison.subject, poison.error) == ("[CRITICAL] Link poison down", "400")


async def test_what_cannot_be_delivered_for_a_day_is_given_up_and_the_log_says_so(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    office.gateway.why = "closed"
    number = await office.opens()
    for _ in range(50):
        await office.second(1800)
    assert await office.records.read(outbox.waiting, "group") == []
    note = (await office.records.read(log_of, number))[-1]
    assert (note.who, note.step) == ("notify", "note")
    assert note.note == "Message not delivered to channel group"
    assert (await office.records.read(verify)).mistakes == ()
    figures = await office.records.read(outbox.figures, office.clock.now)
    assert (figures["group"].given_up, figures["group"].waiting) == (1, 0)


async def test_a_fault_in_the_middle_of_sending_leaves_it_in_doubt_and_rests(
    open_office: MakeOffice,
) -> None:
    office: Office = await open_office()
    sender = office.notifier.senders["group"]
    await office.opens()
    await office.notifier.plan()
    [message] = await office.records.read(outbox.waiting, "group")
    await office.records.write(outbox.begin, [message.id])
    await office.opens("later")
    await office.second()
    first, second = office.gateway.titles
    assert (first, second) == ("[CRITICAL] Link rtr down", "[CRITICAL] Link later down")
    assert sender.failures == 0


# --- acknowledging from a message ---------------------------------------------------------------


async def test_a_message_carries_a_link_to_acknowledge_where_it_is_allowed(
    open_office: MakeOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKS", "a secret of thirty-two characters")
    notify = Notify(link="https://pusat.test", secret=Secret("env:LINKS"))
    office: Office = await open_office(
        channel("ani", acknowledge_link=True), channel("group"), notify=notify
    )
    number = await office.opens()
    await office.second()
    bodies = {name: letter.body for name, letter in office.gateway.taken}
    assert "/a/" not in bodies["group"]
    [line] = [one for one in bodies["ani"].split("\n") if "/a/" in one]
    token = line.removeprefix("Acknowledge: https://pusat.test/a/")
    link = read(token, "a secret of thirty-two characters", NOW)
    assert (link.incident, link.version, link.who) == (number, 1, "ani")
    assert link.expires_at == NOW.replace(microsecond=0) + timedelta(hours=24)
    with office.records.engine.begin() as connection:
        kept = connection.exec_driver_sql("SELECT subject, body, key FROM outbox").all()
    assert token not in str(kept)


async def test_no_link_to_acknowledge_what_somebody_has_taken(
    open_small_office: MakeOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKS", "a secret of thirty-two characters")
    notify = Notify(link="https://pusat.test", secret=Secret("env:LINKS"))
    office: Office = await open_small_office(channel(acknowledge_link=True), notify=notify)
    await office.step(await office.opens(), "acknowledge")
    await office.second()
    assert "/a/" not in office.gateway.taken[0][1].body


# --- testing a channel, and what may not be seen ------------------------------------------------


async def test_a_channel_can_be_tried(hooked: WebHook) -> None:
    assert await try_channel(channel("noc"), SAY, NOW) == ""
    assert hooked.bodies[0]["title"] == "Test of channel noc"


async def test_why_a_channel_failed_is_told_without_secrets(
    hooked: WebHook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # as the program does
    hooked.status = 403
    refused = await try_channel(channel(), SAY, NOW)
    assert "403" in refused
    port = free_port()
    monkeypatch.setenv("CHANNEL_URL", f"json://robot:{PASSWORD}@127.0.0.1:{port}/tokenABC123")
    away = await try_channel(channel(), SAY, NOW)
    assert "Connection error" in away
    monkeypatch.setenv("CHANNEL_URL", f"nonsense://robot:{PASSWORD}@x")
    unknown = await try_channel(channel(), SAY, NOW)
    assert "not one that Apprise knows" in unknown
    monkeypatch.delenv("CHANNEL_URL")
    missing = await try_channel(channel(), SAY, NOW)
    assert "set the environment variable CHANNEL_URL" in missing
    assert not logging.getLogger("apprise").propagate
    logged = str([one.getMessage() for one in caplog.records if one.name != "apprise"])
    for told in (refused, away, unknown, missing, logged):
        assert PASSWORD not in told
        assert "tokenABC123" not in told


async def test_a_gateway_that_never_answers_is_left_after_its_time_limit(
    hooked: WebHook,
) -> None:
    hooked.gate.clear()
    assert await try_channel(channel(time_limit=1), SAY, NOW) == "No answer within 1 s"


# --- the whole process --------------------------------------------------------------------------


@asynccontextmanager
async def running(notifier: Notifier) -> AsyncIterator[None]:
    notifier.every = 0.02
    task = asyncio.create_task(notifier.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def status_of(bus: Bus, name: str, wanted: Any) -> dict[str, Any]:
    async with asyncio.timeout(15), aclosing(bus.follow(["system"])) as follower:
        async for news in follower:
            for reading in news.readings:
                if reading.key == f"channel/{name}" and reading.value and wanted(reading.value):
                    return reading.value
    raise AssertionError


async def test_a_dead_gateway_delays_no_other_and_is_seen(
    open_small_office: MakeOffice, bus: Bus, hooked: WebHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEAD_URL", f"json://robot:{PASSWORD}@127.0.0.1:{free_port()}/tokenABC123")
    dead = channel("dead", url=Secret("env:DEAD_URL"))
    office: Office = await open_small_office(dead, channel(), bus=bus, send=Apprise(SAY))
    async with running(office.notifier):
        await office.opens()
        well = await status_of(bus, "group", lambda value: value["sent"] == 1)
        ill = await status_of(bus, "dead", lambda value: not value["ok"])
    assert (well["ok"], well["waiting"], well["last_sent_at"]) == (True, 0, NOW.isoformat())
    assert (ill["waiting"], ill["since"]) == (1, NOW.isoformat())
    assert "Connection error" in ill["error"]
    assert PASSWORD not in str(ill)
    assert "tokenABC123" not in str(ill)
    restarted: Office = await open_small_office(dead, channel(), bus=bus)
    restarted.gateway.why = "still resting"
    async with running(restarted.notifier):
        assert await status_of(bus, "dead", lambda value: not value["ok"])


async def test_the_process_waits_for_its_records_and_says_so(
    open_small_office: MakeOffice, bus: Bus
) -> None:
    office: Office = await open_small_office(bus=bus)
    with office.records.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE setting RENAME TO away")
    async with running(office.notifier):
        async with asyncio.timeout(15):
            while not office.notifier._errors:
                await asyncio.sleep(0.01)
        with office.records.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO setting")
        await office.opens()
        async with asyncio.timeout(15):
            while not office.gateway.taken:
                await asyncio.sleep(0.01)


async def test_what_is_in_maintenance_is_heard_on_the_bus(
    open_small_office: MakeOffice, bus: Bus
) -> None:
    office: Office = await open_small_office(bus=bus)
    told = Reading(feed="incidents", key="incident/7", at=NOW, value={"maintenance": True})
    await bus.publish("incidents", [told])
    async with running(office.notifier), asyncio.timeout(15):
        while office.notifier.in_maintenance != {7}:
            await asyncio.sleep(0.01)
        await bus.publish("incidents", [replace(told, value=None)])
        while office.notifier.in_maintenance:
            await asyncio.sleep(0.01)
