"""Certificates of servers: how long browsers go on accepting them, and why they do not.

Rules: RFC 5280 6 (paths), RFC 9525 (names), and what OpenSSL says against a path (x509_vfy.h).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

Chain = Sequence[x509.Certificate]

_REASONS = {  # X509_V_ERR_*; those that a chain says more about stand in _DETAILS
    9: "belum berlaku",
    10: "kedaluwarsa",
    20: "penerbit tidak dikenal",
    62: "untuk nama situs lain",
    64: "untuk alamat lain",
    18: "ditandatangani sendiri",
    23: "sudah dicabut",
    66: "kuncinya terlalu lemah",
    67: "kunci penerbitnya terlalu lemah",
    68: "tanda tangannya memakai algoritma usang (SHA-1 atau MD5)",
    7: "tanda tangannya tidak sah",
    24: "penerbitnya bukan penerbit sertifikat",
    26: "dibuat untuk keperluan lain, bukan server web",
}
_DATES = (9, 10)  # not valid yet, ended
_CLOCKS_APART = timedelta(days=1)
_OTHER_NAME = 62
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the chains of the https pages on the way say together."""

    ends: datetime | None  # the first end among those that a browser needs; None: not readable
    ends_first: str  # whose end that is, as its certificate names it
    trouble: str = ""  # why browsers do not accept it, "" when they do


def first_end(chains: Iterable[Chain], trouble: str = "") -> Certificate | None:
    """The certificate that ends first. None when there is none, and nothing against it."""
    needed = [certificate for chain in chains for certificate in chain]
    if not needed:
        return Certificate(None, "", trouble) if trouble else None
    first = min(needed, key=lambda certificate: certificate.not_valid_after_utc)
    return Certificate(first.not_valid_after_utc, common_name(first), trouble)


def needed_chain(tls: ssl.SSLObject) -> list[x509.Certificate]:
    """The path that was accepted, from the server's certificate to the root; without an accepted
    one, as far as the server sent it. A certificate that is sent and not needed does not count: an
    old cross-signature may end without any browser minding (DST Root CA X3, uptime-kuma#3323)."""
    accepted = tls.context.verify_mode is ssl.CERT_REQUIRED
    # Python 3.13 gives these a public name, and DER instead of objects.
    inner: Any = tls if hasattr(tls, "get_verified_chain") else tls._sslobj  # type: ignore[attr-defined]
    found = inner.get_verified_chain() if accepted else inner.get_unverified_chain()
    try:
        chain = [x509.load_der_x509_certificate(_der(one)) for one in found or ()]
        return chain if accepted else _linked(chain)
    except ValueError:  # OpenSSL reads more than this library does (pyca/cryptography#6609)
        return []


def _linked(sent: Chain) -> list[x509.Certificate]:
    """From the server's certificate to the last issuer that it sent, in whatever order, and without
    what belongs to another one. Raises ValueError."""
    path = list(sent[:1])
    for _ in sent[1:]:
        wanted = path[-1].issuer
        found = next((one for one in sent if one.subject == wanted and one not in path), None)
        if found is None or path[-1].subject == wanted:
            break
        path.append(found)
    return path


def _der(one: Any) -> bytes:
    if isinstance(one, bytes):
        return one
    import _ssl

    der: bytes = one.public_bytes(_ssl.ENCODING_DER)
    return der


def distrust(error: ssl.SSLCertVerificationError, chain: Chain, now: datetime) -> str:
    """Why a chain is not accepted, in the reader's words; `chain` is what the server sent."""
    told = _DETAILS.get(error.verify_code)
    if told is not None and chain:
        return told(chain, now)
    return _REASONS.get(error.verify_code, error.verify_message)


def is_only_our_clock(
    error: ssl.SSLCertVerificationError, chain: Chain, theirs: datetime, ours: datetime
) -> bool:
    """Whether a chain that is out of date here is in order by the clock of its server, which is
    days from ours."""
    if error.verify_code not in _DATES or not chain or abs(theirs - ours) < _CLOCKS_APART:
        return False
    return all(one.not_valid_before_utc <= theirs <= one.not_valid_after_utc for one in chain)


def _not_yet(chain: Chain, _: datetime) -> str:
    begins = max(certificate.not_valid_before_utc for certificate in chain)
    return f"belum berlaku sampai {begins:%d-%m-%Y}"


def _no_issuer(chain: Chain, _: datetime) -> str:
    return (
        f"rantai tidak lengkap: sertifikat penerbit “{issuer_name(chain[-1])}” tidak dikirim"
        " server dan tidak dikenal; pasang rantai lengkap (fullchain) di server"
    )


def _other_root(chain: Chain, _: datetime) -> str:
    return f"penerbit tidak dikenal: “{common_name(chain[-1])}” menandatangani dirinya sendiri"


def _expired(chain: Chain, now: datetime) -> str:
    past = (one for one in chain if one.not_valid_after_utc <= now)
    ended = next(past, min(chain, key=lambda certificate: certificate.not_valid_after_utc))
    days = (now - ended.not_valid_after_utc).days
    whose = "" if ended is chain[0] else f": sertifikat penerbit “{common_name(ended)}”"
    return f"kedaluwarsa sejak {days} hari{whose}"


def _other_name(chain: Chain, _: datetime, what: str = "nama situs") -> str:
    names = _names(chain[0])
    if not names:
        return "tidak memuat nama situs (subjectAltName), yang diminta peramban"
    more = len(names) - _MOST_NAMES
    told = ", ".join(names[:_MOST_NAMES]) + (f" dan {more} lainnya" if more > 0 else "")
    return f"untuk {what} lain ({told})"


_DETAILS: Mapping[int, Callable[[Chain, datetime], str]] = {  # X509_V_ERR_*
    2: _no_issuer,
    9: _not_yet,
    10: _expired,
    19: _other_root,
    20: _no_issuer,
    21: _no_issuer,
    _OTHER_NAME: _other_name,
    64: partial(_other_name, what="alamat"),
}


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    kinds = (x509.DNSName, x509.IPAddress)
    return [_short(str(name.value)) for name in found if isinstance(name, kinds)]


def is_about_underscore(error: ssl.SSLCertVerificationError, host: str) -> bool:
    """Whether OpenSSL may refuse a name only since the star of a certificate stands for one with an
    underscore, which browsers take (openssl/openssl#12566)."""
    return error.verify_code == _OTHER_NAME and "_" in host


def is_for(chain: Chain, host: str) -> bool:
    """Whether the server's certificate has the name of a host; a star is one label (RFC 6125)."""
    called = host.casefold().rstrip(".")
    names = [name.casefold() for name in _names(chain[0])] if chain else []
    return called in names or "*." + called.partition(".")[2] in names


def common_name(certificate: x509.Certificate) -> str:
    """How people call a certificate: its common name, else the whole of its subject."""
    return _called(certificate, "subject")


def issuer_name(certificate: x509.Certificate) -> str:
    """How people call the one that signed it."""
    return _called(certificate, "issuer")


def _called(certificate: x509.Certificate, part: str) -> str:
    try:
        name: x509.Name = getattr(certificate, part)
        common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
        return _short(str(common[0].value) if common else name.rfc4514_string())
    except ValueError:  # a name that is encoded wrongly
        return "?"


def _short(text: str) -> str:
    told = "".join(c if c.isprintable() else "?" for c in text)
    return told if len(told) <= 60 else told[:59] + "…"
