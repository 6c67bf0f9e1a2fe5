"""Secrets: named in config.toml, kept in the environment or in a file, never shown."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_NAMED = (
    r"(?:passwords?|passwd|(?<![a-z])passw?|psw|pwd|passphrase|passcode|loginpas|secret|token|api[_-]?key"
    r"|comm_?key|community)"
)
_SHORTEST = 3  # characters: what is shorter would take the half of every text with it
_ELSEWHERE = r"(?!env:|file:)"  # where a secret is kept is none
_REDACTED = tuple(
    (re.compile(pattern, re.IGNORECASE), kept)
    for pattern, kept in (
        # addresses: rtsp://user:password@host, postgresql://…, json://…
        (r"(\b[a-z][a-z0-9+.-]{0,30}://)[^\s/?#]*@", r"\1***@"),
        # RFC 9110 11.6.2: the header with whatever is in it, and the value where it stands alone
        (r"(\bauthorization[\"']?\s*[:=,]\s*b?[\"']?[a-z]+ )[^\s\"',;<]+", r"\1***"),
        (r"\b(bearer|basic) (?=\S*[0-9+/=_]|\S+(?-i:[A-Z]))[\w.~+/=-]{8,}", r"\1 ***"),
        # Cookie: a=b; c=d, and our own cookies wherever they are (RFC 6265 4)
        (r"(\b(?:set-)?cookie:\s*)[^\s=;]{1,200}=[^\r\n]*", r"\1***"),
        (r"(\bcommandcenter_(?:session|display)=)[^\s;\"',]+", r"\1***"),
        # what cameras call it in their addresses: auth=<Basic>, usr=…&pwd=…, user=…_password=…
        (r"([?&/](?:basic)?auth=)[^\s&;,)\"'<>]+", r"\1***"),
        # password=…, ?token=…, "client_secret": "…"
        (rf"({_NAMED}=){_ELSEWHERE}([\"']).*?\2", r"\1***"),
        (rf"({_NAMED}=){_ELSEWHERE}[^\s&;,)\"']+", r"\1***"),
        (rf"({_NAMED}[\"']: ?([\"'])){_ELSEWHERE}(?:(?!\2)[^\\]|\\.)+", r"\1***"),
        # what an OpenID provider sends back (OpenID Connect Core 3.1.2.5)
        (r"(/oidc/back\?)[^\s\"']+", r"\1***"),
        # our own: API tokens, one-time links, links in messages
        (r"(?<![a-z0-9])cc_[\w-]{43}", "cc_***"),
        (r"(/enter/)[\w-]{20,}", r"\1***"),
        (r"(/a/)[\w-]{8,}\.[\w-]{20,}", r"\1***"),
        # a bot of Telegram (core.telegram.org/bots/api, "Authorizing your bot")
        (r"(?<!\d)\d{6,12}:[\w-]{30,}", "***"),
    )
)


class SecretMissing(RuntimeError):
    """The place a secret is said to be in does not have it; the sentence says what to do."""


class Secret:
    """A reference to a secret: "env:NAME" or "file:path". Read anew at each use, never printed."""

    def __init__(self, reference: str) -> None:
        where, _, name = reference.partition(":")
        if where not in ("env", "file") or not name:
            raise ValueError('must say where the secret is: "env:NAME" or "file:path"')
        self.reference = reference

    def reveal(self) -> str:
        """The secret itself, never an empty one. Raises SecretMissing."""
        where, _, name = self.reference.partition(":")
        if where == "env":
            if not os.environ.get(name):
                raise SecretMissing(f"set the environment variable {name}")
            return os.environ[name]
        try:
            told = Path(name).read_text(encoding="utf-8-sig").strip()  # as Windows writes it
        except UnicodeDecodeError as error:
            raise SecretMissing(f"save the file {name} as UTF-8; it is something else") from error
        except OSError as error:
            raise SecretMissing(f"put the secret into the file {name}: {error.strerror}") from error
        if not told:
            raise SecretMissing(f"put the secret into the file {name}: it is empty")
        return told

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # a worker only redacts, and does without it

        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without these very secrets, in any of the shapes in which an address, JSON or HTML
    has them. Who knows a secret hides it by this; `redact` can only guess what is one."""
    for secret in secrets:
        for shape in sorted(_shapes(secret), key=len, reverse=True):
            text = text.replace(shape, "***")
    return text


def _shapes(secret: str) -> set[str]:
    if len(secret) < _SHORTEST:
        return set()
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    return {secret, json.dumps(secret)[1:-1], escape(secret), *quoted, *map(str.lower, quoted)}


def redact(text: str) -> str:
    """`text` without what opens a door: user and password of addresses (RTSP, database, gateway),
    Authorization and cookies, password=… and token=…, our own tokens and links, bots' tokens.

    The second line of defence: nothing should say a secret in the first place.
    """
    for pattern, kept in _REDACTED:
        text = pattern.sub(kept, text)
    return text
