"""One request of a machine, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from commandcenter.attendance import iclock
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

    def contact(self, firmware: str = "", *, address: str = "", **more: Any) -> Contact:
        """What it tells of the machine itself."""
        return Contact(
            serial=self.serial,
            at=self.at,
            accepted=self.accepted,
            address=address or self.host,
            firmware=firmware,
            **more,
        )


def source(request: Request) -> str:
    """The address of who asks."""
    return request.client.host if request.client else ""


def size(body: bytes) -> str:
    """What is told of a body that is not kept."""
    return f"{iclock.count(body)} records, {len(body)} bytes"


async def read(request: Request, accepted: Any, now: datetime) -> Knock:
    """Takes a request apart; `accepted` are the serials in the list. Raises BadLine."""
    query = {name.lower(): value for name, value in request.query_params.items()}
    serial = iclock.read_serial(query.get("sn", ""))
    return Knock(
        what=iclock.read_request(request.path_params["request"]),
        query=query,
        serial=serial,
        post=request.method == "POST",
        body=await request.body(),
        measured=not {"content-length", "transfer-encoding"}.isdisjoint(request.headers),
        host=source(request),
        at=now.astimezone(UTC),
        accepted=serial in accepted,
    )
