"""Requests begin one after the other, and who asks takes turns."""

from __future__ import annotations

import asyncio

from commandcenter.web.turns import Turns


async def begun(turns: Turns, *sources: str) -> tuple[list[str], list[int]]:
    """In which order requests of these sources begin, and in which turns of the loop."""
    order: list[str] = []
    turn, turns_of = 0, []

    async def one(source: str) -> None:
        await turns.begin(source)
        order.append(source)
        turns_of.append(turn)

    tasks = [asyncio.create_task(one(source)) for source in sources]
    while not all(task.done() for task in tasks):
        turn += 1
        await asyncio.sleep(0)
    return order, turns_of


async def test_one_begins_in_each_turn_of_the_loop() -> None:
    order, at = await begun(Turns(), "a", "a", "a", "a")
    assert len(order) == len(set(at)) == 4


async def test_who_asks_a_lot_waits_for_who_asks_once() -> None:
    order, _ = await begun(Turns(), *["flood"] * 50, "passer-by", *["flood"] * 50)
    assert order.index("passer-by") <= 2


async def test_when_nobody_asks_a_request_begins_at_once() -> None:
    turns = Turns()
    for _ in range(3):
        _, at = await begun(turns, "a")
        assert at == [1]


async def test_who_has_gone_takes_no_turn() -> None:
    turns = Turns()
    await turns.begin("a")
    gone = [asyncio.create_task(turns.begin("b")) for _ in range(10)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    order, at = await begun(turns, "c")
    assert order == ["c"]
    assert at[0] <= 3
