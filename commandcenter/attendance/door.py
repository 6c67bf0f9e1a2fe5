"""The door that fingerprint machines and Fingerspot's cloud knock at."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from commandcenter.attendance import fingerspot, iclock
from commandcenter.attendance.machines import MachineList
from commandcenter.feed import Desk
from commandcenter.lists import BadList
from commandcenter.records import attendance as kept
from commandcenter.records.attendance import Contact, Scan
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret, SecretMissing

log = logging.getLogger(__name__)

_MOST_LINES_APART = 50  # bad lines of one batch that are put aside one by one, the rest together
_FAST_CLOCK = timedelta(seconds=60)


@dataclass(slots=True)
class Door:
    """What machines talk to.

    A machine that is not in the list is pending: its handshake is answered and its uploads are
    acknowledged, else it would send them for ever, but they are put aside instead of taken. Once
    the list has it, it is told to send everything again out of its own memory.
    """

    desk: Desk
    machines: MachineList

    async def iclock(self, request: Request) -> Response:
        """One request of a machine. 503 when we cannot keep it: the machine tries again."""
        try:
            return await self._iclock(request)
        except iclock.BadLine as error:
            self.desk.reject(_host(request), str(error), await request.body())
            return _plain(f"{error}\n", 400)
        except (RecordsDown, BadList) as error:
            log.warning("attendance: a machine has to wait: %s", error)
            return _plain("not now, keep it and try again\n", 503)

    async def _iclock(self, request: Request) -> Response:
        query = request.query_params
        serial = iclock.read_serial(query.get("SN", ""))
        contact = self._contact(request, serial)
        what = request.path_params["request"].lower()
        if what == "cdata" and request.method == "POST":
            return await self._upload(request, contact)
        if what == "cdata" and query.get("options") == "all":
            stamps = await self.desk.records.write(kept.greet, contact())
            return _plain(iclock.handshake(serial, self.desk.zone, self.desk.now(), stamps))
        if what == "getrequest":
            firmware, address = iclock.read_info(query.get("INFO", ""))
            told = contact(firmware, address=address)
            again = await self.desk.records.write(kept.poll, told)
            return _plain(iclock.SEND_ALL_AGAIN if again else "OK")
        if what not in ("cdata", "ping", "devicecmd"):
            return _plain("unknown request\n", 404)
        await self.desk.records.write(kept.meet, contact())
        return _plain("OK")

    async def _upload(self, request: Request, contact: Callable[..., Contact]) -> Response:
        table = request.query_params.get("table", "").upper()
        body = await request.body()
        if table == "OPTIONS":
            told = iclock.read_options(body)
            firmware = told.get("FWVersion") or told.get("FirmVer") or ""
            await self.desk.records.write(kept.meet, contact(iclock.printable(firmware, 128)))
            return _plain("OK")
        if table == "ATTPHOTO":
            await self.desk.records.write(kept.meet, contact())
            return _plain("OK")
        stamps = iclock.read_stamp(table, request.query_params.get("Stamp", ""))
        lines = self._lines(request, body)
        if table == "ATTLOG":
            await self._take(contact(stamps=stamps), lines)
        else:
            # Operation logs hold names and passwords of staff, the others biometrics: only counted.
            kept_stamps = stamps if table == "OPERLOG" else {}
            await self.desk.records.write(kept.meet, contact(stamps=kept_stamps))
            if table not in ("OPERLOG", "BIODATA", "ERRORLOG", "IDCARD"):
                reason = f"unknown table {iclock.printable(table, 40)!r}"
                self.desk.reject(contact().serial, reason, body)
        return _plain(f"OK: {len(lines)}")

    def _lines(self, request: Request, body: bytes) -> Sequence[bytes]:
        if request.query_params.get("ContentType", "").lower() != "tgz":
            return iclock.records(body)
        try:
            return iclock.records(iclock.unpack(body))
        except iclock.BadLine as error:
            self.desk.reject(request.query_params.get("SN", ""), str(error), body)
            return [b""]  # counted as one record, or the machine sends it for ever

    async def _take(self, contact: Contact, lines: Sequence[bytes]) -> None:
        if not contact.accepted:
            await self.desk.records.write(kept.meet, contact)
            self.desk.reject(contact.serial, "the machine is not in the list", b"\n".join(lines))
            return
        scans, bad = self._parse(lines, contact.at)
        new = await self.desk.records.write(kept.take, contact, scans)
        self._set_aside(contact.serial, bad)
        self._watch_clock(contact, scans)
        if new:
            self.desk.wake()

    def _parse(
        self, lines: Sequence[bytes], now: datetime
    ) -> tuple[list[Scan], list[tuple[bytes, str]]]:
        scans, bad = [], []
        for line in filter(None, lines):
            try:
                scans.append(iclock.read_scan(line, self.desk.zone, now))
            except iclock.BadLine as error:
                bad.append((line, str(error)))
        return scans, bad

    def _set_aside(self, serial: str, bad: Sequence[tuple[bytes, str]]) -> None:
        for line, reason in bad[:_MOST_LINES_APART]:
            self.desk.reject(serial, reason, line)
        if rest := bad[_MOST_LINES_APART:]:
            reason = f"{len(rest)} more bad lines of the same batch"
            self.desk.reject(serial, reason, b"\n".join(line for line, _ in rest))

    def _watch_clock(self, contact: Contact, scans: Sequence[Scan]) -> None:
        """Note a clock that is ahead. One that is behind looks like a backlog: nobody can tell."""
        if not scans:
            return
        ahead = max(scan.scanned_at for scan in scans) - contact.at
        if ahead > _FAST_CLOCK:
            minutes = f"{ahead.total_seconds() / 60:.0f}"
            self.desk.note[f"clock {contact.serial}"] = f"jam mesin {minutes} menit lebih cepat"
        else:
            self.desk.note.pop(f"clock {contact.serial}", None)

    def _contact(self, request: Request, serial: str) -> Callable[..., Contact]:
        def contact(firmware: str = "", *, address: str = "", **more: Any) -> Contact:
            return Contact(
                serial=serial,
                at=self.desk.now().astimezone(UTC),
                accepted=serial in self.machines.current(),
                address=address or _host(request),
                firmware=firmware,
                **more,
            )

        return contact

    async def fingerspot(self, request: Request, secret: Secret) -> Response:
        """The webhook of developer.fingerspot.io: one JSON object a scan; it is not signed."""
        try:
            if not hmac.compare_digest(
                request.path_params["secret"].encode(), secret.reveal().encode()
            ):
                return _plain("not found\n", 404)
            return await self._fingerspot(request)
        except iclock.BadLine as error:
            self.desk.reject("fingerspot", str(error), await request.body())
            return JSONResponse({"error": str(error)}, 400)
        except (RecordsDown, BadList, SecretMissing) as error:
            log.warning("attendance: fingerspot has to wait: %s", error)
            return JSONResponse({"error": "not now, try again"}, 503)

    async def _fingerspot(self, request: Request) -> Response:
        serial, lines = fingerspot.read_scans(await request.body())
        if lines:
            await self._take(self._contact(request, serial)(), lines)
        return JSONResponse({"ok": True})


def _host(request: Request) -> str:
    return request.client.host if request.client else ""


def _plain(text: str, status: int = 200) -> Response:
    # Exactly "text/plain", as in the document: nobody knows what old firmware makes of a charset.
    return Response(text, status, headers={"content-type": "text/plain"})
