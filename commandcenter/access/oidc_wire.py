"""The requests to the provider of [oidc], in a limited time; whatever goes wrong on the way becomes
a sentence for a person and a detail for the log, neither of which holds a code, token or secret.

httpx by itself and not inside Authlib's client, which wants httpx2 and announces its end for httpx.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from commandcenter.access.flights import Flight
from commandcenter.access.grants import NotSignedIn, ProviderDown, Standing
from commandcenter.access.settings import Oidc
from commandcenter.secret import SecretMissing

SECONDS = 8.0  # for all that a provider is asked in one step

AWAY = "{provider} does not answer; try again in a moment or use a local account"
MISFIT = "{provider} and this dashboard do not fit; the administrator must look at [oidc]"
INVALID = (
    "The answer of {provider} cannot be trusted; start again, "
    "and tell the administrator if it happens once more"
)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class BadAnswer(NotSignedIn):
    """What came back is not what the provider would say to us about this sign-in."""


def away(settings: Oidc, detail: str) -> ProviderDown:
    """It does not answer, or not sensibly."""
    return ProviderDown(AWAY, detail, provider=settings.name)


def misfit(settings: Oidc, detail: str) -> ProviderDown:
    """It and [oidc] do not fit together."""
    return ProviderDown(MISFIT, detail, provider=settings.name)


def bad(settings: Oidc, detail: str) -> BadAnswer:
    """Somebody may have forged it."""
    return BadAnswer(INVALID, detail, provider=settings.name)


@asynccontextmanager
async def wire(settings: Oidc, standing: Standing) -> AsyncIterator[Wire]:
    """To the provider and back. Raises ProviderDown; `standing` is told how it went."""
    try:
        trusted = _trusted(settings)
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(verify=trusted) as http:
            yield Wire(settings, http)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        why = str(error) or f"nothing in {SECONDS:g} s"
        down = away(settings, f"{settings.issuer}: {type(error).__name__}: {why}")
        standing.fell(down)
        raise down from error
    except ProviderDown as down:
        standing.fell(down)
        raise
    standing.answered()


class Wire:
    """What a provider can be asked."""

    def __init__(self, settings: Oidc, http: httpx.AsyncClient) -> None:
        self.settings, self.http = settings, http

    async def json(self, url: str, *, bearer: str = "") -> dict[str, Any]:
        """The JSON object at one of its addresses."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        answer = await self.http.get(url, headers=headers, timeout=SECONDS)
        return self._object(answer, urlsplit(url).path)

    async def keys(self, url: str) -> KeySet:
        """Its public keys (RFC 7517)."""
        told: Any = await self.json(url)
        try:
            return KeySet.import_key_set(told)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise away(self.settings, f"its keys: {type(error).__name__}") from error

    async def token(self, url: str, flight: Flight, code: str, *, in_body: bool) -> dict[str, Any]:
        """Tokens for a code (RFC 6749, section 4.1.3). Our secret goes as HTTP Basic or, for a
        provider that does not take that, in the body (section 2.3.1). Raises BadAnswer."""
        ours = self.settings.client_id, self._secret()
        body = {"code": code, "code_verifier": flight.verifier, "redirect_uri": flight.redirect_uri}
        if in_body:
            body |= {"client_id": ours[0], "client_secret": ours[1]}
        answer = await self.http.post(
            url,
            content=prepare_token_request("authorization_code", **body),
            headers=_FORM,
            auth=httpx.Auth() if in_body else httpx.BasicAuth(*(quote(one, "") for one in ours)),
            timeout=SECONDS,
        )
        if answer.status_code in (400, 401):
            raise self._refused(answer)
        return self._object(answer, "token_endpoint")

    def _secret(self) -> str:
        try:
            return self.settings.client_secret.reveal()
        except SecretMissing as error:
            raise misfit(self.settings, f"client_secret: {error}") from error

    def _refused(self, answer: httpx.Response) -> NotSignedIn:
        """RFC 6749, section 5.2: the code is nothing worth, or our settings are wrong."""
        try:
            told = answer.json()
        except ValueError:
            told = None
        why = word(told.get("error", "") if isinstance(told, dict) else "")
        if why == "invalid_grant":
            return bad(self.settings, "token_endpoint: invalid_grant")
        return misfit(self.settings, f"token_endpoint: {answer.status_code} {why}")

    def _object(self, answer: httpx.Response, what: str) -> dict[str, Any]:
        try:
            told = answer.json() if answer.status_code == httpx.codes.OK else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise away(self.settings, f"{what}: {answer.status_code}, and no JSON object")
        return told


def word(told: object) -> str:
    """What went wrong, as far as it can hold no secret: a few plain words."""
    return re.sub(r"[^A-Za-z0-9_ ]", "", str(told))[:60]


def _trusted(settings: Oidc) -> ssl.SSLContext:
    """The authorities of the system, and our own."""
    context = ssl.create_default_context()
    try:
        if settings.ca:
            context.load_verify_locations(settings.ca)
    except OSError as error:
        raise misfit(settings, f"ca: {error.strerror or error}") from error
    return context
