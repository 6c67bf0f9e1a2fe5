"""Secrets of second factors, sealed with a key that the database does not have."""

from __future__ import annotations

import stat
from base64 import b64encode, urlsafe_b64encode
from multiprocessing import get_context
from pathlib import Path

import pytest

from commandcenter.access.sealing import NoKey, Sealer
from commandcenter.access.second_factor import new_secret
from commandcenter.secret import Secret

OLD, NEW = (b64encode(bytes([n]) * 32).decode() for n in (250, 251))


def sealer(folder: Path, *keys: str) -> Sealer:
    """With these keys, the first of which seals."""
    (folder / "keys").write_text("\n".join(keys), encoding="utf-8")
    return Sealer(Secret(f"file:{folder}/keys"), folder / "own.key")


def test_what_is_sealed_opens_and_fits_into_its_column(tmp_path: Path) -> None:
    with_key, secret = sealer(tmp_path, OLD), new_secret()
    kept = [with_key.seal(secret, 7) for _ in range(2)]
    assert {len(one) for one in kept} == {64}
    assert kept[0] != kept[1]  # a nonce of its own each time
    assert secret not in kept[0]
    assert {with_key.open(one, 7) for one in kept} == {secret}


@pytest.mark.asvs("11.3.3")
def test_a_secret_opens_in_its_own_row_only_and_only_unchanged(tmp_path: Path) -> None:
    with_key = sealer(tmp_path, OLD)
    kept = with_key.seal(new_secret(), 7)
    changed = ("A" if kept[30] != "A" else "B").join((kept[:30], kept[31:]))
    for foreign, whose in ((kept, 8), (changed, 7), (kept[:-4], 7), ("", 7), ("é" * 64, 7)):
        assert not with_key.opens(foreign, whose)
        with pytest.raises(NoKey, match="no key that opens this"):
            with_key.open(foreign, whose)


def test_a_readable_secret_of_an_earlier_version_is_not_believed_until_it_is_sealed(
    tmp_path: Path,
) -> None:
    with_key, plain = sealer(tmp_path, OLD), new_secret()
    with pytest.raises(NoKey):
        with_key.open(plain, 7)
    assert with_key.open(with_key.renewed(plain, 7), 7) == plain


def test_a_key_is_put_before_another_and_takes_over(tmp_path: Path) -> None:
    secret = new_secret()
    before = sealer(tmp_path, OLD).seal(secret, 7)
    both = sealer(tmp_path, NEW, OLD)
    assert both.open(before, 7) == secret
    after = both.renewed(before, 7)
    assert both.renewed(after, 7) == after  # it is as it should be
    assert sealer(tmp_path, NEW).open(after, 7) == secret
    with pytest.raises(NoKey):
        sealer(tmp_path, NEW).open(before, 7)


@pytest.mark.parametrize(
    "key", ["", "bukan-kunci-mana-pun", b64encode(b"x" * 16).decode(), "é", OLD + "\n?"]
)
def test_what_is_no_key_is_told_without_being_said(tmp_path: Path, key: str) -> None:
    with pytest.raises(NoKey, match=r"\[access\] key \(file:.*keys\)") as told:
        sealer(tmp_path, key).seal(new_secret(), 7)
    assert not key or key not in str(told.value)


def test_both_alphabets_of_base64_are_one_key(tmp_path: Path) -> None:
    secret = new_secret()
    kept = sealer(tmp_path, OLD).seal(secret, 7)
    other = urlsafe_b64encode(bytes([250]) * 32).decode()
    assert other != OLD
    assert sealer(tmp_path, other).open(kept, 7) == secret


def test_without_a_key_one_is_made_for_this_user_alone(tmp_path: Path) -> None:
    own = tmp_path / "var" / "factors.key"
    kept = Sealer(None, own).seal("A" * 32, 7)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    assert [path.name for path in own.parent.iterdir()] == ["factors.key"]
    assert Sealer(None, own).open(kept, 7) == "A" * 32


def test_opening_makes_no_key(tmp_path: Path) -> None:
    own = tmp_path / "factors.key"
    with pytest.raises(NoKey, match=r"factors.key cannot be read: .*No such file"):
        Sealer(None, own).open("x" * 64, 7)
    assert not own.exists()


def test_processes_that_make_one_at_once_have_the_same(tmp_path: Path) -> None:
    own = str(tmp_path / "factors.key")
    with get_context("fork").Pool(8) as pool:
        kept = pool.map(_seal, [own] * 24)
    assert {Sealer(None, Path(own)).open(one, 7) for one in kept} == {"A" * 32}


def _seal(own: str) -> str:
    return Sealer(None, Path(own)).seal("A" * 32, 7)
