"""A camera that speaks ONVIF: SOAP over HTTP, and WS-Discovery by multicast within this machine.

Its answers have the form of ONVIF Media Service Specification 5.2 and 5.15; user and password are
checked as WS-UsernameToken digests (OASIS WSS UsernameToken Profile 1.0, section 3.1).
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

GROUP, PORT = "239.255.255.250", 3702
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope'
    ' xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">'
    "<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
_NOT_AUTHORIZED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value>"
    '</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text>'
    "</s:Reason></s:Fault>"
)
_DATE = "<tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>21</tt:Day></tt:Date>"
_TIME = "<tt:Time><tt:Hour>2</tt:Hour><tt:Minute>42</tt:Minute><tt:Second>17</tt:Second></tt:Time>"


@dataclass
class OnvifCamera:
    """`profiles`: token, source, encoding, width, height. `asked` counts what it was asked for."""

    profiles: tuple[tuple[str, str, str, int, int], ...]
    user: str = ""
    password: str = ""
    name: str = "Simpang%20Lima"
    elsewhere: str = ""
    """The host that its stream's address names, if not its own."""
    asked: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    @property
    def where(self) -> str:
        return f"http://127.0.0.1:{self.port}/onvif/device_service"

    def answer(self, request: str) -> str:
        """The body that answers a SOAP request."""
        body = request.partition("Body")[2]
        found = re.search(r"<(?:\w+:)?(Get\w+)", body)
        method = found[1] if found else ""
        self.asked.append(method)
        if method in ("GetProfiles", "GetStreamUri", "GetSnapshotUri") and not self._may(request):
            self.refused += 1
            return _NOT_AUTHORIZED
        token = re.search(r"ProfileToken>([^<]*)<", body)
        answers: dict[str, Callable[[], str]] = {
            "GetSystemDateAndTime": self._clock,
            "GetServices": self._services,
            "GetProfiles": self._profiles,
            "GetStreamUri": lambda: self._uri("Stream", token[1] if token else ""),
            "GetSnapshotUri": lambda: self._uri("Snapshot", token[1] if token else ""),
        }
        return answers[method]()

    def match(self, probe: str) -> str:
        """The ProbeMatches that answers a Probe (WS-Discovery 5.3)."""
        message = re.search(r"MessageID>([^<]*)<", probe)
        scopes = f"onvif://www.onvif.org/name/{self.name} onvif://www.onvif.org/hardware/DS-2CD"
        header = (
            "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>"
            f"<a:MessageID>urn:uuid:00000000-0000-0000-0000-{self.port:012}</a:MessageID>"
            f"<a:RelatesTo>{message[1] if message else ''}</a:RelatesTo>"
        )
        body = (
            "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference>"
            f"<a:Address>urn:uuid:{self.port:032}</a:Address></a:EndpointReference>"
            f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{scopes}</d:Scopes>"
            f"<d:XAddrs>{self.where}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>"
            "</d:ProbeMatch></d:ProbeMatches>"
        )
        return _ENVELOPE.format(header=header, body=body)

    def _may(self, request: str) -> bool:
        if not self.user:
            return True
        said = {
            name: re.search(rf"<(?:\w+:)?{name}(?: [^>]*)?>([^<]*)<", request)
            for name in ("Username", "Password", "Nonce", "Created")
        }
        name, proof, nonce, created = (found[1] if found else "" for found in said.values())
        wanted = base64.b64decode(nonce) + created.encode() + self.password.encode()
        digest = base64.b64encode(hashlib.sha1(wanted).digest()).decode()
        return name == self.user and proof == digest

    def _clock(self) -> str:
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP"
            "</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
            f"{_TIME}{_DATE}</tt:UTCDateTime></tds:SystemDateAndTime>"
            "</tds:GetSystemDateAndTimeResponse>"
        )

    def _services(self) -> str:
        """With the address of another machine, as cameras behind NAT tell it."""
        return (
            "<tds:GetServicesResponse><tds:Service>"
            "<tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace>"
            "<tds:XAddr>http://203.0.113.9/onvif/media_service</tds:XAddr><tds:Version>"
            "<tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            "</tds:GetServicesResponse>"
        )

    def _profiles(self) -> str:
        told = "".join(
            f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
            f'<tt:VideoSourceConfiguration token="v{source}"><tt:Name>{source}</tt:Name>'
            f"<tt:UseCount>2</tt:UseCount><tt:SourceToken>{source}</tt:SourceToken>"
            '<tt:Bounds x="0" y="0" width="1920" height="1080"/></tt:VideoSourceConfiguration>'
            f'<tt:VideoEncoderConfiguration token="e{token}"><tt:Name>{token}</tt:Name>'
            f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{codec}</tt:Encoding><tt:Resolution>"
            f"<tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
            "<tt:Quality>4</tt:Quality></tt:VideoEncoderConfiguration></trt:Profiles>"
            for token, source, codec, width, height in self.profiles
        )
        return f"<trt:GetProfilesResponse>{told}</trt:GetProfilesResponse>"

    def _uri(self, kind: str, token: str) -> str:
        host = self.elsewhere or "127.0.0.1"
        url = f"rtsp://{host}:8554/{token}" if kind == "Stream" else f"{self.where}/{token}.jpg"
        return (
            f"<trt:Get{kind}UriResponse><trt:MediaUri><tt:Uri>{url}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect>"
            "<tt:InvalidAfterReboot>false</tt:InvalidAfterReboot><tt:Timeout>PT60S</tt:Timeout>"
            f"</trt:MediaUri></trt:Get{kind}UriResponse>"
        )


@contextmanager
def serving(camera: OnvifCamera) -> Iterator[OnvifCamera]:
    """The camera answers on a port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = _ENVELOPE.format(header="", body=camera.answer(request)).encode()
            self.send_response(400 if b"<s:Fault>" in body else 200)
            self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    camera.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield camera
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def discoverable(*cameras: OnvifCamera) -> Iterator[None]:
    """The cameras answer Probes that are sent to the multicast group over loopback."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with closing(listener):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((GROUP, PORT))
        there = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton("127.0.0.1"))
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, there)
        listener.settimeout(0.1)
        ended = Event()
        thread = Thread(target=_answer, args=(listener, cameras, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _answer(listener: socket.socket, cameras: tuple[OnvifCamera, ...], ended: Event) -> None:
    while not ended.is_set():
        with suppress(TimeoutError):
            raw, sender = listener.recvfrom(65535)
            for camera in cameras if b"Probe>" in raw else ():
                listener.sendto(camera.match(raw.decode()).encode(), sender)
