"""The door that other systems' alerts come through, one for each source; it answers in JSON."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from commandcenter.alerts import sender_faults
from commandcenter.alerts.alert import BadAlert, Message, Parser, Scene, unpacked
from commandcenter.alerts.severity import Level
from commandcenter.feed import Desk
from commandcenter.rates import Rates, source_of, strangers
from commandcenter.records import alerts as kept
from commandcenter.records.alerts import Source
from commandcenter.records.database import RecordsDown
from commandcenter.records.episodes import Ends, Flaps
from commandcenter.records.senders import SenderFault
from commandcenter.secret import Secret, SecretMissing
from commandcenter.signature import BadSignature, check_signature

log = logging.getLogger(__name__)

_MOST_TOLD = 20  # of the refused alerts; the rest is counted
_AT_ONCE = 250  # alerts of one transaction: other writers wait for it


@dataclass(slots=True)
class Tally:
    """What came through a door since the start."""

    heard_at: datetime | None = None
    """When somebody last came who may."""
    taken: int = 0
    refused: int = 0
    ignored: int = 0
    problem: str = ""
    """Why the newest message was not taken as a whole, "" when it was."""


class Lock(Protocol):
    """How a sender shows who it is."""

    @property
    def secret(self) -> Secret: ...

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:
        """A signature to be used once, or "". Raises BadSignature, SecretMissing."""

    def fits(self, headers: Headers) -> bool:
        """Whether it may be a sender of ours, as far as can be told without the body."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Authorization: Bearer <token>, compared in constant time (RFC 6750, section 2.1)."""

    secret: Secret

    def fits(self, headers: Headers) -> bool:
        try:
            self._check(headers)
        except (BadSignature, SecretMissing):
            return False
        return True

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:  # noqa: ARG002
        self._check(headers)
        return ""

    def _check(self, headers: Headers) -> None:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        token = self.secret.reveal().encode()
        if scheme.casefold() != "bearer":
            raise BadSignature("the header Authorization: Bearer <token> is needed")
        if not hmac.compare_digest(given.strip().encode("latin-1"), token):
            raise BadSignature("the token is not the one in our configuration")


