"""A mark: one thing under one rule, and since when it has been bad or good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from commandcenter.incidents.rules import Rule, Words


class Finding(NamedTuple):
    """What a rule found just now: True is bad, False good, None cannot be told."""

    rule: str
    verdict: bool | None
    words: Words | None = None


@dataclass(slots=True)
class Mark:
    """Noted with each verdict. `hold` and `hold_close` guard against short falls: so long it must
    be bad without a good moment to count, and the other way round to be over. Not knowing breaks a
    good run, but not a bad one.
    """

    hold: timedelta = timedelta()
    hold_close: timedelta = timedelta(seconds=10)
    owner: str = ""
    runbook: str = ""
    severs: bool = False
    verdict: bool | None = None
    words: Words | None = None  # of the latest bad verdict
    bad_since: datetime | None = None
    good_since: datetime | None = None

    @classmethod
    def under(cls, rule: Rule | None) -> Self:
        """A new mark; None is the program's own rule about rules."""
        if rule is None:
            return cls()
        hold, hold_close = timedelta(seconds=rule.hold), timedelta(seconds=rule.hold_close)
        return cls(hold, hold_close, rule.owner, rule.runbook, rule.severs)

    @property
    def severity(self) -> int:
        """What it says is the more severe the higher."""
        return severity(self.words)

    def note(self, verdict: bool | None, at: datetime, words: Words | None) -> None:
        """It was found so at a moment."""
        self.verdict = verdict
        if verdict:
            self.bad_since, self.good_since = self.bad_since or at, None
            self.words = words
        elif verdict is None:
            self.good_since = None
        else:
            self.bad_since, self.good_since = None, self.good_since or at

    def lose(self) -> None:
        """Nothing is known any more: whatever it is found to be, it begins anew."""
        self.verdict = self.bad_since = self.good_since = None

    def is_ripe(self, now: datetime) -> bool:
        """Whether it has been bad long enough."""
        return bool(self.verdict and self.bad_since and now - self.bad_since >= self.hold)

    def is_over(self, at: datetime) -> bool:
        """Whether it had been good long enough at a moment."""
        return self.good_since is not None and at - self.good_since >= self.hold_close


def severity(words: Words | None) -> int:
    """0 for nothing, the more severe the higher."""
    return 0 if words is None else 2 if words.level == "critical" else 1
