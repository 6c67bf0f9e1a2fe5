"""One request of a machine, taken apart."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from commandcenter.attendance import iclock
from commandcenter.attendance.strangers import Strangers
from commandcenter.records.attendance import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """Who asks what of us, from where and when."""

    what: str
    """"cdata", "getrequest", …"""
    query: dict[str, str]
    """Its names in small letters: machines differ in that."""
    serial: str
    post: bool
    body: bytes
    measured: bool
    """Whether it tells how long its body is. What does not has none, for all that we can see: it
    would be lost, and acknowledged."""
    host: str
    at: datetime
    accepted: bool
    """Whether the machine is in the list."""
    since: datetime | None
    """Since when it is heard without being in the list; None: it was not."""

    @property
    def table(self) -> str:
        """The table that is uploaded, in capitals; in an upload of "tabledata" the one in it."""
        told = self.query.get("table", "").upper()
        if told == "TABLEDATA" or self.what == "querydata":
            told = self.query.get("tablename", "").upper()
        return iclock.printable(told, 40)

    @property
    def packed(self) -> bool:
        """Whether its body is a tar.gz."""
        return self.query.get("contenttype", "").lower() == "tgz"

    @property
    def secures(self) -> bool:
        """Whether the machine says that it speaks Security PUSH."""
        return self.query.get("devicetype", "").lower() == "acc"

    def blame(self, reason: str) -> tuple[str, str]:
        """Whose mistake it is, and which. A stranger goes by its address: it can invent serials,
        and each of them would have room of its own among the rejected input."""
        if self.accepted:
            return self.serial, reason
        return self.host, f"{self.serial}: {reason}"

    def contact(self, firmware: str = "", *, address: str = "", **more: Any) -> Contact:
        """What it tells of the machine itself."""
        return Contact(
            serial=self.serial,
            at=self.at,
            accepted=self.accepted,
            # Where a stranger really is, whatever it says: room is made by that.
            address=(self.accepted and address) or self.host,
            since=self.since,
            firmware=firmware,
            **more,
        )


def source(request: Request) -> str:
    """The address of who asks."""
    return request.client.host if request.client else ""


def size(body: bytes) -> str:
    """What is told of a body that is not kept."""
    return f"{iclock.count(body)} records, {len(body)} bytes"


async def read(
    request: Request, accepted: Container[str], strangers: Strangers, now: datetime
) -> Knock:
    """Takes a request apart; `accepted` are the serials in the list. Raises BadLine."""
    query = {name.lower(): value for name, value in request.query_params.items()}
    serial = iclock.read_serial(query.get("sn", ""))
    at, known = now.astimezone(UTC), serial in accepted
    return Knock(
        what=iclock.read_request(request.path_params["request"]),
        query=query,
        serial=serial,
        post=request.method == "POST",
        body=await request.body(),
        measured=not {"content-length", "transfer-encoding"}.isdisjoint(request.headers),
        host=source(request),
        at=at,
        accepted=known,
        since=strangers.since(serial, at) if known else strangers.hear(serial, at),
    )
