"""What the world sends beside what it should: a spreadsheet with rows that nobody can use, and a
device that asks where nothing listens. docs/honesty.md names them, with those of other devices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from commandcenter.demo.machines import Server
from commandcenter.demo.workday import ZONE

INBOX = Path("var/inbox/complaints")
_AGAIN = 1800.0  # seconds


async def run(inbox: Path, server: Server, now: Callable[[], datetime]) -> None:
    """Once now, and every half hour."""
    while True:
        await asyncio.to_thread(hand_in, inbox, now())
        await knock(server)
        await asyncio.sleep(_AGAIN)


def hand_in(inbox: Path, now: datetime) -> Path | None:
    """The list that a kelurahan keeps by hand, put into the inbox once a day; None when it was."""
    day = now.astimezone(ZONE)
    name = f"kelurahan-mendawai-{day:%Y-%m-%d}.csv"
    if list(inbox.glob(f"**/*{name}*")):
        return None
    path = inbox / name
    inbox.mkdir(parents=True, exist_ok=True)
    path.write_text(rows(day), encoding="utf-8")
    return path


def rows(day: datetime) -> str:
    """Two rows that can be used, one of a day that there is not, and a number that a spreadsheet
    has cut."""
    return (
        "REKAP ADUAN KELURAHAN MENDAWAI\n\n"
        "Nomor;Tanggal;Judul;Status\n"
        f"KM-1;{day:%d/%m/%Y};Lampu jalan padam di RT 04;Diproses\n"
        f"KM-2;{day:%d/%m/%Y};Saluran air tersumbat;Baru\n"
        "KM-3;32 Januari 2026;Sampah menumpuk;Baru\n"
        f"2,02511E+14;{day:%d/%m/%Y};Jalan berlubang;Baru\n"
    )


async def knock(server: Server) -> None:
    """A machine of another make asks for its own protocol."""
    with suppress(OSError, ValueError, EOFError, TimeoutError):
        await server.ask("GET", "/hdata.aspx")
