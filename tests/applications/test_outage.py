"""Is it them or us: names, routes, and faults of the monitor itself."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from commandcenter.applications import pages
from commandcenter.applications.answer import Answer, Fault
from commandcenter.applications.outage import NO_NAMES, NO_NETWORK, WRONG_CLOCK, ours
from commandcenter.applications.site import Site
from commandcenter.feed import Desk, SourceDown
from feeds.applications import Applications
from tests.applications.conftest import Authority, Serve, look, page, value, write
from tests.conftest import Clock, Tray


class Resolver:
    """Stands for the resolver of this machine: which names it fails for, and how."""

    def __init__(self) -> None:
        self.real = socket.getaddrinfo
        self.failing: dict[str, Exception] = {}

    def __call__(self, host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name in self.failing:
            raise self.failing[name]
        return self.real(host, *args, **options)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    resolver = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    return resolver


def again() -> socket.gaierror:
    return socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def no_name() -> socket.gaierror:
    return socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def fallen(feed: Applications, desk: Desk) -> tuple[dict[str, Any], str]:
    """What a look tells before the source is said to be down, and the sentence."""
    told: dict[str, Any] = {}
    try:
        async for reading in feed.read(desk):
            told[reading.identity] = reading.value
    except SourceDown as down:
        return told, str(down)
    pytest.fail("the source was not down")


@pytest.mark.parametrize("error", [again, no_name])
async def test_a_resolver_that_is_away_is_one_thing_about_us_and_no_application_is_down(
    *, feed: Applications, sites: Path, desk: Desk, serve: Serve, resolver: Resolver, error: Any
) -> None:
    """louislam/uptime-kuma#3123, #4858."""
    resolver.failing = {f"app{n}.uji.go.id": error() for n in range(12)}
    address = f"ip,IP,http://127.0.0.1:{await serve(page())}/"
    write(sites, *[f"app{n},A,http://app{n}.uji.go.id/" for n in range(12)], address)
    for _ in range(3):
        told, why = await fallen(feed, desk)
        assert "DNS" in why
        assert told.pop("ip")["state"] == "up"
        assert {v["state"] for v in told.values()} == {"unknown"}
        assert all("nama" in v["detail"] for v in told.values())


async def test_one_name_that_does_not_exist_is_that_application_alone(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, resolver: Resolver
) -> None:
    resolver.failing = {"hilang.uji.go.id": no_name(), "lama.uji.go.id": again()}
    url = f"http://localhost:{await serve(page())}/"
    write(
        sites,
        f"ada,A,{url}",
        "hilang,B,https://hilang.uji.go.id/",
        "lama,C,https://lama.uji.go.id/",
    )
    await look(feed, desk)
    told = {k: r.value or {} for k, r in (await look(feed, desk)).items()}
    assert told["application/ada"]["state"] == "up"
    assert told["application/hilang"]["state"] == "down"
    assert "tidak dikenal DNS" in told["application/hilang"]["detail"]
    assert told["application/lama"]["state"] == "down"  # louislam/uptime-kuma#3371: its own zone
    assert "server DNS-nya tidak menjawab" in told["application/lama"]["detail"]


async def test_a_resolver_that_never_answers_holds_up_nobody_who_needs_none(
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released, asked = threading.Event(), []

    def silent(host: Any, *_: Any, **__: Any) -> Any:
        asked.append(host)
        released.wait(30)
        raise again()

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    feed.timeout = 0.5
    address = f"ip,IP,http://127.0.0.1:{await serve(page())}/"
    write(sites, *[f"app{n},A,http://app{n}.uji.go.id/" for n in range(40)], address)
    try:
        for _ in range(2):
            told, why = await fallen(feed, desk)
            assert told["ip"]["state"] == "up"
            assert why == NO_NAMES
        assert len(asked) == 40  # a name that is still being looked up is not asked for again
    finally:
        released.set()


async def test_without_a_thread_to_ask_in_the_next_look_asks_again(
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    write(sites, f"a,A,http://localhost:{await serve(page())}/")
    assert (await value(feed, desk))["state"] == "up"
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", none_left)
        assert (await value(feed, desk))["state"] == "unknown"
    assert (await value(feed, desk))["state"] == "up"


def answers(**faults: Fault) -> dict[Site, Answer]:
    """By host; "_" stands for the dots of an address."""
    return {
        Site(id=host, name=host, url=f"http://{host.strip('n').replace('_', '.')}/"): Answer(
            fault=fault
        )
        for host, fault in faults.items()
    }


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        ({}, ""),
        ({"a_id": Fault.NO_RESOLVER}, NO_NAMES),
        ({"a_id": Fault.NO_SUCH_NAME}, ""),
        ({"a_id": Fault.NO_SUCH_NAME, "b_id": Fault.NO_SUCH_NAME}, NO_NAMES),
        ({"a_id": Fault.NO_RESOLVER, "b_id": Fault.NONE}, ""),
        ({"a_id": Fault.NO_RESOLVER, "n10_0_0_1": Fault.SERVER}, NO_NAMES),
        ({"n10_0_0_1": Fault.NO_ROUTE}, NO_NETWORK),
        ({"n10_0_0_1": Fault.NO_HOST}, ""),
        ({"n10_0_0_1": Fault.NO_HOST, "n10_0_0_2": Fault.NO_HOST}, NO_NETWORK),
        ({"n10_0_0_1": Fault.NO_ROUTE, "a_id": Fault.NO_RESOLVER}, NO_NETWORK),
        ({"n10_0_0_1": Fault.NO_ROUTE, "n10_0_0_2": Fault.SERVER}, ""),
    ],
)
def test_what_all_answers_say_together_of_our_own_side(
    faults: dict[str, Fault], sentence: str
) -> None:
    assert ours(answers(**faults)) == sentence


