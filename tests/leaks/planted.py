"""A suite that says a secret in each of its tests, every time elsewhere or in another shape.

Not collected by itself: test_leaks.py runs it in a session of its own. The secret of a test is
made from its name and has every character that other languages write differently.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from pytest_asyncio import fixture
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from commandcenter.intake import intake_app
from commandcenter.records.database import Records
from commandcenter.records.rejects import keep as put_aside
from commandcenter.secret import Secret
from tests import leaks
from tests.intake.listener import listening


@pytest.fixture
def planted(request: pytest.FixtureRequest) -> str:
    """This test's own secret."""
    word = request.node.name
    return leaks.secret(f'{word} ä/b+c"<d>', name=f"planted by {word}")


def test_silence(planted: str, tmp_path: Path) -> None:
    """Says nothing: what a test reads or is configured with is no leak."""
    (tmp_path / "config.toml").write_text(planted, encoding="utf-8")
    logging.getLogger("feeds").warning("public is an ordinary word")


@pytest.mark.parametrize("word", ["parameter-of-a-silence"])
def test_silence_about_a_parameter(word: str) -> None:
    """Says nothing either, though pytest calls the test by its secret."""
    leaks.secret(word)
    logging.getLogger("feeds").warning("not said")


async def test_silence_of_others(planted: str, door: str) -> None:
    """A server that is not ours may say what it likes."""
    leaks.not_ours(door.removeprefix("http://"))
    async with httpx.AsyncClient() as client:
        await client.get(f"{door}/refused", headers=saying(planted, 403))


# --- logs and output ------------------------------------------------------------------------------


def test_log(planted: str) -> None:
    logging.getLogger("feeds").warning("camera says %s", planted)


def test_log_that_goes_nowhere(planted: str) -> None:
    logger = logging.getLogger("quiet")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    logger.warning(planted)


def test_traceback(planted: str) -> None:
    try:
        raise ValueError(f"no entry with {planted}")
    except ValueError:
        logging.getLogger("feeds").exception("it failed")


def test_output(planted: str) -> None:
    sys.stdout.write(planted)


def test_output_of_a_child(planted: str) -> None:
    command = [sys.executable, "-c", "import sys; print(sys.argv[1])", planted]
    subprocess.run(command, capture_output=True, check=True)


def test_errors_of_a_child(planted: str) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(sys.argv[1])", planted]
    subprocess.run(command, check=False)


def test_log_of_a_site(planted: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"one\ntwo {planted}\n", encoding="utf-8")


def test_file_that_was_named(planted: str) -> None:
    path = Path(os.environ["NAMED"])
    leaks.keep(path).write_text(planted, encoding="utf-8")


# --- what doors answer ----------------------------------------------------------------------------


@fixture
async def door() -> AsyncIterator[str]:
    """The address of a server that answers with whatever is asked for."""

    async def echo(request: Request) -> Response:
        told = base64.b64decode(request.headers["x-say"]).decode()
        return PlainTextResponse(told, int(request.headers["x-status"]))

    app = Starlette(routes=[Route("/{path:path}", echo)])
    async with listening(intake_app(app.routes, lambda *_: None)) as port:
        yield f"http://127.0.0.1:{port}"


def saying(text: str, status: int) -> dict[str, str]:
    return {"x-say": base64.b64encode(text.encode()).decode(), "x-status": str(status)}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/refused", 403),
        ("/metrics", 200),
        ("/console/history.csv", 200),
        ("/maintenance.ics", 200),
        ("/api/v1/openapi.json", 200),
    ],
)
async def test_answer(planted: str, door: str, path: str, status: int) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(door + path, headers=saying(planted, status))


async def test_answer_for_urllib(planted: str, door: str) -> None:
    def ask() -> None:
        asked = urllib.request.Request(door + "/readyz", headers=saying(planted, 503))
        try:
            urllib.request.urlopen(asked)
        except urllib.error.HTTPError as error:
            error.read()

    await asyncio.to_thread(ask)


# --- what is kept ---------------------------------------------------------------------------------


async def test_tray(planted: str, records: Records) -> None:
    facts = {"at": datetime.now(UTC), "feed": "x", "source": "y"}
    await records.write(put_aside, reason=f"not {planted}", **facts)  # type: ignore[arg-type]


# --- shapes ---------------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[str], str]] = {
    "json": json.dumps,
    "python": repr,
    "url": lambda s: quote(s, safe=""),
    "path": quote,
    "query": quote_plus,
    "html": html.escape,
    "base64": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "base64 by one": lambda s: base64.b64encode(f"a{s} and more".encode()).decode(),
    "base64 by two": lambda s: base64.urlsafe_b64encode(f"ab{s}".encode()).decode(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(planted: str, shape: str) -> None:
    sys.stdout.write(f"x{SHAPES[shape](planted)}x")


# --- secrets that nobody declared -----------------------------------------------------------------


def test_revealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_HERE", "revealed-by-the-test")
    sys.stdout.write(Secret("env:PLANTED_HERE").reveal())


def test_password_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_ADDRESS", "json://robot:word-in-an-address@127.0.0.1/")
    Secret("env:PLANTED_ADDRESS").reveal()
    sys.stdout.write("the gateway refused word-in-an-address")


def test_issued() -> None:
    sys.stdout.write(secrets.token_urlsafe(32))


@fixture
async def giver() -> AsyncIterator[str]:
    async def give(_: Request) -> Response:
        answer = PlainTextResponse("")
        answer.set_cookie("session", "given-as-a-cookie")
        return answer

    async with listening(intake_app([Route("/", give)], lambda *_: None)) as port:
        yield f"http://127.0.0.1:{port}"


async def test_cookie(giver: str) -> None:
    async with httpx.AsyncClient() as client:
        await client.get(giver)
    sys.stdout.write("it was given-as-a-cookie")
