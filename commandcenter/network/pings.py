"""The pings of one look: one run for all who are pinged, and one more for those who stay silent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from commandcenter.network.icmp import Probe, ProbeFailed, Reach

_TRIES, _LONGER = 2, 2.5  # the second run: so many pings, and so many times the patience


class Pings:
    """A run of the ping tool that many looks wait for. When the tool does not work, `trouble` says
    why, and of those who were to be pinged nothing is known."""

    def __init__(self, probe: Probe) -> None:
        self.name, self.conclusive = probe.name, probe.conclusive
        self.trouble = ""
        self._probe = probe
        self._run: asyncio.Task[dict[str, Reach]] | None = None

    def start(self, addresses: Collection[str]) -> None:
        """Ping all of these at once."""
        self._run = asyncio.create_task(self._reach(self._probe, addresses))

    async def reach(self, address: str) -> Reach | None:
        """What came back from one of them; None: the tool does not work."""
        return (await asyncio.shield(self._run)).get(address) if self._run else None

    async def more(self, addresses: Collection[str]) -> dict[str, Reach]:
        """What came back from those that were silent and answer now: over a line that is full, or a
        satellite, that takes seconds."""
        if not addresses or self.trouble:
            return {}
        patient = replace(self._probe, pings=_TRIES, timeout=_LONGER * self._probe.timeout)
        found = await self._reach(patient, addresses)
        return {address: reach for address, reach in found.items() if reach.rtt_ms is not None}

    async def close(self) -> None:
        """End what still runs."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)

    async def _reach(self, probe: Probe, addresses: Collection[str]) -> dict[str, Reach]:
        try:
            return await probe.reach(addresses)
        except ProbeFailed as error:
            self.trouble = f"alat ping tidak bekerja: {error}"
            return {}
