"""The link with which one acknowledges from a message: ours, unchanged, in time."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commandcenter.notify.links import HOLDS, AckLink, BadLink, read, sign
from tests.conftest import NOW

SECRET = "a secret of thirty-two characters"
LINK = AckLink(incident=12, version=3, who="Ani", expires_at=(NOW + HOLDS).replace(microsecond=0))


@pytest.mark.asvs("9.2.1")
def test_what_was_signed_is_read_until_it_expires() -> None:
    token = sign(LINK, SECRET)
    assert read(token, SECRET, NOW) == LINK
    assert read(token, SECRET, LINK.expires_at - timedelta(seconds=1)) == LINK
    with pytest.raises(BadLink, match="expired"):
        read(token, SECRET, LINK.expires_at)


def test_a_token_is_fit_for_an_address() -> None:
    token = sign(replace(LINK, who="Télkom / ?&"), SECRET)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.asvs("9.1.1")
def test_another_secret_or_another_payload_is_refused() -> None:
    token = sign(LINK, SECRET)
    with pytest.raises(BadLink, match="not one of ours"):
        read(token, "another secret", NOW)
    other = base64.urlsafe_b64encode(b'[13,3,"Ani",1900000000]').rstrip(b"=").decode()
    with pytest.raises(BadLink, match="not one of ours"):
        read(f"{other}.{token.partition('.')[2]}", SECRET, NOW)


@given(st.text(max_size=700))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(BadLink):
        read(text, SECRET, NOW)


@pytest.mark.asvs("9.1.1")
@given(st.data())
def test_a_token_with_one_other_character_is_refused(data: st.DataObject) -> None:
    token = sign(LINK, SECRET)
    place = data.draw(st.integers(0, len(token) - 2))  # the last character has two unused bits
    letter = data.draw(st.sampled_from("ABCabc019-_."))
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(BadLink):
            read(changed, SECRET, NOW)
