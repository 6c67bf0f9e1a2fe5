"""What has to be read again, and must not be readable in a copy of the database: secrets of second
factors, sealed with AES-256-GCM (NIST SP 800-38D) and a key that is kept outside the database.

Keys are texts, one a line: the first one seals, each of them opens. So a new one is put on top, and
an old one taken out when nothing is sealed with it any more.
"""

from __future__ import annotations

from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from commandcenter.private import made_once
from commandcenter.secret import Secret, SecretMissing

KEY_BYTES = 32
_NONCE = 12  # bytes, random ones: good for 2**32 of one key (SP 800-38D, 8.3)
_PLAIN = 32  # letters: 160 bits in base32, as earlier versions kept them
_FORM = "32 random bytes in base64: openssl rand -base64 32"


class NoKey(RuntimeError):
    """No key opens this, or there is none that could seal. The text says what to do."""


class Sealer:
    """Seals and opens. `named`: where the operator keeps the keys; otherwise they are in `own`, a
    file that is made when something is to be sealed."""

    def __init__(self, named: Secret | None, own: Path) -> None:
        self.named, self.own = named, own

    def seal(self, secret: str, account_id: int) -> str:
        """The secret of this account (base32), for the records: 64 letters. Raises NoKey."""
        if self.named is None:
            made_once(self.own, lambda: urlsafe_b64encode(token_bytes(KEY_BYTES)).decode())
        return _sealed(self._keys()[0], secret, account_id)

    def open(self, kept: str, account_id: int) -> str:
        """The secret again, in base32. What belongs to another account stays shut. Raises NoKey."""
        for key in self._keys():
            if (secret := _opened(key, kept, account_id)) is not None:
                return secret
        raise NoKey(f"{self._where} has no key that opens this; put the one that is missing back")

    def opens(self, kept: str, account_id: int) -> bool:
        """Whether it is not lost."""
        try:
            return len(kept) == _PLAIN or bool(self.open(kept, account_id))
        except NoKey:
            return False

    def renewed(self, kept: str, account_id: int) -> str:
        """As it should be kept: the same again, or sealed anew with the first key where an older
        one, or an earlier version that knew no keys, has left it. Raises NoKey."""
        if len(kept) == _PLAIN:
            return self.seal(kept, account_id)
        secret = self.open(kept, account_id)
        fresh = _opened(self._keys()[0], kept, account_id) is not None
        return kept if fresh else self.seal(secret, account_id)

    @property
    def _where(self) -> str:
        return str(self.own) if self.named is None else f"[access] key ({self.named.reference})"

    def _keys(self) -> list[bytes]:
        try:
            told = (self.named or Secret(f"file:{self.own}")).reveal()
        except SecretMissing as error:
            raise NoKey(f"{self._where} cannot be read: {error}") from error
        try:
            return [_key(line) for line in told.split()]
        except ValueError as error:
            raise NoKey(f"{self._where}: a line is no key; a key is {_FORM}") from error


def _key(line: str) -> bytes:
    """Either alphabet of base64 will do. Raises ValueError."""
    key = urlsafe_b64decode(line.replace("+", "-").replace("/", "_"))
    if len(key) != KEY_BYTES:
        raise ValueError("another length")
    return key


def _sealed(key: bytes, secret: str, account_id: int) -> str:
    nonce = token_bytes(_NONCE)
    shut = AESGCM(key).encrypt(nonce, b32decode(secret), _whose(account_id))
    return urlsafe_b64encode(nonce + shut).decode()


def _opened(key: bytes, kept: str, account_id: int) -> str | None:
    """None: not with this key, or not of this account, or it was changed."""
    try:
        shut = urlsafe_b64decode(kept)
        secret = AESGCM(key).decrypt(shut[:_NONCE], shut[_NONCE:], _whose(account_id))
    except (InvalidTag, Error, ValueError):
        return None
    return b32encode(secret).decode()


def _whose(account_id: int) -> bytes:
    """What is sealed along, so that a secret opens in its own row only."""
    return f"second factor of account {account_id}".encode()
