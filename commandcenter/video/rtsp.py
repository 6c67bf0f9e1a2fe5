"""Ask a camera why: RTSP DESCRIBE with Basic and Digest authentication.

cv2 only says that it failed. RTSP 1.0 is RFC 2326 (sections 6, 7, 10.2 and 11), authentication
RFC 7616 and RFC 7617, the description SDP of RFC 8866 (section 6.6, rtpmap).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import parse_http_list, parse_keqv_list

from commandcenter.video.messages import CameraFault

_LONGEST_ANSWER = 256 * 1024
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_READABLE = {"H264": "H264", "H265": "H265", "HEVC": "H265"}


async def describe(url: str, user: str, password: str, timeout: float) -> str:
    """The codec of the video behind `url`: "H264" or "H265". Takes `timeout` seconds at most.

    Raises CameraFault: unreachable, unauthorized, not_found or unsupported, and why.
    The password is offered once only, and only when the camera asks for it.
    """
    try:
        async with asyncio.timeout(timeout):
            answer = await _describe(url, user, password)
    except TimeoutError as error:
        raise CameraFault("unreachable", f"tidak menjawab dalam {timeout:.0f} detik") from error
    except OSError as error:
        raise CameraFault("unreachable", _why(error)) from error
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            raise CameraFault("unreachable", "sambungan diputus kamera") from error
        raise CameraFault("unsupported", "jawabannya bukan RTSP") from error
    except asyncio.LimitOverrunError as error:
        raise CameraFault("unsupported", "jawabannya bukan RTSP") from error
    _judge(answer.status)
    return _codec(answer.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of an RTSP server; the names of `headers` are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


async def _describe(url: str, user: str, password: str) -> Answer:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or 554, limit=_LONGEST_ANSWER
    )
    try:
        answer = await _ask(reader, writer, url, 1, "")
        if answer.status == 401 and user:
            proof = authorization(answer.all("www-authenticate"), url, user, password)
            answer = await _ask(reader, writer, url, 2, proof)
        return answer
    finally:
        writer.close()


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str, number: int, proof: str
) -> Answer:
    lines = [f"DESCRIBE {url} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp"]
    lines += ["User-Agent: commandcenter"] + ([f"Authorization: {proof}"] if proof else [])
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    first = (await reader.readuntil(b"\n")).decode("latin-1")
    status = re.match(r"RTSP/1\.\d (\d{3})\b", first)
    if status is None:
        raise CameraFault("unsupported", "jawabannya bukan RTSP")
    rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1") if first.strip() else ""
    headers = tuple(_header(line) for line in rest.splitlines() if ":" in line)
    size = dict(headers).get("content-length", "0")
    if not size.isdecimal() or int(size) > _LONGEST_ANSWER:
        raise CameraFault("unsupported", "jawabannya bukan RTSP")
    body = await reader.readexactly(int(size))
    return Answer(int(status[1]), headers, body.decode("utf-8", errors="replace"))


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def authorization(
    challenges: list[str], url: str, user: str, password: str, method: str = "DESCRIBE"
) -> str:
    """The Authorization header that answers the best of `challenges`: Digest before Basic.

    Raises CameraFault when the camera asks for something else.
    """
    offers = [offer.partition(" ") for offer in challenges]
    for scheme, _, rest in offers:
        asked = parse_keqv_list(parse_http_list(rest))
        if scheme.lower() == "digest" and asked.get("algorithm", "MD5").upper() in _HASHES:
            return _digest(asked, url, user, password, method)
    if any(scheme.lower() == "basic" for scheme, _, _ in offers):
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    raise CameraFault("unauthorized", "kamera meminta cara masuk yang tidak dikenal")


def _digest(asked: dict[str, str], url: str, user: str, password: str, method: str) -> str:
    algorithm = asked.get("algorithm", "MD5").upper()

    def digest(*parts: str) -> str:
        return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    secret, request = digest(user, realm, password), digest(method, url)
    said = {"username": user, "realm": realm, "nonce": nonce, "uri": url}
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


def _judge(status: int) -> None:
    """Raises CameraFault for every answer but success."""
    if status in (401, 403):
        raise CameraFault("unauthorized", f"kata sandi ditolak kamera ({status})")
    if status in (404, 410):
        raise CameraFault("not_found", f"alamat aliran tidak ada di kamera ({status})")
    if status != 200:
        raise CameraFault("unreachable", f"kamera menolak permintaan ({status})")


def _codec(sdp: str) -> str:
    """The codec of the first video in a session description. Raises CameraFault."""
    video = re.search(r"^m=video .*?(?=^m=|\Z)", sdp, re.MULTILINE | re.DOTALL)
    if video is None:
        raise CameraFault("unsupported", "aliran ini tidak berisi video")
    named = re.search(r"^a=rtpmap:\d+ ([\w.-]+)/", video[0], re.MULTILINE)
    name = named[1].upper() if named else "tanpa nama"
    if name not in _READABLE:
        raise CameraFault("unsupported", f"format video {name} tidak didukung; pakai H.264/H.265")
    return _READABLE[name]


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "sambungan ditolak; periksa alamat dan port"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "sambungan diputus kamera"
    if error.errno is None or error.errno < 0:  # getaddrinfo's own numbers are negative
        return "nama kamera tidak dikenal jaringan"
    return "tidak dapat dijangkau; periksa jaringan dan listrik kamera"
