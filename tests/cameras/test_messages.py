"""What travels between supervisor and workers, and what is said to cameras that ask who we are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commandcenter.video.login import authorization, schemes
from commandcenter.video.messages import (
    LENGTHS,
    BadReport,
    CameraFault,
    Orders,
    Picture,
    Report,
    Task,
    lengths,
    orders_line,
)
from commandcenter.video.worker import goes_on
from tests.leaks import secret

AT = datetime(2026, 11, 21, 2, 42, 17, tzinfo=UTC)
PICTURE = Picture(
    captured_at=AT, changed_at=AT, width=4, height=3, small=b"\xff\xd8 small", large=b"\xff\xd8 lar"
)
PASSWORD = secret("a:/#?@reserved")


def test_an_address_carries_the_password_url_encoded_and_repr_does_not() -> None:
    task = Task(camera="x", url="rtsp://[::1]:554/a?b=c", user="me@home", password=PASSWORD)
    assert task.url_with_password == ("rtsp://me%40home:a%3A%2F%23%3F%40reserved@[::1]:554/a?b=c")
    assert "reserved" not in repr(task)


def test_orders_are_read_back_as_they_were_written() -> None:
    task = Task(
        camera="a",
        url="rtsp://10.0.0.1/",
        masks=(((0.0, 0.0), (0.5, 0.0), (0.5, 0.25)),),
        networks=("10.0.0.0/8",),
        link="radio",
        rest=1.5,
        refused=True,
    )
    (read,) = Orders.read(orders_line([task])).tasks or ()
    assert read == task
    assert (read.rest, read.refused) == (1.5, True)
    assert Orders.read(Orders(grant="a").line()) == Orders(grant="a")


def test_a_report_is_read_back_as_it_was_written() -> None:
    report = Report(
        camera="a",
        at=AT,
        within=3.5,
        thread=7,
        state="live",
        picture=PICTURE,
        rejected=b"\x00",
        received=4711,
        wants=True,
        unread={"a, b": 5},
    )
    raw = report.encode()
    header, small, large = lengths(raw[: LENGTHS.size])
    body = raw[LENGTHS.size :]
    assert len(body) == header + small + large
    parts = body[:header], body[header : header + small], body[header + small :]
    assert Report.decode(*parts) == report


def test_a_report_that_was_not_taken_hands_on_its_picture_and_its_bytes() -> None:
    early = Report(
        camera="a", at=AT, within=1, thread=7, state="live", picture=PICTURE, received=10
    )
    late = replace(early, state="late", picture=None, received=5)
    told = late.after(early)
    assert (told.state, told.picture, told.received) == ("late", PICTURE, 15)


@pytest.mark.parametrize("junk", [b"", b"[]", b"{}", b'{"at": 5}', b"\xff", b'"at"'])
def test_junk_is_not_a_report(junk: bytes) -> None:
    with pytest.raises(BadReport):
        Report.decode(junk, b"", b"")


def test_a_frame_of_absurd_length_is_refused() -> None:
    with pytest.raises(BadReport, match="a frame of"):
        lengths(b"HTTP/1.1 200")


def test_a_watch_goes_on_when_somebody_looks_or_asks_and_begins_anew_otherwise() -> None:
    task = Task(camera="a", url="rtsp://10.0.0.1/")
    assert goes_on(task, replace(task, burst=3.0, asked=2, rest=9.0, refused=True))
    assert not goes_on(task, replace(task, password="x"))
    assert not goes_on(task, replace(task, every=1.0))


# --- RFC 7616 and 7617 ----------------------------------------------------------------------------


def test_digest_answers_as_the_example_of_rfc_2617_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "0a4f113b")
    challenge = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    said = authorization([challenge], "/dir/index.html", "Mufasa", "Circle Of Life", method="GET")
    assert 'response="6629fae49393a05397450978507c4ef1"' in said
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in said


def test_digest_answers_as_the_example_of_rfc_7616_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "secrets.token_hex", lambda _: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    said = authorization([challenge], "/dir/index.html", "Mufasa", "Circle of Life", method="GET")
    assert "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" in said


def test_digest_is_preferred_to_basic_and_basic_is_taken_when_alone() -> None:
    both = ['Basic realm="x"', 'Digest realm="x", nonce="n", algorithm=SHA-256']
    assert authorization(both, "rtsp://x/", "a", "b").startswith("Digest ")
    assert authorization(both[:1], "rtsp://x/", "a", "b:c") == "Basic YTpiOmM="
    assert schemes(both) == "Basic, Digest SHA-256"
    with pytest.raises(CameraFault, match="tidak dikenal"):
        authorization(["Negotiate", "", "Digest algorithm=MD4"], "rtsp://x/", "a", "b")
