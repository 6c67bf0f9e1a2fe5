"""What an OpenID Connect provider says, and what somebody else would like it to have said."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from commandcenter.access import oidc_wire
from commandcenter.access.flights import LASTS, Flight, Flights
from commandcenter.access.grants import Identity, NoGrant, NotSignedIn, ProviderDown
from commandcenter.access.oidc import KNOWN_FOR, LEEWAY, Provider
from commandcenter.access.oidc_wire import BadAnswer
from commandcenter.access.settings import Grant
from tests.access.idp import (
    ACCESS_TOKEN,
    CLIENT,
    CLIENT_SECRET,
    CODE,
    Claims,
    Forger,
    encoded,
    key,
    settings,
    signed,
    unsigned,
)
from tests.conftest import NOW, Clock, free_port

GRANTS = (Grant(group="noc", role="operator", offices=("dinkes",)),)
BACK = "https://pusat.kobarkab.go.id/sign-in/oidc/back"


def provider(forger: Forger, **other: Any) -> Provider:
    return Provider(settings(forger.issuer, **other), GRANTS, forger.now)


def flight(clock: Clock) -> Flight:
    return Flight(ticket_hash=b"", begun_at=clock(), redirect_uri=BACK, to="")


async def signs_in(asked: Provider, forger: Forger, clock: Clock) -> Identity:
    """There and back."""
    out = flight(clock)
    forger.sets_out(await asked.where_to(out, "state-1", "id"))
    found, _ = await asked.who(out, CODE)
    return found


# --- the honest way ------------------------------------------------------------------------------


async def test_a_person_of_a_group_signs_in(forger: Forger, clock: Clock) -> None:
    found = await signs_in(provider(forger), forger, clock)
    assert (found.provider, found.username, found.name) == ("oidc", "budi", "Budi Santoso")
    assert (found.role, found.offices) == ("operator", ("dinkes",))
    assert found.subject == f"{forger.issuer} 4711"  # another provider's 4711 is somebody else


@pytest.mark.asvs("10.1.1")
async def test_the_browser_takes_along_what_the_provider_needs_and_no_secret(
    forger: Forger, clock: Clock
) -> None:
    out = flight(clock)
    url = await provider(forger).where_to(out, "state-1", "id")
    told = forger.sets_out(url)
    assert url.startswith(f"{forger.issuer}/auth?")
    assert (told["response_type"], told["client_id"], told["state"]) == ("code", CLIENT, "state-1")
    assert (told["scope"], told["redirect_uri"]) == ("openid profile email", BACK)
    hashed = hashlib.sha256(out.verifier.encode()).digest()
    assert told["code_challenge"] == encoded(hashed)
    assert told["code_challenge_method"] == "S256"
    assert out.verifier not in url
    assert quote(CLIENT_SECRET, "") not in url


@pytest.mark.asvs("10.2.1")
async def test_the_code_is_exchanged_with_our_secret_and_the_verifier(
    forger: Forger, clock: Clock
) -> None:
    asked, out = provider(forger), flight(clock)
    forger.sets_out(await asked.where_to(out, "state-1", "id"))
    await asked.who(out, CODE)
    _, headers, form = forger.asked[[path for path, *_ in forger.asked].index("/token")]
    basic = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert basic == f"{CLIENT}:{quote(CLIENT_SECRET, '')}"  # RFC 6749, section 2.3.1
    assert form["code_verifier"] == out.verifier
    assert (form["code"], form["redirect_uri"]) == (CODE, BACK)


async def test_a_provider_that_wants_the_secret_in_the_body_gets_it_there(
    forger: Forger, clock: Clock
) -> None:
    forger.describe["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await signs_in(provider(forger), forger, clock)
    _, headers, form = forger.asked[[path for path, *_ in forger.asked].index("/token")]
    assert (form["client_id"], form["client_secret"]) == (CLIENT, CLIENT_SECRET)
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("claims", "path"),
    [
        ({"groups": "noc"}, "groups"),
        ({"groups": ["lain", "/noc"]}, "groups"),
        ({"groups": None, "realm_access": {"roles": ["noc"]}}, "realm_access.roles"),
        ({"groups": None, "https://pemda.go.id/groups": ["noc"]}, "https://pemda.go.id/groups"),
    ],
)
async def test_groups_are_found_wherever_the_provider_keeps_them(
    forger: Forger, clock: Clock, claims: Claims, path: str
) -> None:
    forger.claims |= claims
    found = await signs_in(provider(forger, groups_claim=path), forger, clock)
    assert found.role == "operator"


async def test_what_the_token_does_not_say_is_asked_for(forger: Forger, clock: Clock) -> None:
    forger.describe["userinfo_endpoint"] = f"{forger.issuer}/userinfo"
    forger.claims |= {"groups": None, "name": None}
    forger.userinfo = {"sub": "4711", "groups": ["noc"], "name": "Budi S."}
    forger.userinfo["preferred_username"] = "bukan-dari-token"
    found = await signs_in(provider(forger), forger, clock)
    assert (found.username, found.name, found.role) == ("budi", "Budi S.", "operator")
    path, headers, _ = forger.asked[-1]
    assert (path, headers["authorization"]) == ("/userinfo", f"Bearer {ACCESS_TOKEN}")


async def test_what_is_said_of_somebody_else_is_not_believed(forger: Forger, clock: Clock) -> None:
    forger.describe["userinfo_endpoint"] = f"{forger.issuer}/userinfo"
    forger.claims["groups"] = None
    forger.userinfo = {"sub": "1", "groups": ["noc"]}
    with pytest.raises(BadAnswer) as told:
        await signs_in(provider(forger), forger, clock)
    assert told.value.detail == "userinfo is about somebody else"


async def test_a_new_key_of_the_provider_is_learnt_when_it_is_first_used(
    forger: Forger, clock: Clock
) -> None:
    asked = provider(forger)
    await signs_in(asked, forger, clock)
    forger.keys = [key("a"), key("b")]
    forger.sign = lambda claims: signed(claims, key("b"))
    assert (await signs_in(asked, forger, clock)).username == "budi"
    await signs_in(asked, forger, clock)
    assert [path for path, *_ in forger.asked].count("/jwks") == 2


async def test_the_provider_describes_itself_once_an_hour(forger: Forger, clock: Clock) -> None:
    asked = provider(forger)
    for seconds in (0.0, KNOWN_FOR.total_seconds() - 1, 1.0):
        clock.forward(seconds)
        await signs_in(asked, forger, clock)
    paths = [path for path, *_ in forger.asked]
    assert paths.count("/.well-known/openid-configuration") == 2
    assert paths.count("/jwks") == 2  # a key that was taken back is not believed for longer


@pytest.mark.parametrize(
    ("auth_time", "shown"),
    [
        (0, True),
        (-60, True),
        (360, True),  # a clock that is a minute ahead, at the end of five
        (-61, False),  # before they set out
        (361, False),
        (-86_400, False),
        (None, False),
        (float("nan"), False),
        (True, False),
    ],
)
async def test_whoever_is_to_show_anew_who_they_are_has_done_so_on_the_way(
    forger: Forger, clock: Clock, auth_time: Any, shown: bool
) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7, point 13."""
    asked, began = provider(forger), int(clock().timestamp())
    plain = isinstance(auth_time, int | float) and not isinstance(auth_time, bool)
    for again in (False, True):
        out = replace(flight(clock), again=again)
        told = forger.sets_out(await asked.where_to(out, "state-1", "id"))
        assert ("max_age" in told, told.get("prompt")) == (again, "login" if again else None)
        forger.claims = {"auth_time": began + auth_time if plain else auth_time}
        forger.userinfo = {"sub": "4711", "auth_time": began}  # which nobody has signed
        clock.forward(300)
        if again and not shown:
            with pytest.raises(NotSignedIn, match="given your password there") as refused:
                await asked.who(out, CODE)
            assert "auth_time" in refused.value.detail
        else:
            assert (await asked.who(out, CODE))[1] is shown
        clock.forward(-300)


