"""A display is paired by a code and keeps its token, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from commandcenter.web.pairing import cookie
from commandcenter.web.visitors import DISPLAY_COOKIE
from tests.conftest import free_port
from tests.leaks import secret
from tests.web.house import House

SIZE = {"width": 1920, "height": 1080}
SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (7680, 2160), (1080, 1920), (1024, 768)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path).start()
    yield found
    found.stop()


def client(house: House) -> httpx.Client:
    """A program that speaks as our own page does."""
    return httpx.Client(base_url=house.address, headers={"Origin": house.address})


def ask(client: httpx.Client, **told: Any) -> dict[str, Any]:
    answer = client.post("/wall/pairing", json={**SIZE, **told})
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


# --- the doors ------------------------------------------------------------------------------------


def test_the_token_comes_with_the_cookie_of_a_display_once_its_code_was_entered(
    house: House,
) -> None:
    with client(house) as display:
        asked = ask(display)
        secret = {"secret": asked["secret"]}
        assert display.post("/wall/pairing/collect", json=secret).status_code == 202
        found = house.pair(asked["code"])
        answer = display.post("/wall/pairing/collect", json=secret)
        assert (answer.status_code, answer.json()["paired"]) == (200, True)
        kept = answer.headers["set-cookie"]
        for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=34560000"):
            assert word in kept
        assert "Secure" not in kept
        wall = display.get("/wall")
        assert f"display {found.id}" in wall.text
        assert wall.headers["set-cookie"] == kept  # renewed, so that it never runs out
        assert wall.headers["cache-control"] == "no-store"


@pytest.mark.asvs("3.3.3")
def test_the_cookie_travels_over_https_only_when_it_came_so() -> None:
    assert cookie("token", {"scheme": "https"}).endswith("; Secure")


def test_a_display_with_a_token_needs_no_code(house: House) -> None:
    with client(house) as display:
        asked = ask(display)
        house.pair(asked["code"])
        display.post("/wall/pairing/collect", json={"secret": asked["secret"]})
        for path in ("/wall/pairing", "/wall/pairing/collect"):
            again = display.post(path, json={})
            assert (again.status_code, again.json()["paired"]) == (200, True)


def test_a_secret_that_nobody_has_or_whose_time_is_over_collects_nothing(house: House) -> None:
    with client(house) as display:
        unknown = display.post("/wall/pairing/collect", json={"secret": "x"})
        asked = ask(display)
        house.ahead = timedelta(minutes=11)
        late = display.post("/wall/pairing/collect", json={"secret": asked["secret"]})
    assert (unknown.status_code, late.status_code) == (404, 410)


def test_a_code_that_was_just_entered_is_not_replaced_by_a_new_one(house: House) -> None:
    with client(house) as display:
        asked = ask(display)
        house.pair(asked["code"])
        answer = display.post("/wall/pairing", json={**SIZE, "secret": asked["secret"]})
    assert answer.status_code == 409


def test_the_sixth_that_asks_from_one_address_is_told_to_wait(house: House) -> None:
    with client(house) as display:
        for _ in range(5):
            ask(display)
        answer = display.post("/wall/pairing", json=SIZE)
    assert answer.status_code == 429
    assert answer.json()["why"] == "5 layar dari alamat ini sedang menunggu"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"width": 0, "height": 1}',
        b'{"width": "wide", "height": 1}',
        b'{"width": 1920}',
        b'{"width": 1920, "height": 1080, "secret": "' + b"x" * 65 + b'"}',
        b'{"width": 1920, "height": 1080, "secret": "' + b"x" * 5_000 + b'"}',
    ],
    ids=lambda body: f"{body[:40]!r}",
)
def test_what_no_display_would_say_is_refused(house: House, body: bytes) -> None:
    with client(house) as stranger:
        assert stranger.post("/wall/pairing", content=body).status_code == 400


def test_of_what_is_far_too_long_most_is_not_even_read(house: House) -> None:
    with client(house) as stranger:
        assert stranger.post("/wall/pairing", content=b"x" * 5_000_000).status_code == 413


@pytest.mark.parametrize("path", ["/wall/pairing", "/wall/pairing/collect"])
def test_only_our_own_page_may_ask(house: House, path: str) -> None:
    for headers in ({}, {"Origin": "http://evil.example"}):
        answer = httpx.post(house.address + path, json=SIZE, headers=headers)
        assert answer.status_code == 403


@pytest.mark.asvs("16.5.1")
def test_while_the_database_is_away_nobody_is_paired_and_the_reason_is_told(
    tmp_path: Path,
) -> None:
    house = House(
        tmp_path, f"postgresql://test:{secret('secret-of-postgres')}@127.0.0.1:{free_port()}/x"
    ).start()
    with client(house) as display:
        answers = [display.post("/wall/pairing", json=SIZE)]
        answers.append(display.post("/wall/pairing/collect", json={"secret": "x"}))
        page = display.get("/wall")
    house.stop()
    for answer in answers:
        assert (answer.status_code, answer.json()["why"]) == (503, "basis data tidak menjawab")
        assert "secret" not in answer.text
    assert "Layar ini belum dipasangkan" in page.text


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser with its own cookies and memory."""
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as found:
        yield found
        for page in found.pages:
            page.unroute_all(behavior="ignoreErrors")  # a test may end while it asks


