"""The keys to agents: a community (RFC 1901), or a user with passwords (RFC 3414)."""

from __future__ import annotations

from typing import Any

from pysnmp.hlapi.v3arch import asyncio as hlapi

_AUTH = {
    "SHA-256": hlapi.USM_AUTH_HMAC192_SHA256,
    "SHA-512": hlapi.USM_AUTH_HMAC384_SHA512,
    "SHA": hlapi.USM_AUTH_HMAC96_SHA,
    "MD5": hlapi.USM_AUTH_HMAC96_MD5,
}
_PRIV = {
    "AES": hlapi.USM_PRIV_CFB128_AES,
    "AES-256": hlapi.USM_PRIV_CFB256_AES,
    "DES": hlapi.USM_PRIV_CBC56_DES,
}


def v2c(community: str) -> Any:
    """The key to agents that go by a community."""
    return hlapi.CommunityData(community, mpModel=1)  # noqa: S508 (what the routers speak)


def v3(
    user: str, auth: str | None, priv: str | None, protocols: tuple[str, str] = ("SHA-256", "AES")
) -> Any:
    """The key to agents that know users: without `auth` no proof, without `priv` no encryption.

    `protocols` are those of both: SHA-256, SHA-512, SHA, MD5 and AES, AES-256, DES.
    """
    return hlapi.UsmUserData(
        user,
        auth,
        priv if auth else None,
        authProtocol=_AUTH[protocols[0]] if auth else hlapi.USM_AUTH_NONE,
        privProtocol=_PRIV[protocols[1]] if auth and priv else hlapi.USM_PRIV_NONE,
    )


def as_v1(key: Any) -> Any:
    """The same community for an agent that speaks SNMPv1 only (RFC 1157); None for a user."""
    if not isinstance(key, hlapi.CommunityData):
        return None
    return hlapi.CommunityData(key.communityName, mpModel=0)  # noqa: S508
