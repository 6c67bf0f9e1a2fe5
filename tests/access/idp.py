"""OpenID Connect providers on loopback: a real one, and one that forges what a test wants."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

from commandcenter.access.settings import Oidc
from commandcenter.secret import Secret
from tests.conftest import free_port, wait_until
from tests.leaks import not_ours, secret

CLIENT, CLIENT_SECRET = "pusat-komando", "rahasia+klien/7%"
CODE, ACCESS_TOKEN = secret("kode-sekali-pakai-3b1c"), secret("token-akses-8e2d")
Claims = dict[str, Any]


def settings(issuer: str, **other: Any) -> Oidc:
    """[oidc]; the secret is in the environment variable OIDC_SECRET."""
    told: dict[str, Any] = {"issuer": issuer, "client_id": CLIENT, "name": "SSO Pemda"}
    return Oidc(**told | {"client_secret": Secret("env:OIDC_SECRET")} | other)


@cache
def key(name: str) -> RSAKey:
    """Of a provider; made once, because that takes its time."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"}, private=True)


@dataclass
class RealProvider:
    """oidc-provider-mock, in a process of its own."""

    people: list[Claims]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port)]
        command += ["--require-nonce", "true"]
        for person in self.people:
            command += ["--user-claims", json.dumps(person)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        wait_until(self._listens, "the provider listens")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False


@dataclass
class Forger:
    """A provider that answers as the protocol wants, but for what a test changes: `describe`,
    `claims`, `sign`, `keys`, `userinfo`, `refuse`."""

    now: Callable[[], datetime]
    port: int = field(default_factory=free_port)
    nonce: str = ""
    """Of the sign-in that is on its way; see `sets_out`."""
    describe: dict[str, Any] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)
    sign: Callable[[Claims], Any] = lambda claims: signed(claims, key("a"))
    keys: list[RSAKey] = field(default_factory=lambda: [key("a")])
    userinfo: Claims = field(default_factory=dict)
    refuse: tuple[int, bytes] | None = None
    """What the token endpoint answers instead of tokens."""
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    """Path, headers (in lower case) and form of every request."""

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"forger": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        not_ours(f"127.0.0.1:{self.port}")
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sets_out(self, url: str) -> dict[str, str]:
        """A browser is sent here: what it brings along. The next ID token has its nonce."""
        told = dict(parse_qsl(urlsplit(url).query))
        self.nonce = told["nonce"]
        return told

    def told(self, path: str) -> Any:
        """What lies at a path."""
        match path:
            case "/.well-known/openid-configuration":
                return self._description()
            case "/jwks":
                return KeySet(list(self.keys)).as_dict()
            case "/token":
                tokens = {"access_token": ACCESS_TOKEN, "token_type": "Bearer"}
                return tokens | {"id_token": self.sign(self._claims())}
            case "/userinfo":
                return self.userinfo
        return None

    def _description(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
        told = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        return told | {"issuer": self.issuer} | self.describe

    def _claims(self) -> Claims:
        at = int(self.now().timestamp())
        told: Claims = {"iss": self.issuer, "aud": CLIENT, "sub": "4711", "nonce": self.nonce}
        told |= {"iat": at, "exp": at + 300, "preferred_username": "budi"}
        told |= {"name": "Budi Santoso", "groups": ["noc"]}
        return {name: value for name, value in (told | self.claims).items() if value is not None}


def signed(claims: Claims, with_key: RSAKey, **header: Any) -> str:
    """As an honest provider signs."""
    told = {"alg": "RS256", "kid": with_key.kid} | header
    return jwt.encode(told, claims, with_key, registry=JWSRegistry(algorithms=[told["alg"]]))


def unsigned(claims: Claims) -> str:
    """alg none (RFC 7519, section 6)."""
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "kid": "a"}, claims)]
    return ".".join([*(encoded(part) for part in parts), ""])


def encoded(raw: bytes) -> str:
    """base64url without padding (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    forger: Forger

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self._note(path, {})
        told = self.forger.told(path)
        self._answer(404 if told is None else 200, json.dumps(told).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._note(self.path, dict(parse_qsl(body)))
        if self.forger.refuse is not None:
            self._answer(*self.forger.refuse)
        else:
            self._answer(200, json.dumps(self.forger.told(self.path)).encode())

    def _note(self, path: str, form: dict[str, str]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.forger.asked.append((path, headers, form))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
