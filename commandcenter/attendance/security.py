"""Security PUSH: what access-control machines say (SenseFace, SpeedFace, inBio; `DeviceType=acc`).

ZKTeco, "Security PUSH Communication Protocol" 3.1.2: the machine registers itself, takes its
settings, and tells each event as `key=value` fields in the table rtlog. It shares the paths of
attendance PUSH and is another protocol. Such a machine looks well and brings no scan to a server
that does not read rtlog (public reports: fananimi/pyzk#253, saifulcoder/adms-server-ZKTeco#17).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256

from commandcenter.attendance import iclock
from commandcenter.attendance.iclock import BadLine
from commandcenter.records.attendance import Scan

CAME_OR_WENT = frozenset({*range(6), *range(14, 20), 203, 207, 208})
"""Appendix 2: the events in which a known person was let through, by card, finger, face or code.
The others up to 19 and from 200 to 254 are doors and commands, 20 to 99 refusals, from 100 on
alarms."""
_LAST_EVENT = 255


def registry(serial: str) -> str:
    """The answer to the handshake: registered already. Only events are asked for: no users."""
    return _block("registry=ok", f"RegistryCode={_code(serial)}", *_settings(serial))


def registry_code(serial: str) -> str:
    """The answer to POST /iclock/registry."""
    return f"RegistryCode={_code(serial)}"


def settings(serial: str) -> str:
    """The answer to /iclock/push."""
    return _block(*_settings(serial))


def server_time(now: datetime, zone: tzinfo) -> str:
    """The answer to /iclock/rtdata?type=time: the machine sets its clock by it."""
    utc, local = now.astimezone(UTC), now.astimezone(zone)
    days = ((utc.year - 2000) * 12 + utc.month - 1) * 31 + utc.day - 1
    seconds = days * 86_400 + utc.hour * 3600 + utc.minute * 60 + utc.second
    return f"DateTime={seconds},ServerTZ={local:%z}"


def read_event(line: bytes, zone: tzinfo, now: datetime) -> Scan | None:
    """One record of rtlog or transaction. None: nobody came or went. Raises BadLine."""
    told = _fields(line)
    event = told.get("event", told.get("eventtype", ""))
    if not event.isascii() or not event.isdigit() or int(event) > _LAST_EVENT:
        raise BadLine("the event is not a number from 0 to 255")
    if int(event) not in CAME_OR_WENT:
        return None
    pin = told.get("pin", "")
    if pin in ("", "0"):
        if told.get("cardno", "0") in ("", "0"):
            return None
        raise BadLine("somebody was let through whom the machine knows by a card only, not by pin")
    way = told.get("inoutstatus", told.get("inoutstate", ""))
    verify = told.get("verifytype", told.get("verified", ""))
    return iclock.make_scan(
        pin,
        told.get("time") or _unpacked(told.get("time_second", "")),
        int(way) if way in ("0", "1") else iclock.NO_STATUS,
        # Sixteen digits are another scheme, bit by bit; they are no number.
        int(verify) if re.fullmatch(r"0|[1-9][0-9]{0,2}", verify) else 0,
        zone=zone,
        now=now,
    )


def read_state_time(body: bytes, zone: tzinfo) -> datetime | None:
    """The time of a machine as it tells it in rtstate."""
    try:
        return iclock.read_time(_fields(body).get("time", ""), zone)
    except BadLine:
        return None


def _fields(line: bytes) -> dict[str, str]:
    """By name: their number and order differ by firmware. Some are parted by commas."""
    text = iclock.text(line).strip().removeprefix("transaction ")
    pairs = (field.partition("=") for field in text.split("\t" if "\t" in text else ","))
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def _unpacked(seconds: str) -> str:
    """The time in the form of ATTLOG; packed as in `server_time`, but local to the machine."""
    if not re.fullmatch(r"[0-9]{1,10}", seconds):
        raise BadLine("it has no time")
    days, rest = divmod(int(seconds), 86_400)
    months, day = divmod(days, 31)
    year, month = divmod(months, 12)
    try:
        at = datetime(2000 + year, month + 1, day + 1) + timedelta(seconds=rest)  # noqa: DTZ001
    except ValueError as error:
        raise BadLine("the time is no date") from error
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _settings(serial: str) -> tuple[str, ...]:
    return (
        "ServerVersion=3.1.2",
        "ServerName=ADMS",
        "PushProtVer=3.1.2",
        "PushVersion=3.1.2",  # the same by its other name: machines differ in which they read
        "ErrorDelay=30",
        f"RequestDelay={iclock.POLL_SECONDS}",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransTables=Transaction",
        "Realtime=1",
        f"SessionID={_code(serial, 'session').upper()}",
        "TimeoutSec=10",
    )


def _code(serial: str, what: str = "registry") -> str:
    """Up to 32 characters that the server makes up; no secret, but always the same."""
    return sha256(f"{what} {serial}".encode()).hexdigest()[:32]


def _block(*lines: str) -> str:
    return "\n".join(lines) + "\n"