def open_wall(context: BrowserContext, house: House) -> Page:
    page = context.new_page()
    page.goto(house.address + "/wall")
    return page


CODE = "document.getElementById('code').getAttribute('aria-label')"


def code_on(page: Page, other_than: str = "") -> str:
    """The code that the display shows, when it shows one."""
    page.wait_for_function(f"other => {CODE} && {CODE} !== other", arg=other_than, timeout=10_000)
    return str(page.evaluate(CODE))


def until_told(page: Page, text: str) -> None:
    page.wait_for_selector(f"#told:has-text('{text}')", timeout=10_000)


def until_wall(page: Page, display: int) -> None:
    page.wait_for_selector(f"#wall:has-text('display {display}')", timeout=10_000)


def test_a_new_display_shows_a_code_and_becomes_a_wall_by_itself(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    code = code_on(page)
    assert len(code) == 7
    assert code[3] == "-"
    assert page.locator("h1").inner_text() == "Layar ini belum dipasangkan"
    until_told(page, "Menunggu operator memasukkan kode")
    found = house.pair(code.lower())
    assert (found.width, found.height) == (1920, 1080)
    until_wall(page, found.id)
    assert complaints == []
    (token,) = context.cookies()
    assert (token["name"], token["httpOnly"], token["sameSite"]) == (DISPLAY_COOKIE, True, "Strict")
    assert token["expires"] > house.now().timestamp() + 399 * 86_400


def test_the_token_survives_restarts_of_browser_and_server(
    house: House, chromium: Browser, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    found = house.pair(code_on(page))
    until_wall(page, found.id)
    kept = context.storage_state()
    house.stop()
    house.start()
    with chromium.new_context(storage_state=kept) as another:
        until_wall(open_wall(another, house), found.id)


def test_a_code_outlives_a_restart_of_the_server_and_the_page_says_when_it_is_away(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    code = code_on(page)
    until_told(page, "Menunggu operator")
    house.stop()
    until_told(page, "Server tidak menjawab sejak ")
    until_told(page, " WIB; terus mencoba")
    house.start()
    until_told(page, "Menunggu operator")
    assert code_on(page) == code
    until_wall(page, house.pair(code).id)


def test_the_code_is_renewed_before_it_expires(house: House, context: BrowserContext) -> None:
    page = open_wall(context, house)
    old = code_on(page)
    house.ahead = timedelta(minutes=9, seconds=45)
    new = code_on(page, other_than=old)
    with pytest.raises(LookupError):
        house.pair(old)
    until_wall(page, house.pair(new).id)


def test_after_an_outage_longer_than_the_code_holds_there_is_a_new_one(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    old = code_on(page)
    house.stop()
    house.ahead = timedelta(hours=3)
    house.start()
    until_wall(page, house.pair(code_on(page, other_than=old)).id)


def test_the_code_outlives_a_restart_of_the_display(house: House, context: BrowserContext) -> None:
    page = open_wall(context, house)
    code = code_on(page)
    for _ in range(7):  # more often than one address may ask
        page.reload()
        assert code_on(page) == code


def test_a_display_switched_off_while_its_code_is_entered_is_a_wall_when_it_comes_back(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    code = code_on(page)
    page.close()
    found = house.pair(code)
    house.ahead = timedelta(hours=2)
    until_wall(open_wall(context, house), found.id)


def test_a_lost_answer_does_not_lose_the_display(house: House, context: BrowserContext) -> None:
    page = open_wall(context, house)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            return route.continue_()
        answer = route.fetch()
        if answer.status == 200:
            lost.append(answer.status)
            context.clear_cookies()
            return route.abort()
        return route.fulfill(response=answer)

    page.route("**/wall/pairing/collect", lose)
    found = house.pair(code_on(page))
    until_wall(page, found.id)
    assert lost == [200]


def test_a_revoked_display_says_so_first_and_can_be_paired_anew(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    first = house.pair(code_on(page))
    until_wall(page, first.id)
    house.revoke(first)
    page.reload()
    assert page.locator("h1").inner_text() == "Layar ini dicabut"
    why = page.locator(".why").inner_text()
    assert why.startswith("sejak ")
    assert " WIB; kode baru memasangkannya lagi" in why
    assert "operator 1" not in page.content()  # who did it is nobody's business in that room
    second = house.pair(code_on(page), "Layar kiri")
    assert second.id != first.id
    until_wall(page, second.id)


def test_while_the_records_are_unread_a_paired_display_is_told_to_wait_and_then_shows_its_wall(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    found = house.pair(code_on(page))
    until_wall(page, found.id)
    house.stop()
    house.lame = True
    house.start()
    page.reload()
    assert page.locator("h1").inner_text() == "Layar ini sedang dikenali"
    until_told(page, "basis data tidak menjawab")
    house.run(house.displays.load())
    until_wall(page, found.id)


def test_a_browser_that_keeps_no_cookie_is_told_so(house: House, context: BrowserContext) -> None:
    page = open_wall(context, house)

    def forgetful(route: Route) -> None:
        answer = route.fetch()
        context.clear_cookies()
        route.fulfill(status=answer.status, body=answer.body())

    page.route("**/wall/pairing/collect", forgetful)
    code = code_on(page)
    house.pair(code)
    assert code_on(page, other_than=code)
    until_told(page, "Peramban ini tidak menyimpan kuki")


def test_another_build_loads_the_page_anew_with_the_same_code(
    house: House, context: BrowserContext
) -> None:
    page = open_wall(context, house)
    code = code_on(page)
    house.stop()
    house.build = "two"
    house.start()
    page.wait_for_selector("meta[name=build][content=two]", state="attached", timeout=10_000)
    assert code_on(page) == code


def test_a_display_whose_clock_is_an_hour_off_shows_the_right_time(
    house: House, context: BrowserContext
) -> None:
    context.add_init_script("const right = Date.now; Date.now = () => right() + 3600000;")
    page = open_wall(context, house)
    code_on(page)
    held = page.locator("#holds").inner_text()
    assert held in ("Kode ini berlaku 10:00 lagi", "Kode ini berlaku 9:59 lagi")
    shown = page.evaluate("commandcenter.now()") / 1000
    assert abs(shown - house.now().timestamp()) < 5


def test_the_page_speaks_english_when_asked_to(house: House, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(house.address + "/wall?lang=en")
    code_on(page)
    assert page.locator("h1").inner_text() == "This display is not paired yet"
    until_told(page, "Waiting for an operator to enter the code")


@pytest.mark.parametrize("kind", ["new", "revoked", "silent"])
def test_the_page_fits_every_screen_and_is_read_from_across_the_room(
    house: House, context: BrowserContext, kind: str
) -> None:
    page = open_wall(context, house)
    code_on(page)
    if kind == "revoked":
        found = house.pair(code_on(page))
        until_wall(page, found.id)
        house.revoke(found)
        page.reload()
        code_on(page)
    until_told(page, "Menunggu operator")
    if kind == "silent":
        page.route("**/wall/pairing/**", lambda route: route.abort())
        until_told(page, "Server tidak menjawab")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(FLAWS) == [], (width, height)


FLAWS = """() => {
  const [width, height] = [innerWidth, innerHeight];
  const flaws = [];
  for (const place of document.querySelectorAll("#code b")) place.textContent = "W"; // the widest
  for (const e of document.querySelectorAll(".pairing *:not(noscript)")) {
    const box = e.getBoundingClientRect();
    if (!e.offsetWidth || getComputedStyle(e).display === "none") continue;
    const out = box.left < 0 || box.top < 0 || box.right > width || box.bottom > height;
    const name = e.tagName + "#" + e.id + " " + e.textContent.slice(0, 20);
    if (out) flaws.push("outside: " + name);
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth) flaws.push("clipped: " + name);
    const size = parseFloat(getComputedStyle(e).fontSize);
    if ([...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && size < height / 90) {
      flaws.push("small: " + name + " " + size);
    }
  }
  const boxes = (which) => [...document.querySelectorAll(which)]
    .map((e) => e.getBoundingClientRect()).filter((box) => box.height);
  const [header, , footer] = boxes(".pairing > *");
  for (const box of boxes(".pairing section > *")) {
    if (box.top < header.bottom || box.bottom > footer.top) flaws.push("over the edge");
  }
  return flaws;
}"""
