"""Other houses on loopback: a directory and a provider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.idp import CLIENT_SECRET, Forger
from tests.access.slapd import Slapd
from tests.conftest import Clock


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """A directory for all tests; whoever freezes it thaws it."""
    server = Slapd()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def forger(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forger]:
    """A provider that says whatever a test wants; its clock is the test's."""
    monkeypatch.setenv("OIDC_SECRET", CLIENT_SECRET)
    provider = Forger(clock)
    provider.start()
    yield provider
    provider.stop()
