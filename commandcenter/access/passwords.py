"""Passwords: kept by argon2id, checked without telling who exists, and refused when they are easily
guessed."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

P = ParamSpec("P")
T = TypeVar("T")

SHORTEST, LONGEST = 12, 128
STRONG = 3  # zxcvbn: about 10^8 guesses or more
OWN = 8  # characters that must be a person's own beside words that anybody would try
JUDGED = 40  # characters: what zxcvbn makes of crafted longer ones takes seconds (its issue 70)
AT_ONCE = 2  # 64 MiB each
QUEUE = 16  # more that wait would answer too late for a person anyway

TOO_SHORT = "A password has at least 12 characters"
TOO_LONG = "A password has at most 128 characters"
GUESSABLE = "This password is easy to guess; several words that do not belong together are better"

# What people here choose: seen in published leaks, and what stands on the sign at the door.
COMMON = tuple(Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split())


class Busy(RuntimeError):
    """More passwords are being checked than this machine can; try again in `seconds`."""

    def __init__(self, seconds: int = 5) -> None:
        super().__init__("too many passwords are being checked")
        self.seconds = seconds


def weakness(password: str, words: Iterable[str] = ()) -> str | None:
    """Why nobody should have this password, as an English sentence for `say`; None: it will do.

    12 to 128 characters, any of them, and no rules of composition (NIST SP 800-63B-4 3.1.1.2, OWASP
    ASVS 5.0 6.2). `words`: the person's, the region's and the application's own, which an attacker
    would try first.
    """
    password = tidy(password)
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    known = [*_parts(words), *COMMON]
    if len(_without(known, password)) < OWN or _score(password, known) < STRONG:
        return GUESSABLE
    return None


def tidy(password: str) -> str:
    """In Unicode's form C (RFC 8265 4.2.2): "é" is the same on every keyboard, whether it is sent
    as one character or as two. Nothing else is changed, cut or folded."""
    return unicodedata.normalize("NFC", password)


class Passwords:
    """Checks and hashes, each in a thread, two at once: a flood takes neither all the CPU nor all
    the memory. `verify` and `hash` raise Busy when too many wait. One for a whole process."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self.hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._nobodys = _hash_of_nothing(self.hasher)
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting = 0

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether `kept` was made of this password. None, of somebody who is not there or has no
        password, takes just as long and is never right."""
        right = await self._work(self._matches, kept or self._nobodys, tidy(password))
        return right and kept is not None

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        return await self._work(self.hasher.hash, tidy(password))

    async def weakness(self, password: str, words: Iterable[str] = ()) -> str | None:
        """As the function of this name, in a thread: it may take half a second."""
        return await self._work(weakness, password, list(words))

    def outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than today's, and is to be made anew."""
        return self.hasher.check_needs_rehash(kept)

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self.hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _work(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= AT_ONCE + QUEUE:
            raise Busy
        self._waiting += 1
        working = self._threads.submit(partial(act, *args, **kwargs))
        # Counted until it has really ended: who asked may have gone long before.
        loop = asyncio.get_running_loop()
        working.add_done_callback(lambda _: loop.call_soon_threadsafe(self._ended))
        return await asyncio.wrap_future(working)

    def _ended(self) -> None:
        self._waiting -= 1


def _hash_of_nothing(hasher: PasswordHasher) -> str:
    """One that takes as long to check as any other, and that no password leads to."""
    salt, end = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${end}"


def _parts(words: Iterable[str]) -> list[str]:
    """ "Kotawaringin Barat" also as its two words; what has two letters is in everything."""
    found = {part for word in words for part in (word, *re.split(r"[\W_]+", word))}
    return sorted({part.casefold() for part in found if len(part) > 2})


def _without(known: Iterable[str], password: str) -> str:
    """What is left when the words that anybody would try are taken out."""
    left = password.casefold()
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, "")
    return "".join(left.split())


def _score(password: str, known: Iterable[str]) -> int:
    """zxcvbn's, from 0 to 4. Its own front puts our words into a dictionary of the whole process,
    where two threads would find each other's."""
    from zxcvbn.matching import RANKED_DICTIONARIES, build_ranked_dict, omnimatch
    from zxcvbn.scoring import most_guessable_match_sequence
    from zxcvbn.time_estimates import guesses_to_score

    words = {**RANKED_DICTIONARIES, "user_inputs": build_ranked_dict(list(known))}
    head = password[:JUDGED]
    guesses = most_guessable_match_sequence(head, omnimatch(head, words))["guesses"]
    return int(guesses_to_score(guesses))
