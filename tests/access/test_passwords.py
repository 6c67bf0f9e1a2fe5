"""Passwords: which will do, how they are kept, and what a flood of them may take."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY
from zxcvbn import matching

from commandcenter.access.passwords import (
    AT_ONCE,
    GUESSABLE,
    JUDGED,
    QUEUE,
    TOO_LONG,
    TOO_SHORT,
    Busy,
    Passwords,
    weakness,
)

OURS = ("Kabupaten Kotawaringin Barat", "KB", "Ani Susanti", "ani.susanti", "Pangkalan Bun")


def cheap() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password",
    [
        "komandan rusa lompat pagar",
        "hujan deras di bukit",
        "x7#Kq9!vLm2z",
        "kuda laut minum kopi",
        "     spasi pun boleh     ",
        "日本語のパスワードはとても長い",
        "🦜🐢🦀🐙🦑🐬🐋🦈🐊🐅🐆🦓",
    ],
)
def test_any_characters_make_a_password_that_will_do(password: str) -> None:
    assert weakness(password, OURS) is None


@pytest.mark.asvs("6.2.4")
@pytest.mark.parametrize(
    "password",
    [
        "bismillah2026",
        "rahasianegara",
        "sayangkamu123",
        "indonesia1945",
        "satu dua tiga empat",
        "kotawaringin barat",
        "Pangkalan Bun 2026",
        "P@ngkalanBun#1",
        "anisusanti1987",
        "Ani.Susanti!!2026",
        "operator operator",
        "commandcenter2026",
        "qwertyuiop12",
        "password1234",
        "aaaaaaaaaaaa",
        "abcdefghijkl",
    ],
)
def test_what_anybody_here_would_try_first_will_not(password: str) -> None:
    assert weakness(password, OURS) == GUESSABLE


@pytest.mark.asvs("6.1.2", "6.2.11")
def test_words_of_ones_own_count_only_for_ones_own_password() -> None:
    assert weakness("rumah di tepi Seruyan", ("Seruyan",)) is None
    assert weakness("seruyan-seruyan", ("Seruyan",)) == GUESSABLE
    assert weakness("seruyan-seruyan") is None


@pytest.mark.asvs("6.2.1", "6.2.9")
def test_length_is_all_that_is_asked_besides() -> None:
    assert weakness("x7#Kq9!vLm2") == TOO_SHORT  # 11
    assert weakness("x7#Kq9!vLm2" * 11 + "abcdefg") is None  # 128
    assert weakness("x7#Kq9!vLm2" * 11 + "abcdefgh") == TOO_LONG
    assert weakness("🦜" * 11) == TOO_SHORT  # characters are counted, not bytes


def test_of_a_crafted_password_only_the_beginning_is_judged_because_all_of_it_takes_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[str] = []
    real = matching.omnimatch

    def watched(password: str, *more: Any) -> Any:
        judged.append(password)
        return real(password, *more)

    monkeypatch.setattr(matching, "omnimatch", watched)
    weakness("4@8({[</369&#!1/|0$5+7%2/" * 5)
    assert [len(one) for one in judged] == [JUDGED]


@pytest.mark.asvs("11.4.2")
async def test_it_is_kept_by_argon2id_as_rfc_9106_recommends() -> None:
    kept = await Passwords().hash("kuda laut minum kopi")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await Passwords().verify(kept, "kuda laut minum kopi")
    assert not await Passwords().verify(kept, "kuda laut minum teh")


@pytest.mark.asvs("6.2.8")
async def test_the_same_letters_are_the_same_password_however_a_keyboard_sends_them() -> None:
    passwords = Passwords(cheap())
    kept = await passwords.hash("kafe\u0301 di alun-alun")  # e and an accent
    assert await passwords.verify(kept, "kafé di alun-alun")  # one letter
    assert not await passwords.verify(kept, "kafe di alun-alun")
    assert not await passwords.verify(kept, "kafé di alun-alun ")  # nothing is trimmed


async def test_nobody_is_never_right_and_takes_as_long() -> None:
    class Counted(PasswordHasher):
        seen: list[str] = []  # noqa: RUF012

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            self.seen.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    hasher = Counted(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)
    assert not await passwords.verify(None, "kuda laut minum kopi")
    assert not await passwords.verify(await passwords.hash("a"), "kuda laut minum kopi")
    assert len(hasher.seen) == 2
    assert len(set(hasher.seen)) == 1  # the same algorithm at the same costs


async def test_what_is_kept_in_another_way_is_never_right_and_never_an_error() -> None:
    assert not await Passwords(cheap()).verify("plain text of an old system", "plain text")


async def test_older_costs_are_noticed() -> None:
    kept = await Passwords(cheap()).hash("kuda laut minum kopi")
    assert not Passwords(cheap()).outdated(kept)
    assert Passwords(PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)).outdated(kept)


async def test_a_flood_computes_two_at_once_and_the_rest_is_turned_away() -> None:
    gate, at_once, most = threading.Event(), 0, 0

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            gate.wait(10)
            at_once -= 1
            return True

    passwords = Passwords(Slow(time_cost=1, memory_cost=8, parallelism=1))
    flood = [asyncio.create_task(passwords.verify("x", "y")) for _ in range(100)]
    done, waiting = await asyncio.wait(flood, timeout=0.2)
    assert len(waiting) == AT_ONCE + QUEUE
    assert all(isinstance(one.exception(), Busy) for one in done)
    gate.set()
    assert all(await asyncio.gather(*waiting))
    assert most == AT_ONCE
    assert await passwords.verify("x", "y")  # and there is room again