@dataclass(frozen=True, slots=True)
class Signed:
    """X-Timestamp and X-Signature-256, as in `commandcenter.signature`."""

    secret: Secret

    def fits(self, headers: Headers) -> bool:
        return bool(headers.get("X-Timestamp") and headers.get("X-Signature-256"))

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:
        stamp, signature = headers.get("X-Timestamp", ""), headers.get("X-Signature-256", "")
        found, _ = check_signature(self.secret.reveal(), stamp, signature, body, now)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """How a feed reads and keeps what comes through its doors."""

    feed: str
    origin: str
    severities: Mapping[str, Level] = field(default_factory=dict)
    province: str = ""
    flaps: Flaps = field(default_factory=Flaps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Takes one message a request, and what it says into the records.

    200: it is in the records; `taken` alerts of it, and `refused` says what was wrong with others,
    which are put aside one by one. 400, 413: nothing of it could be taken, all of it is put aside.
    401: what strangers send is counted and not kept; 429: one address has sent too much of it. 503:
    it is to be sent again. The same signed message once more gets the same answer and changes
    nothing. Whatever was not taken of somebody who may come is told as an incident, too: what it
    wanted to say is not known.
    """

    desk: Desk
    source: Source
    read: Parser
    lock: Lock
    tally: Tally
    settings: DoorSettings
    strangers: Rates = field(default_factory=strangers)
    ends: Ends = field(default_factory=Ends)

    async def post(self, request: Request) -> JSONResponse:
        """Answer one request; in JSON and with a sentence."""
        body = await request.body()
        try:
            return await self._take(request.headers, body)
        except BadSignature as error:
            return self._stranger(request.client.host if request.client else "", str(error))
        except (RecordsDown, SecretMissing) as error:
            log.warning("alerts: %s has to wait: %s", self.source, error)
            return JSONResponse({"error": "not now, try again"}, 503)

    async def refused(self, headers: Headers, sentence: str) -> None:
        """The listener has refused a request before anybody could read it."""
        self.tally.refused += 1
        if not self.lock.fits(headers):
            return  # a stranger
        self.tally.heard_at, self.tally.problem = self.desk.now(), sentence
        with suppress(RecordsDown):  # the reject is counted, and the sender's reading tells it
            await self._tell(sender_faults.refused(self.source, sentence))
        self.desk.wake()

    async def _take(self, headers: Headers, body: bytes) -> JSONResponse:
        now = self.desk.now()
        signature = self.lock.open(headers, body, now)
        self.tally.heard_at = now
        told = self.settings
        scene = Scene(now, self.desk.zone, self.desk.offices, told.severities, told.province)
        try:
            message = await asyncio.to_thread(lambda: self.read(unpacked(body), scene))
        except BadAlert as error:
            await self._tell(sender_faults.refused(self.source, str(error)))
            self.desk.wake()
            return self._refuse(error.status, str(error), body)
        await self._write(signature, message, now)
        self._count(message)
        self.desk.wake()
        return self._answer(message)

    async def _write(self, signature: str, message: Message, now: datetime) -> None:
        write, how = self.desk.records.write, self._how()
        about = tuple(map(self._worded, sender_faults.of(self.source, message)))
        if signature:
            how["faults"] = about
            await write(kept.take_signed, signature, message.alerts, now, **how)
            return
        for start in range(0, len(message.alerts), _AT_ONCE):
            await write(kept.take, message.alerts[start : start + _AT_ONCE], now, **how)
        if about:
            await write(kept.take, (), now, **how, faults=about)

    async def _tell(self, fault: SenderFault) -> None:
        self.tally.problem = fault.detail
        now, faults = self.desk.now(), (self._worded(fault),)
        await self.desk.records.write(kept.take, (), now, **self._how(), faults=faults)

    def _worded(self, fault: SenderFault) -> SenderFault:
        return replace(fault, detail=self.desk.reason(fault.detail))

    def _how(self) -> dict[str, Any]:
        told = self.settings
        about = {"feed": told.feed, "origin": told.origin}
        return {**about, "flaps": told.flaps, "ends": self.ends}

    def _count(self, message: Message) -> None:
        self.tally.taken += message.taken
        self.tally.refused += len(message.bad) + message.left_out
        reasons = [reason for reason, _ in message.bad]
        if message.left_out:
            reasons.append(f"{message.left_out} alerts were left out")
            self.desk.reject(self.source, f"{reasons[-1]}; see max_alerts of the sender")
        self.tally.problem = reasons[0] if reasons else ""
        for reason, body in message.bad:
            self.desk.reject(self.source, reason, body)
        if message.ignored:
            self.tally.ignored += 1
            told = f"{self.tally.ignored} pesan tanpa tindakan, terakhir {message.ignored}"
            self.desk.note[self.source] = told

    def _answer(self, message: Message) -> JSONResponse:
        reasons = [reason for reason, _ in message.bad]
        more = len(reasons) - _MOST_TOLD
        told = reasons[:_MOST_TOLD] + ([f"and {more} more"] if more > 0 else [])
        if message.left_out:
            told.append(f"{message.left_out} alerts were left out: see max_alerts")
        status = 200 if message.taken or not message.bad else 400
        return JSONResponse({"taken": message.taken, "refused": told}, status)

    def _stranger(self, address: str, sentence: str) -> JSONResponse:
        answer = self.strangers.take(source_of(address), self.desk.now().timestamp())
        if answer.allowed:
            return self._refuse(401, sentence, b"")
        self.tally.refused += 1
        if answer.first:
            self.desk.reject(self.source, f"too many wrong tokens or signatures from {address}")
        headers = {"Retry-After": str(answer.wait)}
        return JSONResponse({"error": f"too often: {sentence}"}, 429, headers)

    def _refuse(self, status: int, sentence: str, body: bytes) -> JSONResponse:
        self.tally.refused += 1
        self.desk.reject(self.source, sentence, body)
        return JSONResponse({"error": sentence}, status)


class DoorRoute(Route):
    """A door at its path. The listener tells it what it has refused on its own."""

    def __init__(self, path: str, door: Door) -> None:
        super().__init__(path, door.post, methods=["POST"])
        self.refused = door.refused
