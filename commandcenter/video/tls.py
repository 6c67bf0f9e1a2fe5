"""TLS to a camera, for RTSP inside of it (rtsps)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tls:
    """Whose certificate is expected, and whether it must be one that is trusted."""

    host: str
    verify: bool

    def arguments(self) -> dict[str, Any]:
        """For asyncio.open_connection. Cameras have certificates of their own making and know only
        old ciphers: who need not be trusted may have those, too."""
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return {"ssl": context, "server_hostname": self.host}
