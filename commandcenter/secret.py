"""Secrets: named in config.toml, kept in the environment or in a file, never shown."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/?#]*@", re.IGNORECASE)


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
            told = Path(name).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SecretMissing(f"put the secret into the file {name}: {error.strerror}") from error
        if not told:
            raise SecretMissing(f"put the secret into the file {name}: it is empty")
        return told

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


def redact(text: str) -> str:
    """`text` without the user and password of any address in it (RTSP, database, Redis)."""
    return _CREDENTIALS.sub(r"\g<scheme>***@", text)
