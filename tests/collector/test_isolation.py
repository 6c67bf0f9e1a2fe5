"""One bad thing never blinds its feed."""

from __future__ import annotations

import asyncio

import pytest

from commandcenter.feed import Desk, NotSeen, SourceDown
from tests.conftest import Tray


async def look(thing: int) -> int:
    await asyncio.sleep(0)
    return 12 // thing


async def test_what_one_thing_raises_costs_only_itself_and_is_told_once(
    desk: Desk, tray: Tray
) -> None:
    things = {"a": 3, "b": 0, "c": 4}
    for _ in range(2):
        found = {key: told async for key, told in desk.each(look, things)}
    assert (found["a"], found["c"]) == (4, 3)
    assert isinstance(found["b"], NotSeen)
    assert "ZeroDivisionError" in found["b"].why
    [(source, reason, _)] = tray.kept
    assert source == "b"
    assert "ZeroDivisionError" in reason


async def test_what_concerns_the_whole_source_is_told_of_the_source(desk: Desk) -> None:
    async def fall(_: int) -> int:
        raise SourceDown("kabel putus")

    with pytest.raises(SourceDown, match="kabel putus"):
        [_ async for _ in desk.each(fall, {"a": 1, "b": 2})]


async def test_whoever_stops_listening_leaves_no_look_behind(desk: Desk) -> None:
    ended = []

    async def wait(thing: int) -> int:
        try:
            await asyncio.sleep(3600 * thing)
        finally:
            ended.append(thing)
        return thing

    looks = desk.each(wait, {"quick": 0, "slow": 1})
    assert (await anext(looks))[0] == "quick"
    await looks.aclose()
    assert sorted(ended) == [0, 1]
