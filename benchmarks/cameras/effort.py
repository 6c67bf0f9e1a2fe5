"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.cameras.films import MAIN, SUB, TOY, Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Times in seconds."""

    main: Quality = MAIN
    sub: Quality = SUB
    counts: tuple[int, ...] = (1, 8, 16, 32, 64)
    seconds: float = 40.0
    """How long each wall of cameras is watched."""
    every: float = 5.0
    beside: int = 8
    """Cameras that ours and the rivals read in turn."""
    times: int = 10
    """How often a camera goes and returns, or freezes."""
    dead: int = 16
    healthy: int = 16
    injections: int = 20


QUICK = Effort(
    main=TOY, sub=TOY, counts=(2,), seconds=2.0, every=1.0, beside=1, times=1, dead=2, healthy=2,
    injections=1,
)  # fmt: skip
