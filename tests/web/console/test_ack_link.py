"""The link in a message: looking changes nothing, the button acknowledges, once."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from commandcenter.notify.links import AckLink, sign
from commandcenter.records.chain import log_of
from tests.web import samples
from tests.web.console.conftest import SECRET, Desk

VERSION = re.compile(r'name="version" value="(\d+)"')


def token_for(number: int, *, secret: str = SECRET, hours: float = 24, who: str = "noc") -> str:
    expires = samples.present() + timedelta(hours=hours)
    return sign(AckLink(incident=number, version=1, who=who, expires_at=expires), secret)


def look(desk: Desk, token: str) -> httpx.Response:
    return desk.stranger.get(f"/a/{token}")


def press(desk: Desk, token: str, page: httpx.Response) -> httpx.Response:
    """The page's button."""
    shown = VERSION.search(page.text)
    assert shown is not None, page.text
    return desk.stranger.post(f"/a/{token}", data={"version": shown[1]})


def test_looking_changes_nothing_and_the_button_acknowledges(desk: Desk) -> None:
    number = desk.happen("rtr-tautan", title="Tautan <b>Kumai</b> putus")
    token = token_for(number)
    page = look(desk, token)
    assert page.status_code == 200
    assert "Tautan &lt;b&gt;Kumai&lt;/b&gt; putus" in page.text
    assert "kritis" in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert look(desk, token).text == page.text
    assert desk.row(number).state == "open"

    done = press(desk, token, page)
    assert done.status_code == 200
    assert "noc menangani pukul" in done.text
    assert "<button" not in done.text
    row = desk.row(number)
    assert (row.state, row.acknowledged_by) == ("acknowledged", "noc")
    with desk.records.engine.begin() as connection:
        assert log_of(connection, number)[-1].facts["via"] == "link"


def test_a_link_counts_once_also_when_the_incident_opens_again(desk: Desk) -> None:
    number = desk.happen("rtr-sekali")
    token = token_for(number)
    page = look(desk, token)
    press(desk, token, page)
    desk.did(number, act="undo", who="noc")
    desk.did(number, act="resolve", cause="power")
    desk.did(number, act="reopen")
    assert desk.row(number).state == "open"
    again = look(desk, token)
    assert "sudah dipakai" in again.text
    assert "<button" not in again.text
    late = desk.stranger.post(f"/a/{token}", data={"version": desk.row(number).version})
    assert "sudah dipakai" in late.text
    assert desk.row(number).state == "open"


def test_who_comes_second_is_told_who_was_first(desk: Desk) -> None:
    number = desk.happen("rtr-didahului")
    token = token_for(number)
    page = look(desk, token)
    desk.step("acknowledge", number, who="operator 2")
    late = press(desk, token, page)
    assert late.status_code == 409
    assert "operator 2 menangani pukul" in late.text
    assert desk.row(number).acknowledged_by == "operator 2"
    assert "operator 2" in look(desk, token).text


@pytest.mark.parametrize("body", [b"", b"version=", b"version=x", b"version=99", b"\xff" * 500])
def test_what_the_page_never_sent_acknowledges_nothing(desk: Desk, body: bytes) -> None:
    number = desk.happen("rtr-palsu")
    answer = desk.stranger.post(f"/a/{token_for(number)}", content=body)
    assert answer.status_code == 409
    assert desk.row(number).state == "open"


def test_a_link_that_expired_was_forged_or_is_about_nothing_says_so(desk: Desk) -> None:
    number = desk.happen("rtr-basi")
    expired = look(desk, token_for(number, hours=-1))
    assert expired.status_code == 404
    assert "kedaluwarsa" in expired.text
    for bad in (token_for(number, secret="another secret"), "x", "x.y", token_for(987_654)):
        answer = look(desk, bad)
        assert answer.status_code == 404
        assert "<button" not in answer.text
        assert desk.stranger.post(f"/a/{bad}").status_code == 404
    assert desk.row(number).state == "open"


def test_a_page_of_somebody_else_cannot_press_the_button(desk: Desk) -> None:
    number = desk.happen("rtr-asing")
    token = token_for(number)
    version = {"version": "1"}
    for origin in ("http://evil.example", "null"):
        headers = {"Origin": origin}
        answer = desk.stranger.post(f"/a/{token}", data=version, headers=headers)
        assert answer.status_code == 403
    assert desk.row(number).state == "open"


def test_the_link_works_behind_a_proxy_where_the_console_does_not(desk: Desk) -> None:
    number = desk.happen("rtr-luar")
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    page = desk.stranger.get(f"/a/{token_for(number)}", headers=forwarded)
    assert page.status_code == 200
    assert desk.stranger.get(f"/console/incidents/{number}", headers=forwarded).status_code == 401
