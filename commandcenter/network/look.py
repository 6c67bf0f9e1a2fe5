"""What one look at one device found, and what is remembered of it until the next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median_low

from commandcenter.network import counters
from commandcenter.network.meter import Meter
from commandcenter.network.topology import Link

_PACKETS_FOR_LOSS = 30  # loss is counted over so many: one lost ping of three is no 33 %
_LOOKS_FOR_RTT = 5  # one slow answer is not a slow line
_PROOF = 2  # looks at which traffic was seen through an interface that calls itself not up


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look at one device found."""

    link: Link
    at: datetime
    probe: str = ""
    answered: bool = False
    rtt_ms: float | None = None
    loss_percent: float | None = None
    lossy: bool = False  # that is more than chance
    usual_rtt_ms: float | None = None  # of the last looks
    sample: counters.Sample | None = None
    rates: counters.Rates | None = None
    passes: bool | None = None  # whether traffic passes; None: not known
    trouble: str = ""  # what is the matter though it answers
    unknowable: str = ""  # why this look proves nothing: our own DNS or ping does not work
    cut_off: bool = False  # because this machine cannot send to it


@dataclass
class Memory:
    """What is remembered of a device from look to look."""

    failures: int = 0  # looks in a row without an answer, while the way to it was open
    meter: Meter = field(default_factory=Meter)
    passed: int = 0  # looks with traffic, while the interface called itself not up
    rtts: deque[float] = field(default_factory=lambda: deque(maxlen=_LOOKS_FOR_RTT))
    answers: deque[bool] = field(default_factory=lambda: deque(maxlen=_PACKETS_FOR_LOSS))

    def hear(self, sent: int, lost: int, rtt_ms: float | None = None) -> None:
        """Remember what became of the packets of this look."""
        self.answers.extend([True] * (sent - lost) + [False] * lost)
        if rtt_ms is not None:
            self.rtts.append(rtt_ms)

    def forget(self) -> None:
        """What packets told so far counts no more."""
        self.answers.clear()
        self.rtts.clear()

    @property
    def rtt_ms(self) -> float | None:
        """The median over the last looks; of two the lower one, since the first look also waits for
        what is asked only once."""
        return median_low(self.rtts) if self.rtts else None

    @property
    def loss_percent(self) -> float | None:
        """Over the last packets; None before there were any."""
        return 100 * self._lost / len(self.answers) if self.answers else None

    def lossy(self, most_percent: float) -> bool:
        """More was lost than `most_percent` of all that are remembered when there are enough:
        what is missing at the start counts as arrived."""
        return 100 * self._lost / _PACKETS_FOR_LOSS > most_percent

    @property
    def _lost(self) -> int:
        return len(self.answers) - sum(self.answers)

    def rates(self, sample: counters.Sample | None) -> counters.Rates | None:
        """What went through as of this look."""
        known_down = self.meter.last is not None and not self.meter.last.up
        rates = self.meter.take(sample)
        if sample is not None:
            self.passed = 0 if sample.up else self.passed + (known_down and self.meter.moved)
        return rates

    @property
    def passes(self) -> bool | None:
        """Whether traffic passes through an interface that calls itself not up."""
        if self.meter.idle:
            return False
        return True if self.passed >= _PROOF else None
