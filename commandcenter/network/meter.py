"""What goes through an interface, out of samples of an agent that may copy its counters seldom.

Many agents keep their counters for some seconds (Debian's snmpd 3, others 15 or 60) and tell the
same twice, then twice as much: between two looks that is 0 and 30 in turn for a steady 20. So the
rate is taken between looks at which the counters had *moved*, over the last few of them, and it is
held while they stand still no longer than they have before. A line is idle after twice that.
"""

from __future__ import annotations

from collections import deque

from commandcenter.network.counters import (
    Growth,
    Rates,
    Sample,
    ambiguous,
    comparable,
    growth,
)

_STEPS = 3  # from one movement to the next: the rate is over so many
_LIVE = 4  # looks in a row with movement: such an agent does not keep its counters
_PATIENCE = 60.0  # seconds without movement until an unknown agent's line is idle
_MOST_MISSED = 3  # looks in a row without a sample: then what it told before is too old
_STUBBORN = 6  # looks in a row that contradict what the agent says of speed or discontinuity
_TOLERANCE = 1.1  # a rate is so exact


class Meter:
    """The rates of one interface, from look to look."""

    def __init__(self) -> None:
        self.moved = False  # something went through since the look before
        self.idle = False  # nothing goes through, and that is sure
        self.last: Sample | None = None
        self._rates: Rates | None = None
        self._steps: deque[Growth] = deque(maxlen=_STEPS)
        self._open = Growth()  # since the last movement
        self._aligned = False  # the open step began with a movement
        self._streak = self._missed = self._beyond = self._jumps = 0

    def take(self, sample: Sample | None) -> Rates | None:
        """The rates as of this look; None: a gap."""
        if sample is None:
            self._missed += 1
            if self._missed >= _MOST_MISSED:
                self.last = None
            return None
        self._missed, before, self.last = 0, self.last, sample
        step = self._step(before, sample) if before else None
        if step is None:
            self._begin()
            return None
        self._count(step)
        return self._possible(self._judge(), sample.speed_bps)

    def _step(self, before: Sample, after: Sample) -> Growth | None:
        if not comparable(before, after):
            self._beyond = self._jumps = 0
            return None
        if self._jumped(before, after):
            return None
        speed = None if self._beyond >= _STUBBORN else after.speed_bps
        if ambiguous(before, after, speed):
            return None
        step = growth(before, after, self._rates, speed)
        if step is None and growth(before, after, self._rates, None) is not None:
            self._beyond += 1  # forward all the time, and only too fast for the speed
        return step

    def _jumped(self, before: Sample, after: Sample) -> bool:
        """ifCounterDiscontinuityTime changed. Where it changes at every look it means nothing."""
        changed = before.discontinuity_ticks != after.discontinuity_ticks
        self._jumps = self._jumps + 1 if changed else 0
        return changed and self._jumps < _STUBBORN

    def _begin(self) -> None:
        self.moved = self.idle = False
        self._steps.clear()
        self._open, self._rates = Growth(), None
        self._aligned = self._streak >= _LIVE

    def _count(self, step: Growth) -> None:
        self.moved = step.moved
        self._open += step
        if not step.moved:
            self._streak = 0
            return
        self._streak += 1
        if self._aligned:
            self._steps.append(self._open)
        self._aligned, self._open = True, Growth()

    def _judge(self) -> Rates | None:
        enough = len(self._steps) >= (1 if self._streak >= _LIVE else 2)
        longest = max((step.seconds for step in self._steps), default=0.0)
        patience = 2 * longest if enough else _PATIENCE
        self.idle = not self.moved and (self.idle or self._open.seconds > patience)
        if self.idle:
            self._rates = self._open.rates
            self._steps.clear()
            self._aligned, self._open = True, Growth()
        elif self.moved and enough:
            self._rates = sum(self._steps, Growth()).rates
        return self._rates

    def _possible(self, rates: Rates | None, speed: float | None) -> Rates | None:
        """Without what the line cannot carry. A line that carries more look after look has its
        speed wrong: tunnels tell 9 kb/s."""
        if rates is None or not speed or self._beyond >= _STUBBORN:
            return rates
        into, out = (_at_most(speed, bps) for bps in (rates.in_bps, rates.out_bps))
        beyond = (into, out) != (rates.in_bps, rates.out_bps)
        self._beyond = self._beyond + 1 if beyond else 0
        return Rates(in_bps=into, out_bps=out, errors_per_second=rates.errors_per_second)


def _at_most(speed: float, bps: float | None) -> float | None:
    return None if bps is None or bps > speed * _TOLERANCE else bps
