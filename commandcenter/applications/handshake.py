"""TLS as browsers speak it, as OpenSSL's defaults speak it, and what servers refuse or get wrong.

OpenSSL is stricter than browsers in one thing (RFC 5746) and offers what they no longer do (finite
field Diffie-Hellman), so a server that it refuses is asked again as a browser would ask.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import httpx


class Manner(IntEnum):
    """How TLS is spoken to a server."""

    STRICT = 0  # OpenSSL's defaults
    BROWSER = 1  # TLS 1.2 and later, also without RFC 5746; no DHE
    OLD = 2  # whatever it can: TLS 1.0, short keys; browsers refuse it (RFC 8996)


class BadAuthorities(ValueError):
    """The file with certificate authorities cannot be used."""


def context(
    manner: Manner, authorities: Path | None, *, verify: bool, names: bool = True
) -> ssl.SSLContext:
    """How to speak to servers; with `verify` browsers' rules for certificates hold, without `names`
    not those for the names in them. Raises BadAuthorities.
    """
    if verify:
        found = httpx.create_ssl_context(trust_env=False)
        found.load_default_certs()  # what this machine trusts, beside what browsers trust
        found.verify_flags &= ~ssl.VERIFY_X509_STRICT  # stricter than browsers are
        found.hostname_checks_common_name = False  # RFC 9525: names stand in subjectAltName only
        found.check_hostname = names
        _load(found, authorities)
    else:
        found = httpx.create_ssl_context(verify=False, trust_env=False)
    found.sslobject_class = _Agreeing
    if manner is Manner.BROWSER:
        found.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
        found.set_ciphers("DEFAULT:!DHE:!PSK@SECLEVEL=1")
    elif manner is Manner.OLD:
        found.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
        found.set_ciphers("ALL:@SECLEVEL=0")
        found.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return found


class AgreedAndRefused(ssl.SSLError):
    """The server had agreed on version and cipher, and refused us all the same."""


class _Agreeing(ssl.SSLObject):
    """Tells a refusal of what we offered from one of who we are. Before TLS 1.3 a server that
    misses our certificate says "handshake failure", too (RFC 5246 7.4.6)."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLCertVerificationError):
            raise
        except ssl.SSLError as error:
            if error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and self.cipher() is not None:
                raise AgreedAndRefused(*error.args) from error
            raise


def _load(trust: ssl.SSLContext, authorities: Path | None) -> None:
    if authorities is None:
        return
    try:
        trust.load_verify_locations(authorities)
    except (OSError, ssl.SSLError) as error:
        raise BadAuthorities(f"authorities: {authorities} bukan berkas PEM: {error}") from error


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a handshake failed, and what it means for people."""

    words: str
    opens: bool = False  # browsers open the page, or ask for what we do not have
    again: bool = True  # whether another manner could help


_NO_COMMON = Refusal(
    "tidak ada versi atau enkripsi TLS yang cocok, atau server menuntut sertifikat klien;"
    " aktifkan TLS 1.2 dan 1.3 dengan ECDHE, dan pakai nama situs (SNI), bukan alamat IP"
)
_TOO_OLD = Refusal("server hanya menawarkan TLS 1.0/1.1; aktifkan TLS 1.2 dan 1.3")
_NOT_TLS = Refusal(
    "yang menjawab di port ini bukan TLS, mungkin http biasa; periksa port dan konfigurasi SSL",
    again=False,
)
_CLIENT = Refusal("server menuntut sertifikat klien (mTLS)", opens=True, again=False)
_REFUSALS = {  # OpenSSL's reasons (sslerr.h), alerts of RFC 8446 6.2
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": Refusal(
        "server tanpa renegosiasi aman (RFC 5746); perbarui server atau penyeimbang bebannya",
        opens=True,
    ),
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "WRONG_SSL_VERSION": _TOO_OLD,
    "DH_KEY_TOO_SMALL": Refusal(
        "kunci Diffie-Hellman server terlalu pendek; aktifkan ECDHE, atau DH 2048 bit"
    ),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _NO_COMMON,
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _NO_COMMON,
    "NO_CIPHERS_AVAILABLE": _NO_COMMON,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT,
    "SSLV3_ALERT_BAD_CERTIFICATE": _CLIENT,
    "TLSV1_UNRECOGNIZED_NAME": Refusal(
        "server tidak mengenal nama ini (SNI); tambahkan nama itu di server,"
        " atau pakai nama situs, bukan alamat IP",
        again=False,
    ),
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": Refusal(
        "server hanya berbicara HTTP/2; aktifkan juga HTTP/1.1", opens=True, again=False
    ),
    "TLSV1_ALERT_INTERNAL_ERROR": Refusal(
        "server gagal saat jabat tangan (internal error); mungkin sertifikat untuk nama ini"
        " belum dipasang"
    ),
    "WRONG_VERSION_NUMBER": _NOT_TLS,
    "HTTP_REQUEST": _NOT_TLS,
    "PACKET_LENGTH_TOO_LONG": _NOT_TLS,
    "BAD_RECORD_TYPE": _NOT_TLS,
    "RECORD_LAYER_FAILURE": _NOT_TLS,
}
CUT_OFF = Refusal("server memutus jabat tangan; periksa konfigurasi TLS dan firewall di depannya")
OLD_ONLY = "server hanya berbicara TLS usang, yang ditolak peramban; aktifkan TLS 1.2 dan 1.3"


def refusal(error: ssl.SSLError) -> Refusal:
    """What an error of OpenSSL means."""
    if isinstance(error, AgreedAndRefused):
        return _CLIENT
    closed = isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    if closed or "EOF" in (error.reason or ""):
        return CUT_OFF
    found = _REFUSALS.get(error.reason or "")
    return found or Refusal(f"jabat tangan gagal ({(error.reason or 'tanpa sebab').lower()})")
