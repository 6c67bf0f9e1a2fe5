"""What fingerprint machines say: ZKTeco "Attendance PUSH Communication Protocol" V5.8 (PUSH 2.4.2).

Fields are separated by TAB, records by LF; text is UTF-8, or GB2312 on Chinese firmware. Times are
local to the machine and carry no zone. Security PUSH (access control) is another protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from ipaddress import ip_address

from commandcenter.records.attendance import Scan

NO_STATUS = 255  # neither in nor out
POLL_SECONDS = 30  # 2 to 60; each poll is a write, and no command of ours is urgent
SEND_ALL_AGAIN = "C:1:CHECK\n"

_SERIAL = re.compile(r"[0-9A-Za-z_.-]{1,64}", re.ASCII)
_STAMP = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,5}", re.ASCII)
_OFFSET = re.compile(r"[+-][0-9]{1,5}", re.ASCII)
_UNTABBED = re.compile(
    r"(?:ATTLOG[ ,]+)?([^ ,]+)[ ,]+([0-9]{4}[-/][0-9-/]{3,5}[ T][0-9:]{4,8})(?:[ ,]+(.*))?"
)
_NO_TIME = "the time is not YYYY-MM-DD HH:MM:SS"
_LINE_END = re.compile(rb"[\r\n]")
_BLANK = b"\0 \t\v\f"
_ENDS_AND_OTHERS = bytes(ord("\n" if byte in b"\r\n" else "x") for byte in range(256))
_PAGE_BYTES = 16 * 1024  # some milliseconds of reading
_LONGEST_LINE = 4096  # bytes; a scan with all of its fields has some 200
_MOST_OPTIONS = 64 * 1024  # bytes; machines send some 2000
_SUFFIX = re.compile(r"\.(aspx?|php|jsp|do)$")
_TIME = re.compile(r"(\d{4})([-/])(\d\d?)\2(\d\d?)[ T]+(\d\d?):(\d\d?)(?::(\d\d?))?")


class BadLine(ValueError):
    """A record or a serial that cannot be taken; the sentence says why."""


class BadClock(BadLine):
    """A record whose time cannot be true."""

    def __init__(self, sentence: str, stamped: datetime) -> None:
        super().__init__(sentence)
        self.stamped = stamped


def handshake(serial: str, zone: tzinfo, now: datetime, stamps: Mapping[str, str]) -> str:
    """The answer to GET /iclock/cdata?options=all.

    Only attendance and operation logs are asked for: no photos, no biometrics. No protocol version
    is told, so that the machine stays with 2.2.14 and speaks in clear.
    """
    lines = [
        f"GET OPTION FROM: {serial}",
        f"ATTLOGStamp={stamps.get('ATTLOG', 'None')}",
        f"OPERLOGStamp={stamps.get('OPERLOG', 'None')}",
        "ATTPHOTOStamp=None",
        "ErrorDelay=30",
        f"Delay={POLL_SECONDS}",
        "TransTimes=00:00;14:05",
        "TransInterval=1",
        "TransFlag=TransData AttLog\tOpLog",
        f"TimeZone={time_zone(zone, now)}",
        "Realtime=1",
        "Encrypt=None",
    ]
    return "\n".join(lines) + "\n"


def time_zone(zone: tzinfo, now: datetime) -> int:
    """Hours when whole (7 for WIB), else minutes (330). A wrong one shifts every scan."""
    minutes = int((now.astimezone(zone).utcoffset() or timedelta()).total_seconds()) // 60
    return minutes if minutes % 60 else minutes // 60


def count(body: bytes) -> int:
    """How many lines of a body are not empty: what the machine expects in `OK: n`.

    They end in LF, CR LF, or a CR alone. Also 10 MB of line ends are counted at once.
    """
    return (b"\n" + body.translate(_ENDS_AND_OTHERS, _BLANK)).count(b"\nx")


def pages(body: bytes) -> Iterator[list[bytes]]:
    """The lines that are not empty, some at a time: between two pages others have their turn."""
    start = 0
    while start < len(body):
        end = _LINE_END.search(body, start + _PAGE_BYTES)
        page = body[start : end.end() if end else len(body)]
        yield [line.rstrip(b"\0 ") for line in _LINE_END.split(page) if line.strip(_BLANK)]
        start += len(page)


def read_request(path: str) -> str:
    """What is asked for: "cdata" for cdata, CData/, cdata.aspx and edata.

    .aspx is the spelling of eSSL and other rebadged machines with PUSH 2.x (X2008, K30 Pro), edata
    that of Solution machines.
    """
    told = _SUFFIX.sub("", path.strip("/").lower())
    return {"edata": "cdata", "devicemd": "devicecmd"}.get(told, told)


def read_scan(line: bytes, zone: tzinfo, now: datetime) -> Scan:
    """One line of ATTLOG: pin, time, and if it goes on status, verify, …. Raises BadLine."""
    fields = text(line).split("\t")
    if fields[0].strip().upper() == "ATTLOG":
        del fields[0]
    if len(fields) < 2:
        fields = _untabbed("".join(fields))
    if "=" in fields[0]:
        return _read_named(fields, zone, now)
    zone = _own_zone(fields) or zone
    return make_scan(fields[0], fields[1], *_numbers(fields[2:4]), zone=zone, now=now)


def _untabbed(told: str) -> list[str]:
    """The fields of a line whose TABs are spaces or commas. Raises BadLine."""
    found = _UNTABBED.fullmatch(told.strip())
    if found is None:
        raise BadLine("it has no TAB between pin and time")
    pin, at, rest = found.groups("")
    return [pin, at, *re.split("[ ,]+", rest.strip(" ,"))]


def _read_named(fields: list[str], zone: tzinfo, now: datetime) -> Scan:
    """`PIN=… DateTime=… Status=… Verified=…`, as some rebadged machines write it."""
    pairs = (field.partition("=") for field in fields)
    told = {key.strip().lower(): value for key, _, value in pairs}
    if "pin" not in told or "datetime" not in told:
        raise BadLine("it has no pin and time")
    numbers = _numbers([told.get("status", ""), told.get("verified", "")])
    return make_scan(told["pin"], told["datetime"], *numbers, zone=zone, now=now)


def make_scan(
    pin: str, device_time: str, status: int = 0, verify: int = 0, *, zone: tzinfo, now: datetime
) -> Scan:
    """A scan from a machine's words. Raises BadLine, also for a time that cannot be true."""
    pin, device_time = pin.strip(), device_time.strip()
    if not 0 < len(pin) <= 64 or not pin.isprintable():
        raise BadLine("the pin is empty, too long or not printable")
    if not pin.strip("0"):
        raise BadLine("the pin is 0, which is nobody")
    at = read_time(device_time, zone)
    if at.year < 2000:
        raise BadClock(f"the machine's clock is wrong: {device_time} is before 2000", at)
    if at > now + timedelta(days=1):
        raise BadClock(
            f"the machine's clock is wrong: {device_time} is over a day in the future", at
        )
    return Scan(pin=pin, scanned_at=at, device_time=device_time, status=status, verify=verify)


