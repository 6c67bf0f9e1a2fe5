"""Fingerprint machines: clients of the ZKTeco attendance PUSH protocol 2.2.14, as bytes on a wire.

Source: ZKTeco, "Attendance PUSH Communication Protocol" V5.8: handshake, ATTLOG upload, command
poll. A real machine opens a connection for each request and keeps what was not acknowledged.
"""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from commandcenter.demo.mishaps import Kind, Script
from commandcenter.demo.region import FingerprintMachine, Region
from commandcenter.demo.workday import ZONE, Scan, scans_of_day, staff

FIRMWARE = "Ver 8.0.4.3-20240115"
_BATCH = 100  # scans of one upload
_STAFF = b"PIN=101\tName=Pegawai Contoh\tPri=0\tPasswd=1234\tCard=\tGrp=1\n"
_PATIENCE = 10.0  # seconds for one request
_BACK_OFF = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_DIED = (OSError, ValueError, IndexError, EOFError, TimeoutError)  # of a request


class Refused(OSError):
    """The server answered something else than 200."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the machines push to: the two fields of their menu."""

    host: str
    port: int

    async def ask(self, method: str, target: str, body: bytes = b"") -> str:
        """One request on its own connection. Raises OSError, EOFError, ValueError, TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(self._request(method, target, body))
                await writer.drain()
                return _body(await reader.read())
            finally:
                writer.close()

    def _request(self, method: str, target: str, body: bytes) -> bytes:
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        head += "User-Agent: iClock Proxy/1.09\r\nConnection: close\r\nAccept: */*\r\n"
        if method == "POST":
            head += f"Content-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body


@dataclass
class PushClient:
    """One machine: says hello, uploads what it has, then each scan as it comes, and polls."""

    machine: FingerprintMachine
    server: Server
    scans: Callable[[date], Sequence[Scan]]
    now: Callable[[], datetime]
    cut_off: Callable[[], bool]
    """Whether the machine is silent just now, or the link of its office is down."""
    chance: random.Random
    sent_until: datetime | None = None
    delay: float = 10.0
    greeted: bool = False
    last_batch: Sequence[Scan] = field(default=())

    async def run(self) -> None:
        """Push for ever; after a failure greet again, later and later."""
        failures = 0
        await asyncio.sleep(self.chance.random() * 2)
        while True:
            try:
                pause = await self.turn()
                failures = 0
            except _DIED:
                self.greeted = False
                pause = _BACK_OFF[min(failures, len(_BACK_OFF) - 1)] * self.chance.uniform(0.8, 1.2)
                failures += 1
            await asyncio.sleep(pause)

    async def turn(self) -> float:
        """Do what is due; the seconds until something is due again."""
        if self.cut_off():
            self.greeted = False
            return 1.0
        if not self.greeted:
            await self.greet()
        await self.push()
        await self.poll()
        return self._until_next_scan()

    async def greet(self) -> None:
        """The handshake; takes the server's Delay between polls."""
        options = "options=all&pushver=2.2.14&language=73"
        told = await self.server.ask("GET", f"/iclock/cdata?SN={self.machine.serial}&{options}")
        for line in told.splitlines():
            key, _, value = line.partition("=")
            if key == "Delay":
                self.delay = max(2.0, float(value))
        self.greeted = True
        if self.machine.tells_staff:
            target = f"/iclock/cdata?SN={self.machine.serial}&table=USERINFO&Stamp=9999"
            await self.server.ask("POST", target, _STAFF)

    async def push(self) -> None:
        """Upload every scan since the last one that was acknowledged; at first, since midnight."""
        waiting = self.waiting()
        if not waiting and self.last_batch and self.chance.random() < 0.005:
            waiting = list(self.last_batch)  # real machines send twice now and then
        for start in range(0, len(waiting), _BATCH):
            await self._upload(waiting[start : start + _BATCH])

    def waiting(self) -> list[Scan]:
        """The scans of today so far that no server has acknowledged."""
        now = self.now().astimezone(ZONE)
        today = self.scans(now.date())
        until = bisect_right(today, now, key=_moment)
        if self.sent_until is None:
            return list(today[:until])
        return [scan for scan in today[:until] if scan.at > self.sent_until]

    async def poll(self) -> None:
        """Ask for commands and report each as done."""
        info = f"{FIRMWARE},0,0,0,{self.machine.serial[-3:]},10,7,0,0,111"
        target = f"/iclock/getrequest?SN={self.machine.serial}"
        told = await self.server.ask("GET", f"{target}&INFO={info}".replace(" ", "%20"))
        for line in told.splitlines():
            if line.startswith("C:"):
                _, number, command = line.split(":", 2)
                done = f"ID={number}&Return=0&CMD={command.split(' ')[0]}"
                where = f"/iclock/devicecmd?SN={self.machine.serial}"
                await self.server.ask("POST", where, done.encode())

    def _until_next_scan(self) -> float:
        now = self.now().astimezone(ZONE)
        today = self.scans(now.date())
        place = bisect_right(today, now, key=_moment)
        coming = (today[place].at - now).total_seconds() if place < len(today) else self.delay
        return min(self.delay, max(0.5, coming))

    async def _upload(self, batch: Sequence[Scan]) -> None:
        target = f"/iclock/cdata?SN={self.machine.serial}&table=ATTLOG&Stamp=9999"
        told = await self.server.ask("POST", target, self.attlog(batch))
        if not told.startswith("OK"):
            raise Refused(told)
        self.last_batch = batch
        self.sent_until = max(batch[-1].at, self.sent_until or batch[-1].at)

    def attlog(self, batch: Sequence[Scan]) -> bytes:
        """The body of an ATTLOG upload: one line a scan, by the device's own clock, without a
        zone."""
        ahead = timedelta(minutes=self.machine.clock_minutes)
        lines = [
            f"{scan.pin}\t{scan.at + ahead:%Y-%m-%d %H:%M:%S}"
            f"\t{scan.status}\t{scan.verify}\t0\t0\t0\n"
            for scan in batch
        ]
        return "".join(lines).encode()


def make_machines(
    *,
    region: Region,
    server: Server,
    script: Script,
    elapsed: Callable[[], float],
    now: Callable[[], datetime],
    seed: int = 0,
) -> list[PushClient]:
    """A client for every machine of the region."""
    pins = staff(region)
    router = {r.office: r.id for r in region.routers if r.office}

    def cut_off(serial: str, chain: frozenset[str]) -> bool:
        seconds = elapsed()
        silent = serial in script.things(Kind.MACHINE_SILENT, seconds)
        return silent or not chain.isdisjoint(script.things(Kind.LINK_DOWN, seconds))

    clients = []
    for machine in region.machines:
        chain = frozenset(region.above(router[machine.office]))
        day = _Day(partial(scans_of_day, seed, machine, pins[machine.serial]))
        away = partial(cut_off, machine.serial, chain)
        chance = random.Random(f"{seed} {machine.serial}")
        clients.append(PushClient(machine, server, day, now, away, chance))
    return clients


@dataclass
class _Day:
    """The scans of the day that was asked for last."""

    make: Callable[[date], Sequence[Scan]]
    day: date | None = None
    scans: Sequence[Scan] = ()

    def __call__(self, day: date) -> Sequence[Scan]:
        if day != self.day:
            self.day, self.scans = day, self.make(day)
        return self.scans


def _moment(scan: Scan) -> datetime:
    return scan.at


def _body(raw: bytes) -> str:
    head, _, body = raw.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].split()
    if status[1] != b"200":
        raise Refused(f"HTTP {status[1].decode()}")
    return body.decode()
