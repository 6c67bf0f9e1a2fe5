"""An interface's counters, and what went through it between two looks (IF-MIB, RFC 2863)."""

from __future__ import annotations

from dataclasses import dataclass

_UP, _UNKNOWN = 1, 4  # ifOperStatus
_WRAP_SLACK = 360_000  # a sysUpTime that went back has wrapped when under an hour has passed since


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One interface as its agent told it in one PDU."""

    interface: int  # ifIndex
    oper_status: int  # ifOperStatus
    uptime_ticks: int  # sysUpTime, 1/100 s
    discontinuity_ticks: int | None  # ifCounterDiscontinuityTime
    in_octets: int | None
    out_octets: int | None
    in_errors: int | None
    out_errors: int | None
    octet_bits: int = 64  # width of the octet counters
    rtt_ms: float = 0.0  # of the try that was answered
    lost: int = 0  # tries before it that were not

    @property
    def up(self) -> bool:
        """The interface passes packets, or does not say."""
        return self.oper_status in (_UP, _UNKNOWN)  # tunnels and bridges on many routers

    @property
    def uptime_seconds(self) -> float:
        """How long the agent has been running."""
        return self.uptime_ticks / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What went through an interface between two samples. None: not told."""

    in_bps: float | None
    out_bps: float | None
    errors_per_second: float | None


def rates(before: Sample, after: Sample) -> Rates | None:
    """What happened between two samples, by the agent's own clock.

    None when they cannot be compared: the agent restarted, its counters jumped, another interface,
    or the same moment told twice. Counters and sysUpTime may wrap once in between.
    """
    ticks = _elapsed(before.uptime_ticks, after.uptime_ticks)
    if not ticks or _series(before) != _series(after):
        return None
    into = _grown(before.in_octets, after.in_octets, after.octet_bits)
    out = _grown(before.out_octets, after.out_octets, after.octet_bits)
    bad_in = _grown(before.in_errors, after.in_errors, 32)
    bad_out = _grown(before.out_errors, after.out_errors, 32)
    bad = None if bad_in is None and bad_out is None else (bad_in or 0) + (bad_out or 0)
    return Rates(
        in_bps=None if into is None else into * 800 / ticks,
        out_bps=None if out is None else out * 800 / ticks,
        errors_per_second=None if bad is None else bad * 100 / ticks,
    )


def _series(sample: Sample) -> tuple[int, int | None, int]:
    return sample.interface, sample.discontinuity_ticks, sample.octet_bits


def _elapsed(before: int, after: int) -> int | None:
    """Ticks between two sysUpTimes; None when it went back because the agent restarted."""
    ticks = (after - before) % 2**32
    return None if after < before and ticks > _WRAP_SLACK else ticks


def _grown(before: int | None, after: int | None, bits: int) -> int | None:
    """How far a counter came; None when it went back further than a wrap explains."""
    if before is None or after is None:
        return None
    grown = (after - before) % 2**bits
    return grown if grown < 2 ** (bits - 1) else None
