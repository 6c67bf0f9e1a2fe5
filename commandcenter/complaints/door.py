"""The door that complaint portals knock at: answers the signed webhook, in JSON."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse

from commandcenter.complaints import webhook
from commandcenter.feed import Desk
from commandcenter.rates import Rates, source_of, strangers
from commandcenter.records.complaints import BadComplaint, Due, Outdated, put_signed
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret, SecretMissing
from commandcenter.signature import BadSignature, check_signature

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Takes one complaint a request.

    202 + id: it is in the records. The same signed message once more, whether a sender's retry or
    somebody's replay, gets the same 202 and changes nothing: since the signature covers the body,
    both are the same message. 409: the sender has said something newer (by X-Timestamp) before.
    401: the signature is not good; 429: one address has sent too many such. What is put aside holds
    no field in which a complainant could be named.
    """

    desk: Desk
    secret: Secret
    due: Due
    origin: str
    strangers: Rates = field(default_factory=strangers)

    async def post(self, request: Request) -> JSONResponse:
        """Answer one request; whatever happens, in JSON and with a sentence."""
        body = await request.body()
        try:
            return await self._take(request, body)
        except BadSignature as error:
            address = request.client.host if request.client else ""
            return self._stranger(address, str(error), body)
        except BadComplaint as error:
            return self._refuse(400, str(error), body)
        except Outdated:
            return self._refuse(409, "a newer message about this complaint has been taken", body)
        except (RecordsDown, SecretMissing) as error:
            log.warning("complaints: the webhook has to wait: %s", error)
            return JSONResponse({"error": "not now, try again"}, 503)
        except Exception:  # else the listener would put the whole body aside, names and all
            log.exception("complaints: the webhook failed")
            return self._refuse(500, "our own failure, try again later", body)

    async def _take(self, request: Request, body: bytes) -> JSONResponse:
        now = self.desk.now()
        signature, said_at = check_signature(
            self.secret.reveal(),
            request.headers.get("X-Timestamp", ""),
            request.headers.get("X-Signature-256", ""),
            body,
            now,
        )
        told = webhook.read_complaint(webhook.read_object(body), said_at, self.desk.zone, now)
        write = self.desk.records.write
        if await write(put_signed, signature, told, self.due, self.origin, now=now):
            self.desk.wake()
        return JSONResponse({"id": f"{told.source}:{told.external_id}"}, 202)

    def _stranger(self, address: str, sentence: str, body: bytes) -> JSONResponse:
        answer = self.strangers.take(source_of(address), self.desk.now().timestamp())
        if answer.allowed:
            return self._refuse(401, sentence, body)
        if answer.first:
            self.desk.reject("webhook", f"too many wrong signatures from {address}", b"")
        headers = {"Retry-After": str(answer.wait)}
        return JSONResponse({"error": f"too often: {sentence}"}, 429, headers)

    def _refuse(self, status: int, sentence: str, body: bytes) -> JSONResponse:
        self.desk.reject("webhook", sentence, webhook.without_people(body))
        return JSONResponse({"error": sentence}, status)
