"""The complaints desk of a web portal: tells the command centre by a signed webhook.

X-Signature-256 is "sha256=" and the hexadecimal HMAC-SHA256 of X-Timestamp, a dot and the body.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from commandcenter.demo.complaints import LONGEST, Case, Casebook
from commandcenter.demo.workday import ZONE

_PAUSE = 5.0  # seconds between two looks into the book
_BETWEEN = 0.1  # seconds between two posts
_BACK_OFF = 15.0  # seconds after a failure
_NEVER = (400, 409, 413, 422)  # telling the same again will not help


@dataclass
class Portal:
    """Posts every complaint of the "webhook" door, and again whenever its stage changes.

    It remembers in a file which ones it has told as open, so that after a pause it also tells
    those that were closed meanwhile.
    """

    book: Casebook
    url: str
    secret: str
    now: Callable[[], datetime]
    memory: Path

    async def run(self) -> None:
        """Post for ever."""
        told: dict[int, str] = {}
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                try:
                    for case, stage in self.untold(told):
                        await self.post(client, case, stage)
                        told[case.number] = stage
                        self._remember(told)
                        await asyncio.sleep(_BETWEEN)
                    await asyncio.sleep(_PAUSE)
                except httpx.HTTPError:
                    await asyncio.sleep(_BACK_OFF if told else _PAUSE)

    def untold(self, told: dict[int, str]) -> Iterator[tuple[Case, str]]:
        """The complaints whose stage differs from what was told, oldest first."""
        now = self.now()
        midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        recent = list(self.book.received(now - LONGEST, now))
        due = {c.number: c for c in recent if c.door == "webhook" and c.closed_at > midnight}
        due |= {number: self.book.case(number) for number in self._told_open()}
        for _, case in sorted(due.items()):
            if told.get(case.number) != case.stage(now):
                yield case, case.stage(now)

    async def post(self, client: httpx.AsyncClient, case: Case, stage: str) -> None:
        """Tell one complaint. Raises httpx.HTTPError when it must be told again."""
        body = orjson.dumps(as_json(case, stage))
        answer = await client.post(self.url, content=body, headers=self.sign(body))
        if answer.status_code not in _NEVER:
            answer.raise_for_status()

    def sign(self, body: bytes) -> dict[str, str]:
        """The headers of a signed post."""
        stamp = str(int(self.now().timestamp()))
        signed = hmac.new(self.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
        return {
            "Content-Type": "application/json",
            "X-Timestamp": stamp,
            "X-Signature-256": f"sha256={signed.hexdigest()}",
        }

    def _told_open(self) -> list[int]:
        try:
            return [int(number) for number in orjson.loads(self.memory.read_bytes())]
        except (OSError, ValueError):
            return []

    def _remember(self, told: dict[int, str]) -> None:
        known_open = [number for number, stage in told.items() if stage != "closed"]
        before = [number for number in self._told_open() if number not in told]
        self.memory.write_bytes(orjson.dumps(sorted(known_open + before)))


def as_json(case: Case, stage: str) -> dict[str, Any]:
    """A complaint as the portal tells it."""
    about = case.about
    closed = {"closed_at": case.closed_at.isoformat()} if stage == "closed" else {}
    return {
        "id": str(case.number),
        "title": about.title,
        "description": about.description,
        "category": about.category,
        "agency": about.agency,
        "address": about.address,
        "lat": about.latitude,
        "long": about.longitude,
        "stage": stage,
        "received_at": case.received_at.isoformat(),
        **closed,
    }
