"""`commandcenter account …` and `session …`: what whoever has a shell on the machine can do."""

from __future__ import annotations

import argparse
from base64 import b64encode
from typing import Any

import pytest

from commandcenter.access.second_factor import new_secret
from commandcenter.account_cli import Refused, act, add_to, first_link, lost_factors
from commandcenter.records import entry_links, second_factors, sessions
from tests.conftest import NOW
from tests.web.sign_in.conftest import GOOD, HOST, Front


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_to(parser.add_subparsers(dest="command"))
    return parser.parse_args(words)


async def run(front: Front, *words: str) -> str:
    lines = await front.records.write(act, front.config, parsed(*words), front.now())
    return "\n".join(lines)


@pytest.mark.asvs("6.3.2", "13.2.3")
async def test_the_first_administrator_begins_with_a_link(front: Front) -> None:
    told = await run(front, "account", "setup")
    link = told.split()[-1]
    assert link.startswith(f"https://{HOST}/enter/")
    async with front.browser() as browser:
        form = {"username": "siti", "name": "Siti Aminah", "new": GOOD, "again": GOOD}
        assert (await browser.post(link.partition(HOST)[2], **form)).status_code == 303
    with pytest.raises(Refused, match="there is an administrator already"):
        await run(front, "account", "setup")
    assert await front.records.write(first_link, front.config, front.now()) is None


async def test_an_account_is_made_with_a_link_to_choose_its_password(front: Front) -> None:
    told = await run(front, "account", "add", "ani", "--name", "Ani Susanti", "--role", "operator")
    token = told.rpartition("/")[2]
    found = await front.records.read(entry_links.find, token, front.now())
    assert found is not None
    assert found.kind == "password"
    assert "Ani Susanti" in await run(front, "account", "list")
    assert token not in repr(await front.log())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ani", "--name", "Ani Lain", "--role", "viewer"), "username"),
        (("ani2", "--name", "ani SUSANTI", "--role", "viewer"), "name"),
        (("dua kata", "--name", "X", "--role", "viewer"), "username: "),
        (("x", "--name", "X", "--role", "operator", "--office", "mars"), "'mars'"),
        (("x", "--name", "X", "--role", "operator", "--domain", "mars"), r"\[feed.mars\]"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(
    front: Front, words: tuple[str, ...], why: str
) -> None:
    await front.account()
    with pytest.raises(Refused, match=why):
        await run(front, "account", "add", *words)
    assert len((await run(front, "account", "list")).splitlines()) == 2


async def test_a_person_is_let_back_in_shut_out_and_let_in_again(front: Front) -> None:
    await front.account()
    await front.account("siti", "Siti Aminah", "admin")
    async with front.browser() as browser:
        await browser.sign_in()
        assert "/enter/" in await run(front, "account", "link", "ANI")
        await run(front, "account", "disable", "ani")
        await front.visitors.read()
        assert not await browser.here()
        with pytest.raises(Refused, match="disabled"):
            await run(front, "account", "link", "ani")
        await run(front, "account", "enable", "ani")
        assert (await browser.sign_in()).status_code == 303
    with pytest.raises(Refused, match="last administrator"):
        await run(front, "account", "disable", "siti")
    with pytest.raises(Refused, match="no local account 'nobody'"):
        await run(front, "account", "link", "nobody")


@pytest.mark.asvs("7.4.5")
async def test_sessions_are_listed_and_ended(front: Front) -> None:
    await front.account()
    async with front.browser() as browser:
        await browser.sign_in()
        held: Any = await front.records.read(sessions.live_sessions, front.now())
        number = str(held[0][0].id)
        assert "Ani Susanti" in await run(front, "session", "list")
        await run(front, "session", "end", number)
        await front.visitors.read()
        assert not await browser.here()
    with pytest.raises(Refused, match="no session"):
        await run(front, "session", "end", number)
    (line,) = await front.log("session.revoked")
    assert line.who.startswith("command line")


async def test_another_key_takes_over_and_what_no_key_opens_is_told(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front.more = '[access]\nkey = "env:FACTORS_KEY"\n'
    front.open()
    ani, budi = await front.account(), await front.account("budi", "Budi")
    old, new = (b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    monkeypatch.setenv("FACTORS_KEY", old)
    for whose in (ani, budi):
        kept = front.config.sealer.seal(new_secret(), whose.id)
        facts: dict[str, Any] = {"secret": kept, "step": 1, "papers": ["x"], "address": ""}
        await front.records.write(second_factors.set_up, NOW, whose.name, whose.id, **facts)
    monkeypatch.setenv("FACTORS_KEY", f"{new} {old}")
    assert (await run(front, "account", "seal-factors")).startswith("2 second factors were sealed")
    monkeypatch.setenv("FACTORS_KEY", new)
    assert (await run(front, "account", "seal-factors")).startswith("0 second factors were sealed")
    monkeypatch.setenv("FACTORS_KEY", old)
    told = await run(front, "account", "seal-factors")
    assert told.startswith("no key opens the second factor of ani, budi: ")
    monkeypatch.delenv("FACTORS_KEY")
    assert await front.records.read(lost_factors, front.config)