def read_time(told: str, zone: tzinfo) -> datetime:
    """A time as a machine writes it, on the clocks of `zone`. Raises BadLine."""
    found = _TIME.fullmatch(told)
    if found is None:
        raise BadLine(_NO_TIME)
    year, _, month, day, hour, minute, second = found.groups("0")
    try:
        date = int(year), int(month), int(day)
        return datetime(*date, int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError as error:
        raise BadLine(_NO_TIME) from error


def _own_zone(fields: list[str]) -> tzinfo | None:
    """The zone of a line that tells its own: TimeOffset, the eleventh field, in signed seconds."""
    told = fields[10].strip() if len(fields) > 10 else ""
    if not _OFFSET.fullmatch(told) or abs(int(told)) > 14 * 3600:
        return None
    return timezone(timedelta(seconds=int(told)))


def read_serial(told: str) -> str:
    """A machine's serial number, as given by it. Raises BadLine."""
    if not _SERIAL.fullmatch(told):
        raise BadLine("SN must be 1 to 64 letters, digits, '.', '_' or '-'")
    return told


def read_stamp(table: str, told: str) -> dict[str, str]:
    """The resume mark of a table, as it is kept; nothing when it is none."""
    return {table: told} if _STAMP.fullmatch(told) else {}


def read_options(body: bytes) -> dict[str, str]:
    """`k=v,k=v` of table=options."""
    pairs = re.split(r"[,\n\r]", body[:_MOST_OPTIONS].decode("utf-8", errors="replace"))
    return {k.strip(" ~"): v.strip() for k, _, v in (pair.partition("=") for pair in pairs)}


def read_info(told: str) -> tuple[str, str]:
    """Firmware and IP address out of INFO=fw,users,fps,punches,ip,…; "" where it has none."""
    fields = [printable(field, 64) for field in told.split(",", 5)] + [""] * 5
    try:
        return fields[0], str(ip_address(fields[4]))
    except ValueError:
        return fields[0], ""


def printable(text: str, length: int) -> str:
    """`text` without what no screen or database can hold, and not longer than `length`."""
    return "".join(c for c in text if c.isprintable()).strip()[:length]


def text(line: bytes) -> str:
    """A record as text; of one that is too long the fields with which it begins. Raises BadLine."""
    if len(line) > _LONGEST_LINE:
        line = line[:_LONGEST_LINE].rpartition(b"\t")[0]
    for encoding in ("utf-8", "gb18030"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadLine("it is neither UTF-8 nor GB2312")


def _numbers(fields: list[str]) -> list[int]:
    """Status and verify. A status that is no number is none: the scan itself is still one."""
    texts = [field.strip() or "0" for field in fields]
    return [
        int(told) if _NUMBER.fullmatch(told) else missing
        for told, missing in zip(texts, (NO_STATUS, 0), strict=False)
    ]
