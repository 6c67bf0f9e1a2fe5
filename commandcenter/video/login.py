"""Answer a camera that asks who we are: Basic (RFC 7617) and Digest (RFC 7616), for RTSP and HTTP.

A password is offered once: libraries that try again by themselves get people locked out of their
cameras. The one exception is the camera's own: `stale=true` says that the password was right and
only the nonce too old (RFC 7616 section 3.3).

What a camera asks for, and what it is answered, are texts with a character for each byte, as
latin-1 reads them: its realm may be in any encoding, and goes back as it came. User and password
are UTF-8.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field

from commandcenter.video.messages import CameraFault

_HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_SESSION = "-SESS"
# A word names a scheme, unless "=" and a value follow it: RFC 9110 sections 11.2 to 11.6.1.
_PART = re.compile(r'([\w!#$%&\'*+.^`|~/-]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"?|[^\s,"]*))?')


@dataclass(slots=True)
class Login:
    """User and password for one connection, and what the camera asked for last."""

    user: str
    password: str = field(repr=False)
    asked: tuple[str, ...] = ()
    """Its challenges: the values of WWW-Authenticate."""
    count: int = 0
    """How many answers were made to them."""

    def may_answer(self, challenges: Sequence[str], tries: int) -> bool:
        """Whether a request that was refused with these is to be sent once more; `tries`: how often
        it carried the password already."""
        return bool(self.user and challenges) and tries < (2 if is_stale(challenges) else 1)

    def answer(self, challenges: Sequence[str], uri: str, method: str) -> str:
        """The header Authorization for a request that was refused. Raises CameraFault."""
        self.asked, self.count = tuple(challenges), 0
        return self.proof(uri, method)

    def proof(self, uri: str, method: str) -> str:
        """The header Authorization for the next request; "" as long as none was asked for."""
        if not self.asked:
            return ""
        self.count += 1
        return authorization(self.asked, uri, self.user, self.password, method, self.count)


def authorization(
    challenges: Sequence[str],
    uri: str,
    user: str,
    password: str,
    method: str = "DESCRIBE",
    count: int = 1,
) -> str:
    """The header Authorization that answers the first Digest among `challenges` (the values of
    WWW-Authenticate) that we know, else Basic. `count`: of the answers with this nonce.

    Raises CameraFault when the camera asks for something else.
    """
    for scheme, asked in _read(challenges):
        if scheme == "digest" and _hash(asked):
            return _digest(asked, uri, user, password, method, count)
    if any(scheme == "basic" for scheme, _ in _read(challenges)):
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    told = schemes(challenges) or "?"
    raise CameraFault("unsupported", f"cara masuk yang diminta kamera tidak dikenal ({told})")


def is_stale(challenges: Sequence[str]) -> bool:
    """Whether only the nonce was too old."""
    return any(asked.get("stale", "").lower() == "true" for _, asked in _read(challenges))


def is_simple(challenges: Sequence[str], user: str) -> bool:
    """Whether FFmpeg can answer these (libavformat/httpauth.c): Basic, or one Digest by MD5 with
    nothing in it that it would have to escape. Of several Digests it answers the last."""
    digests = [asked for scheme, asked in _read(challenges) if scheme == "digest"]
    if not digests:
        return True
    asked = digests[0]
    said = [user, *(asked.get(name, "") for name in ("realm", "nonce", "opaque"))]
    return (
        len(digests) == 1
        and asked.get("algorithm", "").upper() in ("", "MD5")
        and asked.get("userhash", "").lower() != "true"
        and (not asked.get("qop") or "auth" in _words(asked["qop"]))
        and not any(c in text for text in said for c in '"\\')
        and all(len(text) < _LONGEST_OF_FFMPEG for text in said)
    )


def refusal(status: int, offered: bool, stale: bool = False) -> str:
    """What is told of a 401 or 403; `offered`: it came after the password."""
    if status == 403:
        return "kamera menolak akses (403)"
    if offered and stale:
        return "kamera berulang kali meminta masuk ulang (401, stale)"
    said = "kata sandi ditolak kamera" if offered else "kamera meminta kata sandi"
    return f"{said} ({status})"


def schemes(challenges: Sequence[str]) -> str:
    """What a camera asks for, to be told: "Digest MD5, Basic"."""
    told = (
        f"Digest {asked.get('algorithm') or 'MD5'}" if scheme == "digest" else scheme.capitalize()
        for scheme, asked in _read(challenges)
    )
    return ", ".join(dict.fromkeys(told))


_LONGEST_OF_FFMPEG = 200  # characters that it keeps of a realm, the shortest of its fields


def _read(challenges: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """Each challenge's scheme in lower case, and its parameters. Several may stand in one line."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in challenges:
        for part in _PART.finditer(line):
            name, value = part[1].lower(), part[2]
            if value is None:
                found.append((name, {}))
            elif found:
                found[-1][1].setdefault(name, _unquoted(value))
    return found


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    return re.sub(r"\\(.)", r"\1", value.removeprefix('"').removesuffix('"'))


def _words(text: str) -> list[str]:
    return re.split(r"[\s,]+", text.strip().lower())


def _hash(asked: dict[str, str]) -> str:
    """The hash function that a Digest asks for, as hashlib calls it; "" where it is unknown."""
    algorithm = (asked.get("algorithm") or "MD5").upper().removesuffix(_SESSION)
    name = _HASHES.get(algorithm, "")
    return name if name in hashlib.algorithms_available else ""


def _digest(
    asked: dict[str, str], uri: str, user: str, password: str, method: str, count: int
) -> str:
    """RFC 7616 section 3.4; without `qop` as RFC 2069 had it."""
    algorithm = asked.get("algorithm") or "MD5"

    def digest(*parts: str) -> str:
        return hashlib.new(_hash(asked), ":".join(parts).encode("latin-1")).hexdigest()

    user, password = (text.encode().decode("latin-1") for text in (user, password))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    cnonce, number = secrets.token_hex(8), f"{count:08x}"
    secret, request = digest(user, realm, password), digest(method, uri)
    hashed = asked.get("userhash", "").lower() == "true"
    said = {"username": digest(user, realm) if hashed else user}
    said |= {"realm": realm, "nonce": nonce, "uri": uri}
    plain = {"algorithm": algorithm} if asked.get("algorithm") else {}
    if hashed:
        plain["userhash"] = "true"
    if algorithm.upper().endswith(_SESSION):
        secret, said["cnonce"] = digest(secret, nonce, cnonce), cnonce
    if qop := _quality(asked.get("qop", "")):
        said["cnonce"] = cnonce
        plain |= {"qop": qop, "nc": number}
        request = digest(method, uri, digest("")) if qop == "auth-int" else request
        said["response"] = digest(secret, nonce, number, cnonce, qop, request)
    else:
        said["response"] = digest(secret, nonce, request)
    if "opaque" in asked:
        said["opaque"] = asked["opaque"]
    quoted = [f'{name}="{_escaped(value)}"' for name, value in said.items()]
    return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in plain.items()])


def _quality(offered: str) -> str:
    """What is to be protected: "auth", or "auth-int" where a camera offers that alone (our requests
    have no body, so that costs nothing)."""
    return next((one for one in ("auth", "auth-int") if one in _words(offered)), "")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
