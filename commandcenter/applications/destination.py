"""Where redirects led to: the same site, or somewhere else."""

from __future__ import annotations

import httpx

from commandcenter.applications.names import is_address

# Second labels under which everybody registers names of their own: kotawaringinbaratkab.go.id
# (PANDI's for .id, and the usual ones elsewhere).
_SHARED = frozenset(
    "ac biz co com desa edu go gov mil my net or org ponpes sch web".split()  # noqa: SIM905
)


def is_same_site(one: str, other: str) -> bool:
    """Whether two hosts belong to one registered name, as sso.x.go.id and www.x.go.id do."""
    if one == other:
        return True
    if is_address(one) or is_address(other):
        return False
    return _registered(one) == _registered(other)


def _registered(host: str) -> list[str]:
    labels = host.lower().rstrip(".").split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return labels[-3:] if shared else labels[-2:]


def is_downgrade(start: httpx.URL, end: httpx.URL) -> bool:
    """Whether it began encrypted and ended in the clear."""
    return start.scheme == "https" and end.scheme == "http"
