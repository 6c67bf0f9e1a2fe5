"""What one look at one device found, and what is remembered of it until the next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from commandcenter.network import counters
from commandcenter.network.topology import Link

_QUESTIONS_FOR_LOSS = 10  # where a look is one question, loss is counted over so many


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look at one device found."""

    link: Link
    at: datetime
    probe: str = ""
    answered: bool = False
    rtt_ms: float | None = None
    loss_percent: float | None = None
    sample: counters.Sample | None = None
    rates: counters.Rates | None = None
    trouble: str = ""  # why SNMP told nothing, though it should have


@dataclass
class Memory:
    """What is remembered of a device from look to look."""

    failures: int = 0  # looks in a row without an answer, while the way to it was open
    sample: counters.Sample | None = None
    answers: deque[bool] = field(default_factory=lambda: deque(maxlen=_QUESTIONS_FOR_LOSS))

    def loss_percent(self, *answered: bool) -> float:
        """Loss over the last questions, those of this look included."""
        self.answers.extend(answered)
        return 100 * (1 - sum(self.answers) / len(self.answers))

    def rates(self, sample: counters.Sample | None) -> counters.Rates | None:
        """What went through since the look before, if that one told anything, too."""
        before, self.sample = self.sample, sample
        return counters.rates(before, sample) if before and sample else None
