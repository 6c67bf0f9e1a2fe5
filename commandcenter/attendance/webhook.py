"""The webhook that Fingerspot's cloud (developer.fingerspot.io) calls: it is not signed."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import UTC

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from commandcenter.attendance import fingerspot, knock
from commandcenter.attendance.door import plain
from commandcenter.attendance.iclock import BadLine
from commandcenter.attendance.machines import ListedMachine
from commandcenter.attendance.uploads import Uploads
from commandcenter.feed import Desk
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList
from commandcenter.records.attendance import Contact
from commandcenter.records.database import RecordsDown
from commandcenter.secret import Secret, SecretMissing

log = logging.getLogger(__name__)

_NOT_NOW = {"error": "not now, try again"}


@dataclass(slots=True)
class Webhook:
    """Takes one JSON object a scan."""

    desk: Desk
    machines: KeptList[ListedMachine]
    uploads: Uploads
    secret: Secret

    async def answer(self, request: Request) -> Response:
        """One message. 503 when we cannot keep it."""
        try:
            given = request.path_params["secret"].encode()
            if not hmac.compare_digest(given, self.secret.reveal().encode()):
                return plain("not found\n", 404)
            return await self._take(request)
        except BadLine as error:
            # Not the message: it may hold names, templates and photographs.
            self.desk.reject("fingerspot", f"{error} ({len(await request.body())} bytes)")
            return JSONResponse({"error": str(error)}, 400)
        except (RecordsDown, BadList, SecretMissing) as error:
            log.warning("attendance: fingerspot has to wait: %s", error)
            return JSONResponse(_NOT_NOW, 503)
        except Exception as error:  # the intake would keep the body
            log.exception("attendance: fingerspot has to wait")
            self.desk.reject("fingerspot", f"our own failure ({type(error).__name__})")
            return JSONResponse(_NOT_NOW, 500)

    async def _take(self, request: Request) -> Response:
        serial, scans = fingerspot.read_scans(await request.body())
        if scans:
            listed = await self.machines.current(self.desk)
            contact = Contact(
                serial=serial,
                at=self.desk.now().astimezone(UTC),
                accepted=serial in listed,
                address=knock.source(request),
            )
            await self.uploads.take(contact, fingerspot.pages(scans))
        return JSONResponse({"ok": True})