async def test_without_a_route_nothing_is_known_and_the_network_is_ours(
    feed: Applications, sites: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", unreachable)
    write(sites, "a,A,http://192.0.2.1/", "b,B,https://192.0.2.2/")
    told, why = await fallen(feed, desk)
    assert why == NO_NETWORK
    assert {v["state"] for v in told.values()} == {"unknown"}


async def test_a_redirect_to_an_address_without_a_route_is_the_fault_of_who_redirects(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server behind a proxy that leads to its own inner address."""
    port = await serve(page(status="302 Found", Location="http://10.99.99.99/"))
    connect = asyncio.get_running_loop().create_connection

    async def partly(protocol: Any, host: str, *args: Any, **options: Any) -> Any:
        if host == "10.99.99.99":
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        return await connect(protocol, host, *args, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", partly)
    write(sites, f"a,A,http://127.0.0.1:{port}/")
    told = await value(feed, desk)
    assert told["state"] == "degraded"
    assert told["detail"] == "dialihkan ke 10.99.99.99, yang tidak dapat dicapai dari sini"


async def test_a_fault_in_one_application_costs_that_one_only_and_is_counted_once(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    tray: Tray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = pages.unexpected

    def unexpected(text: str) -> str:
        if text == "buruk":
            raise LookupError("'zlib' is not a text encoding")
        return real(text)

    monkeypatch.setattr(pages, "unexpected", unexpected)
    good, bad = await serve(page("baik")), await serve(page("buruk"))
    person = "monitor:rahasia@127.0.0.1"
    write(sites, f"baik,A,http://{person}:{good}/", f"buruk,B,http://{person}:{bad}/")
    for _ in range(2):
        told = await look(feed, desk)
        assert (told["application/baik"].value or {})["state"] == "up"
        assert (told["application/buruk"].value or {})["state"] == "unknown"
    ((source, reason, _),) = tray.kept
    assert source == "buruk"
    assert "LookupError" in reason
    assert "rahasia" not in str(tray.kept)


async def test_what_was_down_before_stays_uncounted_while_we_cannot_look(
    feed: Applications, sites: Path, desk: Desk, serve: Serve, resolver: Resolver
) -> None:
    url = f"http://localhost:{await serve(page())}/"
    write(sites, f"a,A,{url}")
    resolver.failing = {"localhost": again()}
    for _ in range(4):
        await fallen(feed, desk)
    resolver.failing = {}
    assert (await value(feed, desk))["state"] == "up"


@pytest.mark.parametrize(("away", "blamed"), [(40, True), (0, False)])
async def test_certificates_that_are_wrong_only_by_our_clock_are_one_thing_about_us(
    *,
    feed: Applications,
    sites: Path,
    desk: Desk,
    serve: Serve,
    authority: Authority,
    clock: Clock,
    away: int,
    blamed: bool,
) -> None:
    """After a dead battery all certificates are of the future (MichaIng/DietPi#6581): the servers
    tell another date. Where they tell ours it is their certificate."""
    clock.now = datetime.now(UTC)
    hosts = ("127.0.0.1", "127.0.0.2")
    leaf = authority.sign("x", 300, issuer=authority.root, hosts=hosts, begins=20)
    talk = page(Date=format_datetime(clock.now + timedelta(days=away), usegmt=True))
    ports = [await serve(talk, authority.serving(leaf), host=host) for host in hosts]
    rows = [f"{h},A,https://{h}:{port}/" for h, port in zip(hosts, ports, strict=True)]
    write(sites, *rows, f"c,C,http://127.0.0.1:{await serve(page())}/")
    if not blamed:
        told = {key: r.value or {} for key, r in (await look(feed, desk)).items()}
        assert told["application/127.0.0.1"]["certificate"] == "untrusted"
        return
    values, why = await fallen(feed, desk)
    assert why == WRONG_CLOCK
    assert values.pop("c")["state"] == "up"
    assert {(v["state"], v["certificate"]) for v in values.values()} == {("unknown", None)}
