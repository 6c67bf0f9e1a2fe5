"""An interface's counters, and how far they came between two looks (IF-MIB, RFC 2863)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

UP, DOWN, TESTING, UNKNOWN, DORMANT, NOT_PRESENT, LOWER_LAYER_DOWN = range(1, 8)  # ifOperStatus
_WRAP_SLACK = 360_000  # a sysUpTime that went back has wrapped when under an hour has passed since
_SLACK = 60.0  # seconds: an agent may copy its counters so seldom, and then tell all at once
_FASTEST = 1e12  # bit/s, where the agent does not tell a speed
_SUDDEN = 4.0  # so many times faster than before, a wrap is no longer believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One interface as its agent told it in one PDU. None: not told."""

    interface: int  # ifIndex
    name: str = ""
    oper_status: int | None  # ifOperStatus
    uptime_ticks: int | None  # sysUpTime, 1/100 s
    discontinuity_ticks: int | None  # ifCounterDiscontinuityTime
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None
    out_errors: int | None
    octet_bits: int = 64  # width of the octet counters
    speed_bps: float | None = None
    at: float | None = None  # seconds on our own clock, at the answer
    within: float = 0.0  # seconds before that in which the agent may have counted
    rtt_ms: float = 0.0  # of the try that was answered
    lost: int = 0  # tries before it that were not

    @property
    def up(self) -> bool:
        """The interface passes packets, or does not say: many tunnels and bridges do not."""
        return self.oper_status in (UP, UNKNOWN, None)

    @property
    def uptime_seconds(self) -> float | None:
        """How long the agent has been running."""
        return None if self.uptime_ticks is None else self.uptime_ticks / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What went through an interface. None: not told."""

    in_bps: float | None
    out_bps: float | None
    errors_per_second: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How far the counters came in so many seconds. None: not told."""

    seconds: float = 0.0
    into: int | None = 0
    out: int | None = 0
    errors: int | None = 0

    def __add__(self, other: Self) -> Growth:
        return Growth(
            seconds=self.seconds + other.seconds,
            into=_sum(self.into, other.into),
            out=_sum(self.out, other.out),
            errors=_sum(self.errors, other.errors),
        )

    @property
    def moved(self) -> bool:
        """Something went through."""
        return bool(self.into or self.out)

    @property
    def rates(self) -> Rates | None:
        """Per second; None for no time at all."""
        if not self.seconds:
            return None
        return Rates(
            in_bps=None if self.into is None else self.into * 8 / self.seconds,
            out_bps=None if self.out is None else self.out * 8 / self.seconds,
            errors_per_second=None if self.errors is None else self.errors / self.seconds,
        )


def restarted(before: Sample, after: Sample) -> bool:
    """The agent began anew in between: its sysUpTime went back, and did not wrap (497 days)."""
    old, new = before.uptime_ticks, after.uptime_ticks
    if old is None or new is None or new >= old:
        return False
    return (new - old) % 2**32 > _WRAP_SLACK


def comparable(before: Sample, after: Sample) -> bool:
    """The counters of both are of the same row since the same start."""
    same = (before.interface, before.octet_bits) == (after.interface, after.octet_bits)
    return same and not restarted(before, after)


def ambiguous(before: Sample, after: Sample, speed: float | None) -> bool:
    """Counters of 32 bits may have wrapped more than once in between: at 1 Gb/s in 34 seconds."""
    if after.octet_bits > 32 or not speed:
        return False
    return (elapsed(before, after) or 0) * speed / 8 >= 2**32


def growth(
    before: Sample, after: Sample, usual: Rates | None = None, speed: float | None = None
) -> Growth | None:
    """How far the counters came between two comparable samples.

    None when they were cleared in between, or jumped further than a line of `speed` bit/s can
    carry. A counter that went back has wrapped only if that fits to the `usual` rates: set back to
    zero by a redial it looks the same (32 bits hold 343 seconds at 100 Mb/s).
    """
    seconds = elapsed(before, after)
    if not seconds:
        return None
    back = [_went_back(before.in_octets, after.in_octets)]
    back += [_went_back(before.out_octets, after.out_octets)]
    into = _grown(before.in_octets, after.in_octets, after.octet_bits)
    out = _grown(before.out_octets, after.out_octets, after.octet_bits)
    fits = (
        not all(back)
        and (not back[0] or _wrapped(into, seconds, usual.in_bps if usual else None))
        and (not back[1] or _wrapped(out, seconds, usual.out_bps if usual else None))
    )
    most = (speed or _FASTEST) * (seconds + _SLACK) / 8
    if not fits or max(into or 0, out or 0) > most:
        return None
    errors = [
        None if _went_back(old, new) else _grown(old, new, 32)
        for old, new in (
            (before.in_errors, after.in_errors),
            (before.out_errors, after.out_errors),
        )
    ]
    told = [count for count in errors if count is not None]
    return Growth(seconds=seconds, into=into, out=out, errors=sum(told) if told else None)


def elapsed(before: Sample, after: Sample) -> float | None:
    """Seconds between two samples by the agent's clock, which knows when it counted; by ours when
    the agent's stands still, runs wild or is not told."""
    told = None
    if before.uptime_ticks is not None and after.uptime_ticks is not None:
        told = (after.uptime_ticks - before.uptime_ticks) % 2**32 / 100
    if before.at is None or after.at is None:
        return told
    own, slack = after.at - before.at, before.within + after.within
    return told if told and own / 2 - slack < told < own * 2 + slack else own


def _went_back(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after < before


def _grown(before: int | None, after: int | None, bits: int) -> int | None:
    return None if before is None or after is None else (after - before) % 2**bits


def _wrapped(grown: int | None, seconds: float, usual: float | None) -> bool:
    return grown is not None and bool(usual) and grown * 8 / seconds <= _SUDDEN * (usual or 0)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
