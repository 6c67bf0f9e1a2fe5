"""Questions take turns, and silent devices hold up nobody."""

from __future__ import annotations

import asyncio

from commandcenter.network.places import Places


async def test_so_many_ask_at_a_time_and_no_more() -> None:
    places, most, asking = Places(3, patience=60), 0, 0

    async def ask() -> None:
        nonlocal most, asking
        async with places.one():
            asking += 1
            most = max(most, asking)
            await asyncio.sleep(0)
            asking -= 1

    await asyncio.gather(*(ask() for _ in range(20)))
    assert most == 3


async def test_silent_devices_hold_up_nobody() -> None:
    places, never = Places(2, patience=0.01), asyncio.Event()

    async def ask_in_vain() -> None:
        async with places.one():
            await never.wait()

    silent = [asyncio.create_task(ask_in_vain()) for _ in range(20)]
    async with asyncio.timeout(10), places.one():
        pass
    never.set()
    await asyncio.gather(*silent)
    async with asyncio.timeout(10), places.one(), places.one():
        pass  # each place was given back once
