"""A fingerprint machine's conversation, byte for byte, and the day that it tells."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

import pytest

from commandcenter.demo.machines import PushClient, Refused, Server, make_machines
from commandcenter.demo.mishaps import Kind, Script
from commandcenter.demo.region import FingerprintMachine, Region
from commandcenter.demo.workday import ZONE, Scan, scans_of_day, staff
from tests.conftest import NOW, Clock
from tests.demo.conftest import SEED, Recorder

TODAY = NOW.astimezone(ZONE).date()
MACHINE = FingerprintMachine(serial="0316144680030", office="dinkes", name="Lobi")


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime.combine(TODAY, time(hour, minute, second), ZONE)


MORNING = [
    Scan(at(7, 1, 12), "101", 0, 1),
    Scan(at(7, 2, 55), "102", 0, 15),
    Scan(at(9, 50), "101", 1, 1),  # in the future of the test
]


def client(recorder: Recorder, clock: Clock) -> PushClient:
    server = Server("127.0.0.1", recorder.port)
    return PushClient(MACHINE, server, lambda _: MORNING, clock, lambda: False, random.Random(SEED))


def head(recorder: Recorder, line: str, length: int | None = None) -> bytes:
    """The head of a request as a machine writes it."""
    told = f"{line} HTTP/1.1\r\nHost: 127.0.0.1:{recorder.port}\r\n"
    told += "User-Agent: iClock Proxy/1.09\r\nConnection: close\r\nAccept: */*\r\n"
    told += f"Content-Length: {length}\r\n" if length is not None else ""
    return told.encode() + b"\r\n"


async def test_the_conversation_is_that_of_the_protocol_byte_for_byte(
    recorder: Recorder, clock: Clock
) -> None:
    greeting = b"GET OPTION FROM: 0316144680030\nATTLOGStamp=None\nDelay=30\nRealtime=1\n"
    recorder.bodies = [greeting, b"OK: 2", b"C:7:CHECK\n", b"OK"]
    async with recorder.listening():
        machine = client(recorder, clock)
        pause = await machine.turn()
    hello, upload, poll, done = recorder.requests
    serial = "SN=0316144680030"
    options = "options=all&pushver=2.2.14&language=73"
    assert hello == head(recorder, f"GET /iclock/cdata?{serial}&{options}")
    lines = b"101\t2026-11-21 07:01:12\t0\t1\t0\t0\t0\n102\t2026-11-21 07:02:55\t0\t15\t0\t0\t0\n"
    target = f"POST /iclock/cdata?{serial}&table=ATTLOG&Stamp=9999"
    assert upload == head(recorder, target, len(lines)) + lines
    assert poll.startswith(f"GET /iclock/getrequest?{serial}&INFO=Ver%208.0.4.3-".encode())
    answer = b"ID=7&Return=0&CMD=CHECK"
    target = f"POST /iclock/devicecmd?{serial}"
    assert done == head(recorder, target, len(answer)) + answer
    assert pause == 30  # the server's Delay


async def test_what_was_not_acknowledged_is_kept_and_sent_again(
    recorder: Recorder, clock: Clock
) -> None:
    async with recorder.listening():
        machine = client(recorder, clock)
        recorder.status = "503 Service Unavailable"
        with pytest.raises(Refused):
            await machine.push()
        recorder.status = "200 OK"
        await machine.push()
    refused, taken = recorder.requests
    assert refused == taken
    assert machine.waiting() == []


async def test_a_new_scan_follows_as_soon_as_it_is_made(recorder: Recorder, clock: Clock) -> None:
    async with recorder.listening():
        machine = client(recorder, clock)
        assert await machine.turn() == machine.delay
        clock.forward(7 * 60 + 40)  # 09:49:57
        assert await machine.turn() == pytest.approx(3)
        clock.forward(3)
        await machine.turn()
    assert recorder.requests[-2].endswith(b"101\t2026-11-21 09:50:00\t1\t1\t0\t0\t0\n")


async def test_a_silent_machine_says_nothing_and_greets_again_afterwards(
    recorder: Recorder, clock: Clock
) -> None:
    async with recorder.listening():
        machine = client(recorder, clock)
        machine.cut_off = lambda: True
        assert await machine.turn() == 1
        assert recorder.requests == []
        machine.cut_off = lambda: False
        await machine.turn()
    assert b"options=all" in recorder.requests[0]


def test_a_machine_is_cut_off_by_the_script_and_by_its_office_s_link(
    region: Region, script: Script, clock: Clock
) -> None:
    seconds = 0.0
    machines = make_machines(
        region=region,
        server=Server("127.0.0.1", 9),
        script=script,
        elapsed=lambda: seconds,
        now=clock,
        seed=SEED,
    )
    assert not any(machine.cut_off() for machine in machines)
    seconds = 60
    (silent,) = script.things(Kind.MACHINE_SILENT, seconds)
    (link,) = script.things(Kind.LINK_DOWN, seconds)
    for machine in machines:
        behind = link == f"rtr-{machine.machine.office}"
        assert machine.cut_off() == (behind or machine.machine.serial == silent)


def everybody(region: Region, day: date) -> list[Scan]:
    pins = staff(region)
    return [s for m in region.machines for s in scans_of_day(SEED, m, pins[m.serial], day)]


def first_scans(region: Region, until: datetime) -> dict[str, datetime]:
    first: dict[str, datetime] = {}
    for scan in sorted(everybody(region, until.date())):
        if scan.at <= until:
            first.setdefault(scan.pin, scan.at)
    return first


def test_by_twenty_to_ten_about_nine_of_ten_are_there_and_some_came_late(region: Region) -> None:
    first = first_scans(region, at(9, 42))
    late = sum(moment > at(7, 35) for moment in first.values())
    assert 0.87 < len(first) / 2618 < 0.92
    assert 20 < late < 80


def test_at_night_there_are_only_the_guards(region: Region) -> None:
    assert 0 < len(first_scans(region, at(1, 30))) <= len(region.machines)
    assert len(first_scans(region, at(6, 0))) <= len(region.machines)


def test_a_day_is_the_same_each_time_it_is_told_and_differs_from_the_next(region: Region) -> None:
    assert everybody(region, TODAY) == everybody(region, TODAY)
    tomorrow = everybody(region, TODAY + timedelta(days=1))
    moved = [
        Scan(s.at + timedelta(days=1), s.pin, s.status, s.verify) for s in everybody(region, TODAY)
    ]
    assert tomorrow != moved


def test_nobody_has_two_pins_and_no_pin_two_machines(region: Region) -> None:
    pins = [pin for own in staff(region).values() for pin in own]
    assert len(pins) == len(set(pins)) > 2400


def test_a_batch_is_one_line_a_scan() -> None:
    assert client(Recorder(), Clock()).attlog(MORNING).count(b"\n") == 3
