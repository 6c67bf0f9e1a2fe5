"""The door that other systems' alerts come through, one for each source; it answers in JSON."""

from __future__ import annotations

import asyncio
import hmac
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse

from commandcenter.alerts.alert import BadAlert, Message, Parser, Scene
from commandcenter.feed import Desk
from commandcenter.rates import Rates, source_of, strangers
from commandcenter.records import alerts as kept
from commandcenter.records.alerts import Source
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret, SecretMissing
from commandcenter.signature import BadSignature, check_signature

log = logging.getLogger(__name__)

_MOST_TOLD = 20  # of the refused alerts; the rest is counted


@dataclass(slots=True)
class Tally:
    """What came through a door since the start."""

    heard_at: datetime | None = None
    """When somebody last came who may."""
    taken: int = 0
    refused: int = 0
    ignored: int = 0


class Lock(Protocol):
    """How a sender shows who it is."""

    @property
    def secret(self) -> Secret: ...

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:
        """A signature to be used once, or "". Raises BadSignature, SecretMissing."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Authorization: Bearer <token>, compared in constant time (RFC 6750, section 2.1)."""

    secret: Secret

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:  # noqa: ARG002
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        token = self.secret.reveal().encode()
        if scheme.casefold() != "bearer":
            raise BadSignature("the header Authorization: Bearer <token> is needed")
        if not hmac.compare_digest(given.strip().encode("latin-1"), token):
            raise BadSignature("the token is not the one in our configuration")
        return ""


@dataclass(frozen=True, slots=True)
class Signed:
    """X-Timestamp and X-Signature-256, as in `commandcenter.signature`."""

    secret: Secret

    def open(self, headers: Headers, body: bytes, now: datetime) -> str:
        stamp, signature = headers.get("X-Timestamp", ""), headers.get("X-Signature-256", "")
        found, _ = check_signature(self.secret.reveal(), stamp, signature, body, now)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Takes one message a request, and in one transaction what it says.

    200: it is in the records; `taken` alerts of it, and `refused` says what was wrong with others,
    which are put aside one by one. 400, 413: nothing of it could be taken, all of it is put aside.
    401: what strangers send is counted and not kept; 429: one address has sent too much of it. 503:
    it is to be sent again. The same signed message once more gets the same answer and changes
    nothing.
    """

    desk: Desk
    source: Source
    read: Parser
    lock: Lock
    tally: Tally
    feed: str
    origin: str
    strangers: Rates = field(default_factory=strangers)

    async def post(self, request: Request) -> JSONResponse:
        """Answer one request; in JSON and with a sentence."""
        body = await request.body()
        try:
            return await self._take(request.headers, body)
        except BadSignature as error:
            return self._stranger(request.client.host if request.client else "", str(error))
        except BadAlert as error:
            return self._refuse(error.status, str(error), body)
        except (RecordsDown, SecretMissing) as error:
            log.warning("alerts: %s has to wait: %s", self.source, error)
            return JSONResponse({"error": "not now, try again"}, 503)

    async def _take(self, headers: Headers, body: bytes) -> JSONResponse:
        now = self.desk.now()
        signature = self.lock.open(headers, body, now)
        self.tally.heard_at = now
        scene = Scene(now, self.desk.zone, self.desk.offices)
        message = await asyncio.to_thread(self.read, body, scene)
        await self._write(signature, message, now)
        self._count(message)
        self.desk.wake()
        return self._answer(message)

    async def _write(self, signature: str, message: Message, now: datetime) -> None:
        write, feed, origin = self.desk.records.write, self.feed, self.origin
        if not message.alerts:
            return
        if signature:
            await write(kept.take_signed, signature, message.alerts, now, feed=feed, origin=origin)
        else:
            await write(kept.take, message.alerts, now, feed=feed, origin=origin)

    def _count(self, message: Message) -> None:
        self.tally.taken += message.taken
        self.tally.refused += len(message.bad)
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
        status = 200 if message.taken or not reasons else 400
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
