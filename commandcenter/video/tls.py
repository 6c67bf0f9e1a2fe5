"""TLS to a camera: rtsps and https."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

UNTRUSTED = "sertifikat kamera tidak dipercaya; pasang yang tepercaya, atau verify_tls = false"
UNSAFE = "sambungan aman (TLS) dengan kamera gagal; periksa alamat dan port"


@dataclass(frozen=True, slots=True)
class Tls:
    """Whose certificate is expected, and whether it must be one that is trusted."""

    host: str
    verify: bool

    def context(self) -> ssl.SSLContext:
        """Cameras have certificates of their own making, and know only old ciphers and TLS 1.0: who
        need not be trusted may have those, too."""
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python would take less
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context

    def arguments(self) -> dict[str, Any]:
        """For asyncio.open_connection."""
        return {"ssl": self.context(), "server_hostname": self.host}