async def test_who_is_of_no_group_with_a_role_is_told_so(forger: Forger, clock: Clock) -> None:
    forger.claims["groups"] = ["tamu", 7, None]
    with pytest.raises(NoGrant, match="You are known to SSO Pemda") as told:
        await signs_in(provider(forger), forger, clock)
    assert told.value.detail == "budi, groups: tamu"


# --- forged --------------------------------------------------------------------------------------

_AT = int(NOW.timestamp())


@pytest.mark.asvs("9.2.1", "9.2.2", "9.2.3", "10.5.1", "10.5.4")
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "dari-orang-lain"},
        {"nonce": None},
        {"aud": "aplikasi-lain"},
        {"aud": ["aplikasi-lain"]},
        {"aud": None},
        {"aud": [CLIENT, "aplikasi-lain"]},  # without azp: for whom?
        {"aud": [CLIENT, "aplikasi-lain"], "azp": "aplikasi-lain"},
        {"azp": "aplikasi-lain"},
        {"iss": "https://sso.lain.go.id"},
        {"iss": None},
        {"exp": _AT - LEEWAY},
        {"exp": None},
        {"exp": "besok"},
        {"exp": float("nan")},
        {"iat": _AT + LEEWAY + 1},
        {"iat": _AT - LEEWAY - 1},  # from an earlier sign-in
        {"iat": None},
        {"nbf": _AT + LEEWAY + 1},
        {"sub": None},
        {"sub": ""},
        {"sub": 4711},
        {"at_hash": "bukan-dari-token-ini"},
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_about_this_sign_in_is_refused(
    forger: Forger, clock: Clock, claims: Claims
) -> None:
    forger.claims |= claims
    with pytest.raises(BadAnswer, match="cannot be trusted"):
        await signs_in(provider(forger), forger, clock)


