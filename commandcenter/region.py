"""Whose command room this is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict


@dataclass(frozen=True, kw_only=True)
class Region:
    """[region]: the regional government, its zone and its language."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: str
    office: str = ""
    initials: str = ""
    zone: str = "Asia/Jakarta"
    language: str = "id"
