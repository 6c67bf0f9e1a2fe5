"""Ears in a process of the test session: what it logs, what its children say, what our own doors
answer to refusals and exports, what lies in PostgreSQL; and what in it is a secret."""

from __future__ import annotations

import functools
import http.client
import logging
import secrets
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Error, Response

from commandcenter.logs import Redacted
from commandcenter.records import tables
from commandcenter.records.database import Records
from commandcenter.secret import Secret
from tests.leaks.registry import HERE, THIS

TOLD_TO_ALL = ("/metrics", "/readyz", "/openapi.json", ".csv", ".ics")  # whatever the status
_LOGS = ("reject", "audit_log", "incident_log", "display_log", "outbox")
_FORMAT = Redacted("%(levelname)s %(message)s")


def listen() -> None:
    """From now on, for as long as this process lives."""
    _around(logging.Logger, "callHandlers", _log)
    _around(subprocess.Popen, "communicate", _child)
    _around(httpx.Client, "send", _answer)
    _around_async(httpx.AsyncClient, "send", _answer)
    _around(http.client.HTTPResponse, "read", _read)
    _around(Browser, "new_context", _browser)
    _around(Secret, "reveal", _revealed)
    _around(secrets, "token_urlsafe", _issued)
    _before(Records, "close", _postgres)


# --- what is said ---------------------------------------------------------------------------------


def _log(_: Any, __: logging.Logger, record: logging.LogRecord) -> None:
    """As it stands in the log of a real process: formatted, with its traceback."""
    THIS.told(f"log of {_place(record.pathname)}:{record.lineno}", _FORMAT.format(record))


def _child(told: tuple[Any, Any], child: Any, *_: Any, **__: Any) -> None:
    """What a program of ours says that a test has started."""
    words = child.args
    if not isinstance(words, (list, tuple)) or str(words[0]) != sys.executable:
        return
    for name, text in zip(("output", "errors"), told, strict=True):
        THIS.told(f"{name} of a child", _text(text))


def _answer(answer: httpx.Response, *_: Any, **__: Any) -> None:
    """What our doors answer to programs; and the tokens that they give out."""
    for given in answer.headers.get_list("set-cookie"):
        name, value = given.partition(";")[0].split("=", 1)
        THIS.may_be_secret(value, f"cookie {name}")
    if answer.is_stream_consumed and _wanted(answer.status_code, str(answer.url)):
        THIS.told(f"answer {answer.status_code} of {_path(str(answer.url))}", answer.text)


def _read(body: bytes, answer: http.client.HTTPResponse, *_: Any, **__: Any) -> None:
    url = getattr(answer, "url", "")  # set by urllib
    if _wanted(answer.status, url):
        THIS.told(f"answer {answer.status} of {_path(url)}", _text(body))


def _browser(context: BrowserContext, *_: Any, **__: Any) -> None:
    context.on("response", _page)


def _page(answer: Response) -> None:
    """What a browser is told. Its own cookies are for a test to declare."""
    if _wanted(answer.status, answer.url):
        with suppress(Error):  # the page is gone, or there is no body
            THIS.told(f"answer {answer.status} of {_path(answer.url)}", answer.text())


def _postgres(records: Records) -> None:
    """Tray and logs of a PostgreSQL, which the next test empties; SQLite's files stay."""
    if records.engine.dialect.name != "postgresql":
        return
    with suppress(sa.exc.SQLAlchemyError), records.engine.connect() as connection:
        for name in _LOGS:
            table = tables.metadata.tables.get(name)
            rows = connection.execute(sa.select(table)).mappings() if table is not None else ()
            for row in rows:
                for column, cell in row.items():
                    THIS.told(f"PostgreSQL {name}.{column}", _text(cell))


# --- what is secret -------------------------------------------------------------------------------


def _revealed(value: str, reference: Secret, *_: Any) -> None:
    THIS.may_be_secret(value, f"{reference.reference}")
    with suppress(ValueError):
        THIS.may_be_secret(urlsplit(value).password or "", f"password in {reference.reference}")


def _issued(value: str, *_: Any) -> None:
    frame = sys._getframe(2)
    THIS.may_be_secret(value, f"token of {_place(frame.f_code.co_filename)}:{frame.f_lineno}")


# --- how one listens ------------------------------------------------------------------------------


def _around(owner: Any, name: str, hear: Callable[..., None]) -> None:
    """`hear(result, *arguments)` after each call of `owner.name`."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def heard(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        hear(result, *args, **kwargs)
        return result

    setattr(owner, name, heard)


def _around_async(owner: Any, name: str, hear: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    async def heard(*args: Any, **kwargs: Any) -> Any:
        result = await original(*args, **kwargs)
        hear(result, *args, **kwargs)
        return result

    setattr(owner, name, heard)


def _before(owner: Any, name: str, hear: Callable[..., None]) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def heard(*args: Any, **kwargs: Any) -> Any:
        hear(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(owner, name, heard)


def _wanted(status: int, url: str) -> bool:
    asked = urlsplit(url)
    told = status >= 400 or asked.path.endswith(TOLD_TO_ALL)
    return told and asked.netloc not in THIS.others


def _path(url: str) -> str:
    """The first part of it: the rest may be the very secret, as the test itself has asked."""
    return "/" + urlsplit(url).path[1:].partition("/")[0]


def _place(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(HERE)) if path.is_relative_to(HERE) else path.name


def _text(told: Any) -> str:
    if isinstance(told, (bytes, bytearray, memoryview)):
        return bytes(told).decode(errors="replace")
    return "" if told is None else str(told)
