"""The door that fingerprint machines knock at: /iclock/<request>."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from commandcenter.attendance import iclock, knock, security
from commandcenter.attendance.clock import Clock
from commandcenter.attendance.knock import Knock
from commandcenter.attendance.machines import ListedMachine
from commandcenter.attendance.strangers import Strangers
from commandcenter.attendance.uploads import Uploads
from commandcenter.feed import Desk
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList
from commandcenter.records import attendance as kept
from commandcenter.records.database import RecordsDown

log = logging.getLogger(__name__)

_UNTOLD = frozenset({"OPERLOG", "BIODATA", "ERRORLOG", "IDCARD", "ATTPHOTO"})
"""Tables that machines bring in the course of things. Of any other its name and size are told."""
_EVENTS = frozenset({"RTLOG", "TRANSACTION"})
_MOST_TOLD = 500  # of which it is remembered that they were told
_PACKED = "its scans come packed (tgz), and cannot be read"
_NOT_NOW = "not now, keep it and try again\n"


@dataclass(slots=True)
class Door:
    """What machines talk to.

    A machine that is not in the list is pending: its handshake is answered and its uploads are
    acknowledged, else it would send them for ever, but they are put aside instead of taken. Once
    the list has it, it is told to send everything again out of its own memory. One that speaks
    Security PUSH cannot be told so: its uploads are not acknowledged, and it keeps them.
    """

    desk: Desk
    machines: KeptList[ListedMachine]
    uploads: Uploads
    strangers: Strangers
    _told: dict[str, None] = field(default_factory=dict)

    async def iclock(self, request: Request) -> Response:
        """One request of a machine. 503 when we cannot keep it: the machine tries again."""
        try:
            listed = await self.machines.current(self.desk)
            told = await knock.read(request, listed, self.strangers, self.desk.now())
            return await self._answer(told)
        except iclock.BadLine as error:
            self._tell_once(knock.source(request), str(error), await request.body())
            return plain(f"{error}\n", 400)
        except (RecordsDown, BadList) as error:
            log.warning("attendance: a machine has to wait: %s", error)
            return plain(_NOT_NOW, 503)
        except Exception as error:  # the intake would keep the body, which may hold anything
            log.exception("attendance: a machine has to wait")
            self.desk.reject(knock.source(request), f"our own failure ({type(error).__name__})")
            return plain(_NOT_NOW, 500)

    async def _answer(self, told: Knock) -> Response:
        match told.what:
            case "cdata" | "querydata" if told.post:
                return await self._upload(told)
            case "cdata" if "table" not in told.query:
                return await self._greet(told)
            case "getrequest" | "service/control":
                return await self._poll(told)
            case "registry" | "push" | "rtdata":
                return await self._register(told)
            case "cdata" | "ping" | "devicecmd" | "fdata" | "deviceinfo":
                await self._meet(told)
                return plain("OK")
        return self._refuse(told)

    async def _greet(self, told: Knock) -> Response:
        stamps = await self.desk.records.write(kept.greet, told.contact())
        if told.secures:
            return plain(security.registry(told.serial))
        return plain(iclock.handshake(told.serial, self.desk.zone, told.at, stamps))

    async def _register(self, told: Knock) -> Response:
        """What only Security PUSH asks for."""
        options = iclock.read_options(told.body) if told.what == "registry" else {}
        await self._meet(told, iclock.printable(options.get("FirmVer", ""), 128))
        if told.what == "registry":
            return plain(security.registry_code(told.serial))
        if told.what == "push":
            return plain(security.settings(told.serial))
        return plain(security.server_time(told.at, self.desk.zone))

    async def _poll(self, told: Knock) -> Response:
        firmware, address = iclock.read_info(told.query.get("info", ""))
        contact = told.contact(firmware, address=address)
        again = await self.desk.records.write(kept.poll, contact)
        return plain(iclock.SEND_ALL_AGAIN if again else "OK")

    async def _upload(self, told: Knock) -> Response:
        if told.table == "OPTIONS":
            options = iclock.read_options(told.body)
            firmware = options.get("FWVersion") or options.get("FirmVer") or ""
            await self._meet(told, iclock.printable(firmware, 128))
            return plain("OK")
        if told.table == "ATTLOG":
            return await self._scans(told)
        if told.table in _EVENTS:
            return await self._events(told)
        if told.table == "RTSTATE":
            return await self._state(told)
        return await self._other(told)

    async def _scans(self, told: Knock) -> Response:
        if not told.measured:
            reason = "its scans come without a length, and cannot be read"
            self._tell_once(*told.blame(reason), b"")
            return plain("length required\n", 411)
        if told.packed:
            return await self._packed(told)
        stamps = iclock.read_stamp("ATTLOG", told.query.get("stamp", ""))
        await self.uploads.take(told.contact(stamps=stamps), iclock.pages(told.body))
        return plain(f"OK: {iclock.count(told.body)}")

    async def _events(self, told: Knock) -> Response:
        if not told.accepted:
            await self._meet(told)
            reason = "the machine is not in the list; it keeps its events until it is"
            self._tell_once(*told.blame(reason), told.body)
            return plain(_NOT_NOW, 503)
        if told.packed:
            return await self._packed(told)
        await self.uploads.take(told.contact(), iclock.pages(told.body), security.read_event)
        return plain(self._counted(told, "OK", iclock.count(told.body)))

    async def _packed(self, told: Knock) -> Response:
        """Scans in a tar.gz are not taken, and not acknowledged: the machine keeps them.

        The document has packages for OPERLOG only (9.13), of which nothing is kept, and nobody is
        known to have seen one: a reader of archives would be there for strangers alone.
        """
        await self.uploads.miss(told.contact(), _PACKED)
        self._tell_once(*told.blame(_PACKED), told.body)
        return plain(f"{_PACKED}\n", 415)

    async def _state(self, told: Knock) -> Response:
        """Doors and alarms are nothing to us, but it tells what the clock says just now."""
        stamped = security.read_state_time(told.body, self.desk.zone)
        if stamped is None or not told.accepted:
            await self._meet(told)
            return plain("OK")

        def judge(known: kept.Clock, _: int) -> kept.Clock:
            return Clock.kept(known).told(stamped, told.at).as_row()

        await self.desk.records.write(kept.take, told.contact(), (), judge)
        return plain("OK")

    async def _other(self, told: Knock) -> Response:
        """Names, passwords, cards, faces and fingers of staff: nobody here wants them."""
        # A package counts as one record: how many there are in it, nobody needs to know.
        count = 1 if told.packed else iclock.count(told.body)
        known = iclock.read_stamp(told.table, told.query.get("stamp", ""))
        await self._meet(told, stamps=known if told.table == "OPERLOG" else {})
        if told.table not in _UNTOLD:
            size = f"{count} records, {len(told.body)} bytes"
            self.desk.reject(*told.blame(f"table {told.table!r} is not kept: {size}"))
        # A photograph is acknowledged as one, though it has lines by chance.
        return plain("OK" if told.table == "ATTPHOTO" else self._counted(told, "OK: {n}", count))

    def _counted(self, told: Knock, usual: str, count: int) -> str:
        """What acknowledges an upload; tables by name are sent again until their name is heard."""
        name = iclock.printable(told.query.get("tablename", ""), 40)
        if not name:
            return usual.format(n=count)
        number = told.query.get("count", "")
        return f"{name}={number if number.isdigit() else count}"

    async def _meet(
        self, told: Knock, firmware: str = "", stamps: dict[str, str] | None = None
    ) -> None:
        await self.desk.records.write(kept.meet, told.contact(firmware, stamps=stamps or {}))

    def _refuse(self, told: Knock) -> Response:
        reason = f"asks for /iclock/{iclock.printable(told.what, 60)}, unknown here"
        self._tell_once(*told.blame(reason), told.body)
        return plain("unknown request\n", 404)

    def _tell_once(self, source: str, reason: str, body: bytes) -> None:
        """Machines ask again every few seconds: it would push everything else out."""
        mark = f"{source} {reason}"
        new = mark not in self._told
        self._told.pop(mark, None)
        self._told[mark] = None  # what was not heard for longest stands first
        if len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]
        if new:
            self.desk.reject(source, f"{reason} ({knock.size(body)})")


def plain(text: str, status: int = 200) -> Response:
    """Exactly "text/plain", as in the document: who knows what old firmware makes of a charset."""
    return Response(text, status, headers={"content-type": "text/plain"})
