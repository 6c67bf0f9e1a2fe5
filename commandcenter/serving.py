"""Serving HTTP with uvicorn as one task among others of a process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn

log = logging.getLogger(__name__)

RETRY = 2.0  # seconds until a port that somebody else has is tried again


class AddressTaken(RuntimeError):
    """Somebody else listens there. The text says what to do."""


async def serve(settings: uvicorn.Config, what: str) -> None:
    """Serve until cancelled; then end running requests, as long as `settings` allow.

    `what` is the table of config.toml that names the address. Raises AddressTaken.
    """
    sockets = [_listen(settings.host, settings.port, what)]
    server = _Server(settings)
    serving = asyncio.create_task(server.serve(sockets))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise


async def serve_patiently(settings: uvicorn.Config, what: str) -> None:
    """Serve; while somebody else has the port, tell it once and try again: other work goes on."""
    told = False
    while True:
        try:
            return await serve(settings, what)
        except AddressTaken as error:
            if not told:
                log.error("%s", error)
            told = True
            await asyncio.sleep(RETRY)


def _listen(host: str, port: int, what: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise AddressTaken(
            f"{what} cannot listen on {host}:{port}: {error.strerror}; "
            f"end the program that has it, or change [{what}] in config.toml"
        ) from error


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals belong to the process: uvicorn would raise them again at its end
