"""A person at the desk, and displays that ask."""

from __future__ import annotations

import pytest

from commandcenter.records.database import Records
from commandcenter.records.displays import Act, Display
from commandcenter.records.pairing import Asking, ask, claim_code
from tests.conftest import NOW

OPERATOR = Act(who="operator 1", at=NOW, source_address="127.0.0.1")


async def asking(records: Records, address: str = "10.1.1.7") -> Asking:
    """A display that shows a code."""
    return await records.write(ask, NOW, address=address, width=3840, height=2160)


async def paired(records: Records, name: str = "Layar depan") -> tuple[Asking, Display]:
    """A display whose code was entered."""
    asked = await asking(records)
    found = await records.write(
        claim_code, OPERATOR, asked.code, name=name, room="Ruang komando", wall="utama"
    )
    assert found is not None
    return asked, found


@pytest.fixture
def act() -> Act:
    return OPERATOR
