"""Which host an address in a list means."""

from __future__ import annotations

import re
from ipaddress import ip_address

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_ZEROS = re.compile(r"\b0\d")


def is_host(text: str) -> bool:
    """An address of one host, or its name in ASCII. No name ends in a number (RFC 1123):
    "010.1.1.1" and "10.1.1" would be read as other addresses, and 0.0.0.0 is this machine itself.
    """
    try:
        found = ip_address(text)
    except ValueError:
        last = text.removesuffix(".").rpartition(".")[2]
        return bool(_NAME.fullmatch(text.removesuffix("."))) and not _NUMBER.fullmatch(last)
    return not found.is_unspecified and not found.is_multicast


def has_zeros_in_front(text: str) -> bool:
    """Whether it is written like 010.001.001.001, which other programs read as octal."""
    return _ZEROS.search(text) is not None