def _hs256(claims: Claims, public: bytes) -> str:
    """A provider's public key as if it were a secret that both know. By hand: joserfc refuses."""
    parts = ({"alg": "HS256", "kid": "a"}, claims)
    told = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{told}.{encoded(hmac.digest(public, told.encode(), 'sha256'))}"


def _with_own_key(claims: Claims) -> str:
    """The key to check it with is in its header."""
    own = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": own.as_dict(private=False)}
    return jwt.encode(header, claims, own)


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3", "11.6.1")
@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        lambda claims: signed(claims, key("a")).rpartition(".")[0] + ".",
        lambda claims: _hs256(claims, key("a").as_pem(private=False)),
        lambda claims: _hs256(claims, key("a").as_der(private=False)),
        lambda claims: signed(claims, key("b")),  # a key that the provider does not have
        lambda claims: signed(claims, key("b"), kid="a"),  # … under the name of one that it has
        _with_own_key,
        lambda _: "",
        lambda _: None,
        lambda _: "bukan.sebuah.token",
        lambda _: ["a"],
        lambda _: "a" * 1_000_000,
    ],
    ids=(
        "alg none", "no signature", "HS256 with the PEM", "HS256 with the DER", "unknown key",
        "another key's name", "own key in the header", "empty", "null", "garbage", "list", "long",
    ),
)  # fmt: skip
async def test_an_id_token_that_the_provider_has_not_signed_is_refused(
    forger: Forger, clock: Clock, sign: Callable[[Claims], Any]
) -> None:
    forger.sign = sign
    with pytest.raises(BadAnswer, match="cannot be trusted"):
        await signs_in(provider(forger), forger, clock)


async def test_a_code_that_the_provider_does_not_take_is_nobodys(
    forger: Forger, clock: Clock
) -> None:
    forger.refuse = 400, b'{"error": "invalid_grant", "error_description": "' + CODE.encode()
    with pytest.raises(ProviderDown):  # no JSON
        await signs_in(provider(forger), forger, clock)
    forger.refuse = 400, b'{"error": "invalid_grant"}'
    with pytest.raises(BadAnswer):
        await signs_in(provider(forger), forger, clock)


# --- when the provider cannot be asked -----------------------------------------------------------


async def test_a_provider_that_was_away_is_asked_again(forger: Forger, clock: Clock) -> None:
    asked, forger.describe = provider(forger), {"issuer": None}
    with pytest.raises(ProviderDown):
        await signs_in(asked, forger, clock)
    forger.describe = {}
    assert (await signs_in(asked, forger, clock)).username == "budi"


