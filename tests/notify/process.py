"""The process `notify` in little: its arguments are the addresses of records and Redis. The
channel's address comes in the environment."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from commandcenter.bus import Bus
from commandcenter.language import Language
from commandcenter.notify.notifier import Notifier
from commandcenter.notify.roster import Roster
from commandcenter.records.database import Records
from tests.notify.conftest import ZONE, channel


async def main(records_url: str, redis_url: str) -> None:
    notifier = Notifier(
        Records(records_url),
        Bus(redis_url),
        Roster(zone=ZONE, channels=[channel(most_per_minute=60)]),
        Language("en", ZONE),
        lambda: datetime.now(UTC),
    )
    notifier.every = 0.02
    await notifier.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
