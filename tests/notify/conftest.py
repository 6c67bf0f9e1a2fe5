"""A town with people on duty, and gateways on loopback that take messages or do not."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commandcenter.bus import Bus
from commandcenter.language import Language
from commandcenter.notify.messages import Letter
from commandcenter.notify.notifier import Notifier
from commandcenter.notify.roster import Roster
from commandcenter.notify.settings import Channel, Duty, Escalation, Notify
from commandcenter.records.database import Records
from commandcenter.records.incidents import IncidentRow, incident_of, open_incident, recover
from commandcenter.records.life import Act, Step, Terms, take_step
from commandcenter.secret import Secret
from tests.conftest import Clock
from tests.leaks import secret
from tests.tcp import serving

ZONE = ZoneInfo("Asia/Jakarta")
PASSWORD, TOKEN = secret("s3cretPassw0rd"), secret("tokenABC123")


def channel(name: str = "group", **options: Any) -> Channel:
    """A channel that everybody's messages go to, unless told otherwise."""
    told: dict[str, Any] = {"name": name, "url": Secret("env:CHANNEL_URL"), "roles": ("*",)}
    return Channel(**(told | options))


@dataclass
class Gateway:
    """A gateway's protocol edge: takes letters and keeps them, or says why not."""

    why: str = ""
    taken: list[tuple[str, Letter]] = field(default_factory=list)
    refused: int = 0

    async def __call__(self, channel: Channel, letter: Letter) -> str:
        if self.why:
            self.refused += 1
            return self.why
        self.taken.append((channel.name, letter))
        return ""

    @property
    def titles(self) -> list[str]:
        return [letter.title for _, letter in self.taken]

    def of(self, name: str) -> list[str]:
        return [letter.title for channel, letter in self.taken if channel == name]


@dataclass
class Office:
    """The records, a gateway and a notifier between them, driven by the test's clock."""

    records: Records
    clock: Clock
    gateway: Gateway
    notifier: Notifier

    async def opens(self, name: str = "rtr", level: str = "critical", **facts: Any) -> int:
        thing = ("link-down", facts.pop("feed", "network"), f"device/{name}")
        told = {"title": f"Link {name} down", "level": level, **facts}
        return await self.records.write(open_incident, thing, self.clock.now, **told)

    async def recovers(self, name: str = "rtr") -> None:
        thing = ("link-down", "network", f"device/{name}")
        await self.records.write(recover, thing, self.clock.now, reason="up again")

    async def step(self, number: int, act: Act, **facts: Any) -> IncidentRow:
        row = await self.row(number)
        wanted = Step(incident=number, version=row.version, act=act, who="operator 1", **facts)
        return await self.records.write(take_step, wanted, self.clock.now, Terms())

    async def row(self, number: int) -> IncidentRow:
        return await self.records.read(incident_of, number)

    async def second(self, seconds: float = 0) -> int:
        """What one turn of the process does; the messages that went out."""
        self.clock.forward(seconds)
        while await self.notifier.plan():
            pass
        while await self.notifier.escalate():
            await self.notifier.plan()
        sent = 0
        while more := await self.notifier.deliver():
            sent += more
        return sent


MakeOffice = Callable[..., Any]


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[Bus]:
    bus = Bus(redis_url)
    yield bus
    await bus.close()


@pytest.fixture
def open_office(records: Records, clock: Clock) -> MakeOffice:
    """An office with these channels, duties and escalations; on each database."""
    return _maker(records, clock)


@pytest.fixture
def open_small_office(sqlite_records: Records, clock: Clock) -> MakeOffice:
    """The same where the database makes no difference."""
    return _maker(sqlite_records, clock)


def _maker(records: Records, clock: Clock) -> MakeOffice:
    async def make(
        *channels: Channel,
        duties: tuple[Duty, ...] = (),
        escalations: tuple[Escalation, ...] = (),
        notify: Notify | None = None,
        bus: Bus | None = None,
        send: Any = None,
        **more: Any,
    ) -> Office:
        roster = Roster(
            zone=ZONE,
            notify=notify or Notify(),
            channels=channels or (channel(),),
            duties=duties,
            escalations=escalations,
        )
        gateway = Gateway()
        told = {"send": send or gateway, "jitter": lambda: 1.0, **more}
        say = Language("en", ZONE)
        bus = bus or Bus("redis://127.0.0.1:1/0")  # nobody there: messages need no bus
        notifier = Notifier(records, bus, roster, say, clock, **told)
        await notifier.begin()
        return Office(records=records, clock=clock, gateway=gateway, notifier=notifier)

    return make


# --- receivers ----------------------------------------------------------------------------------


@dataclass
class WebHook:
    """A real HTTP server that apprise's json:// reaches. `status` is its answer; while `gate` is
    closed it takes requests and does not answer."""

    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        assert self.server is not None
        return self.server.server_port

    @property
    def url(self) -> str:
        return f"json://robot:{PASSWORD}@127.0.0.1:{self.port}/{TOKEN}"

    def keep(self, body: bytes) -> int:
        self.bodies.append(json.loads(body))
        self.arrived.release()
        self.gate.wait(20)
        return self.status


def _handler(hook: WebHook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = hook.keep(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass  # the sender was killed

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def webhook() -> Iterator[WebHook]:
    hook = WebHook()
    hook.gate.set()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(hook)) as server:
        hook.server = server
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield hook
        hook.gate.set()
        server.shutdown()
        thread.join()


@dataclass
class MailServer:
    """RFC 5321 as far as a client needs it to hand over one mail."""

    port: int
    mails: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 test")
        while line := await reader.readline():
            match line[:4].upper():
                case b"DATA":
                    await say("354 go on")
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                    await say("250 taken")
                case b"QUIT":
                    await say("221 bye")
                    break
                case _:
                    await say("250 fine")


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    mails = MailServer(port=0)
    async with serving(mails.talk) as mails.port:
        yield mails