async def test_a_provider_that_is_away_says_so_once_and_holds_no_secret(
    forger: Forger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = Provider(settings(f"http://127.0.0.1:{free_port()}"), GRANTS, clock)
    for _ in range(3):
        with pytest.raises(ProviderDown, match=r"SSO Pemda does not answer; .* a local account"):
            await asked.where_to(flight(clock), "state-1", "id")
    told = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(told) == 1
    assert "All connection attempts failed" in told[0]


async def test_a_provider_that_answers_drop_by_drop_is_given_up(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each drop comes in time; all of them would not."""
    monkeypatch.setattr(oidc_wire, "SECONDS", 0.2)

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = asyncio.create_task(asyncio.to_thread(_drip, server))
        issuer = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(ProviderDown) as told:
            await Provider(settings(issuer), GRANTS, clock).where_to(flight(clock), "s", "id")
        await dripping
    assert told.value.detail.endswith("nothing in 0.2 s")


def _drip(server: socket.socket) -> None:
    """One blank every 50 ms, for three seconds or until nobody listens."""
    near, _ = server.accept()
    with near, suppress(OSError):
        near.recv(4096)
        near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        for _number in range(60):
            near.sendall(b" ")
            time.sleep(0.05)


async def test_a_provider_that_never_answers_is_given_up(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_wire, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        issuer = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ProviderDown) as told:
            await Provider(settings(issuer), GRANTS, clock).where_to(flight(clock), "s", "id")
    assert "does not answer" in str(told.value)


@pytest.mark.asvs("10.5.3")
@pytest.mark.parametrize(
    ("describe", "detail"),
    [
        ({"issuer": "http://lain"}, "write issuer exactly as it does: 'http://lain'"),
        ({"token_endpoint": "http://sso.pemda.go.id/token"}, "its token_endpoint is not an https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "its authorization_endpoint is not an"),
        ({"jwks_uri": ""}, "its jwks_uri is not an https"),
    ],
)
async def test_a_description_that_does_not_fit_is_told_to_the_administrator(
    forger: Forger, clock: Clock, describe: dict[str, Any], detail: str
) -> None:
    forger.describe = describe
    with pytest.raises(ProviderDown, match="the administrator must look at") as told:
        await signs_in(provider(forger), forger, clock)
    assert told.value.detail.startswith(detail)


async def test_a_wrong_secret_of_ours_is_told_to_the_administrator(
    forger: Forger, clock: Clock
) -> None:
    forger.refuse = 401, b'{"error": "invalid_client"}'
    with pytest.raises(ProviderDown) as told:
        await signs_in(provider(forger), forger, clock)
    assert told.value.detail == "token_endpoint: 401 invalid_client"


async def test_nothing_that_is_secret_is_logged_whatever_happens(
    forger: Forger, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await signs_in(provider(forger), forger, clock)
    for refuse in ((400, b'{"error": "invalid_grant"}'), (500, CODE.encode()), (200, b"[]")):
        forger.refuse = refuse
        with pytest.raises((BadAnswer, ProviderDown)) as told:
            await signs_in(provider(forger), forger, clock)
        caplog.messages.append(f"{told.value} {told.value.detail}")
    for secret in (CODE, ACCESS_TOKEN, CLIENT_SECRET, quote(CLIENT_SECRET, ""), forger.nonce):
        assert secret not in caplog.text


# --- on the way ----------------------------------------------------------------------------------


def test_who_sets_out_comes_back_once_with_the_ticket_and_in_time(clock: Clock) -> None:
    flights = Flights()
    state, ticket, out = flights.begin(clock(), redirect_uri=BACK, to="/console")
    assert flights.end(state, "karcis-lain", clock()) is None
    assert flights.end("lain", ticket, clock()) is None
    assert flights.end(state, ticket, clock()) == out
    assert flights.end(state, ticket, clock()) is None
    state, ticket, _ = flights.begin(clock(), redirect_uri=BACK, to="")
    clock.forward(LASTS.total_seconds())
    assert flights.end(state, ticket, clock()) is None


def test_a_flood_of_those_who_never_come_back_is_forgotten(clock: Clock) -> None:
    flights = Flights(most=100)
    for _ in range(1000):
        state, ticket, _ = flights.begin(clock(), redirect_uri=BACK, to="")
    assert len(flights) == 100
    assert flights.end(state, ticket, clock()) is not None


def test_a_flight_does_not_show_its_secrets(clock: Clock) -> None:
    out = flight(clock)
    assert out.nonce not in repr(out)
    assert out.verifier not in repr(out)
