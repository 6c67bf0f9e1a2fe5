"""Signing in at an OpenID Connect provider: the authorization code flow with PKCE.

OpenID Connect Core 1.0 (section 3.1) and Discovery 1.0, RFC 7636, RFC 9700. Authlib writes the
requests and judges the claims, joserfc the signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2.rfc6749.parameters import (
    prepare_grant_uri,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from commandcenter.access.flights import Flight
from commandcenter.access.grants import Identity, NotSignedIn, Standing, identity
from commandcenter.access.oidc_wire import Wire, bad, misfit, wire, word
from commandcenter.access.settings import Grant, Oidc, is_loopback

ALGORITHMS = (  # asymmetric ones: with HS256 a public key would do as a secret
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
LEEWAY = 120  # seconds that its clock may differ from ours
SKEW = 60  # seconds of these that are believed of the time at which somebody gave their password
KNOWN_FOR = timedelta(hours=1)  # how long its own description is believed
NOT_ASKED = (
    "{provider} does not say that you have just given your password there; sign out there and "
    "start again, or use a local account"
)
# OpenID Connect Core 3.1.2.1: whoever is signed in there is asked all the same, and with max_age
# the token has to say when. `claims` (section 5.5) asks for that where max_age is not known.
_ANEW = {
    "prompt": "login",
    "max_age": "0",
    "claims": '{"id_token":{"auth_time":{"essential":true}}}',
}


@dataclass(frozen=True, kw_only=True)
class _Described:
    """What the provider says of itself (Discovery 1.0, section 3)."""

    at: datetime
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    secret_in_body: bool


class Provider:
    """The provider of [oidc]. Every act raises ProviderDown when it cannot be asked."""

    def __init__(
        self, settings: Oidc, grants: Sequence[Grant], now: Callable[[], datetime]
    ) -> None:
        self.settings, self.grants, self.now = settings, grants, now
        self.standing = Standing("[oidc]")
        self._described: _Described | None = None
        self._keys: KeySet | None = None

    async def where_to(self, flight: Flight, state: str, language: str) -> str:
        """The address at the provider that the person is sent to."""
        async with wire(self.settings, self.standing) as asking:
            there = await self._description(asking)
        told = prepare_grant_uri(
            there.authorization_endpoint,
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=flight.redirect_uri,
            scope=" ".join(self.settings.scopes),
            state=state,
            nonce=flight.nonce,
            code_challenge=create_s256_code_challenge(flight.verifier),
            code_challenge_method="S256",
            ui_locales=language,
            **(_ANEW if flight.again else {}),
        )
        return str(told)

    async def who(self, flight: Flight, code: str) -> tuple[Identity, bool]:
        """Whom the provider means with this code, and whether they have shown it on this very
        flight that it is they. Raises BadAnswer and NoGrant, too; NotSignedIn when they were to
        show it and have not."""
        async with wire(self.settings, self.standing) as asking:
            there = await self._description(asking)
            token = await asking.token(
                there.token_endpoint, flight, code, in_body=there.secret_in_body
            )
            claims = await self._claims(asking, there, flight, token)
            shown = self._shown(claims, flight)
            if not self._complete(claims) and there.userinfo_endpoint:
                access = str(token.get("access_token", ""))
                more = await asking.json(there.userinfo_endpoint, bearer=access)
                if more.get("sub") != claims["sub"]:  # Core 1.0, section 5.3.2
                    raise bad(self.settings, "userinfo is about somebody else")
                claims = {**more, **claims}
        if flight.again and not shown:
            raise NotSignedIn(NOT_ASKED, _told_of(claims), provider=self.settings.name)
        return self._identity(claims), shown

    # --- what the provider says of itself -----------------------------------------------------

    async def _description(self, asking: Wire) -> _Described:
        known = self._described
        if known is None or self.now() - known.at >= KNOWN_FOR:
            issuer = self.settings.issuer
            told = await asking.json(issuer.rstrip("/") + "/.well-known/openid-configuration")
            if told.get("issuer") != issuer:  # Discovery 1.0, section 4.3
                raise misfit(
                    self.settings, f"write issuer exactly as it does: {told.get('issuer')!r:.200}"
                )
            known, self._keys = self._read(told), None
            self._described = known
        return known

    def _read(self, told: Mapping[str, Any]) -> _Described:
        ways = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return _Described(
            at=self.now(),
            authorization_endpoint=self._endpoint(told, "authorization_endpoint"),
            token_endpoint=self._endpoint(told, "token_endpoint"),
            jwks_uri=self._endpoint(told, "jwks_uri"),
            userinfo_endpoint=(
                self._endpoint(told, "userinfo_endpoint") if "userinfo_endpoint" in told else ""
            ),
            secret_in_body="client_secret_basic" not in ways,
        )

    def _endpoint(self, told: Mapping[str, Any], name: str) -> str:
        url = str(told.get(name, ""))
        there = urlsplit(url)
        if there.scheme != "https" and not is_loopback(there.hostname or ""):
            raise misfit(self.settings, f"its {name} is not an https:// address")
        return url

    # --- what it says of a person -------------------------------------------------------------

    async def _claims(
        self, asking: Wire, there: _Described, flight: Flight, token: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The claims of the ID token, checked as Core 1.0, section 3.1.3.7, has it."""
        try:
            signed = await self._verified(asking, there, str(token.get("id_token", "")))
            claims = self._judged(signed, flight, token)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise bad(self.settings, f"ID token: {type(error).__name__} {word(error)}") from None
        if claims["iat"] < flight.begun_at.timestamp() - LEEWAY:
            raise bad(self.settings, "ID token: older than this sign-in; compare the clocks")
        return claims

    async def _verified(self, asking: Wire, there: _Described, raw: str) -> jwt.Token:
        """Signed by the provider. A key that we do not know may be a new one: look again."""
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        fresh = self._keys is None
        self._keys = self._keys or await asking.keys(there.jwks_uri)
        try:
            return jwt.decode(raw, self._keys, registry=registry)
        except InvalidKeyIdError:
            if fresh:
                raise
            self._keys = await asking.keys(there.jwks_uri)
            return jwt.decode(raw, self._keys, registry=registry)

    def _judged(
        self, signed: jwt.Token, flight: Flight, token: Mapping[str, Any]
    ) -> dict[str, Any]:
        told = self.settings
        wanted = {
            "iss": {"essential": True, "value": told.issuer},
            "aud": {"essential": True, "value": told.client_id},
        }
        known = {"client_id": told.client_id, "nonce": flight.nonce}
        known["access_token"] = token.get("access_token", "")
        claims = CodeIDToken(signed.claims, signed.header, wanted, known)
        claims.validate(now=int(self.now().timestamp()), leeway=LEEWAY)
        if not claims["sub"]:
            raise ValueError("sub")
        return dict(claims)

    def _shown(self, claims: Mapping[str, Any], flight: Flight) -> bool:
        """Whether the signed token says that they have (Core 1.0, section 3.1.3.7, point 13). What
        it does not say is not so."""
        told = claims.get("auth_time")
        if not isinstance(told, int | float):
            return False
        begun, now = flight.begun_at.timestamp(), self.now().timestamp()
        return begun - SKEW <= told <= now + SKEW

    def _complete(self, claims: Mapping[str, Any]) -> bool:
        told = self.settings
        wanted = (told.username_claim, told.name_claim, told.groups_claim)
        return all(_at(claims, path) is not None for path in wanted)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        told, subject = self.settings, str(claims["sub"])
        username = _text(claims, told.username_claim) or _text(claims, "email") or subject
        name = _text(claims, told.name_claim)
        # Another provider may call another person by the same subject (Core 1.0, section 5.7).
        person = f"{told.issuer} {subject}", username, name
        return identity("oidc", told.name, person, _groups(claims, told.groups_claim), self.grants)


def _told_of(claims: Mapping[str, Any]) -> str:
    return "auth_time is missing" if "auth_time" not in claims else "auth_time is not of now"


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, which may hold dots, or by a path: "realm_access.roles"."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(claims: Mapping[str, Any], path: str) -> str:
    found = _at(claims, path)
    return found.strip() if isinstance(found, str) else ""


def _groups(claims: Mapping[str, Any], path: str) -> list[str]:
    found = _at(claims, path)
    found = [found] if isinstance(found, str) else found
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
