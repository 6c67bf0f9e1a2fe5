"""Answer a camera that asks who we are: Basic (RFC 7617) and Digest (RFC 7616), for RTSP and HTTP.

An answer is made for one question and offered once: libraries that try again by themselves get
people locked out of their cameras.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from urllib.request import parse_http_list, parse_keqv_list

from commandcenter.video.messages import CameraFault

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def authorization(
    challenges: Sequence[str], uri: str, user: str, password: str, method: str = "DESCRIBE"
) -> str:
    """The header Authorization that answers the first Digest among `challenges` (the values of
    WWW-Authenticate) that we know, else Basic.

    Raises CameraFault when the camera asks for something else.
    """
    for scheme, asked in _read(challenges):
        if scheme == "digest" and asked.get("algorithm", "MD5").upper() in _HASHES:
            return _digest(asked, uri, user, password, method)
    if any(scheme == "basic" for scheme, _ in _read(challenges)):
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    raise CameraFault("unauthorized", "kamera meminta cara masuk yang tidak dikenal")


def refusal(status: int, offered: bool) -> str:
    """What is told of a 401 or 403; `offered`: it came after the password."""
    if status == 403:
        return "kamera menolak akses (403)"
    said = "kata sandi ditolak kamera" if offered else "kamera meminta kata sandi"
    return f"{said} ({status})"


def schemes(challenges: Sequence[str]) -> str:
    """What a camera asks for, to be told: "Digest MD5, Basic"."""
    told = (
        f"Digest {asked.get('algorithm', 'MD5')}" if scheme == "digest" else scheme.capitalize()
        for scheme, asked in _read(challenges)
    )
    return ", ".join(dict.fromkeys(told))


def _read(challenges: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Each challenge's scheme in lower case, and its parameters."""
    found = []
    for one in challenges:
        scheme, _, rest = one.strip().partition(" ")
        pairs = [pair for pair in parse_http_list(rest) if "=" in pair]
        told = {k.strip().lower(): v for k, v in parse_keqv_list(pairs).items()}
        found.append((scheme.lower(), told))
    return found


def _digest(asked: dict[str, str], uri: str, user: str, password: str, method: str) -> str:
    algorithm = asked.get("algorithm", "MD5").upper()

    def digest(*parts: str) -> str:
        return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    secret, request = digest(user, realm, password), digest(method, uri)
    said = {"username": user, "realm": realm, "nonce": nonce, "uri": uri}
    plain = {"algorithm": algorithm} if "algorithm" in asked else {}
    if "auth" in re.split(r"[\s,]+", asked.get("qop", "")):
        said["cnonce"], count = secrets.token_hex(8), "00000001"
        plain |= {"qop": "auth", "nc": count}
        said["response"] = digest(secret, nonce, count, said["cnonce"], "auth", request)
    else:
        said["response"] = digest(secret, nonce, request)
    if "opaque" in asked:
        said["opaque"] = asked["opaque"]
    quoted = [f'{name}="{_escaped(value)}"' for name, value in said.items()]
    return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in plain.items()])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
