"""A case: one thing under the rules of one topic, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from commandcenter.incidents.decision import (
    RECOVERED,
    Close,
    Decision,
    Open,
    Place,
    Standing,
    Update,
)
from commandcenter.incidents.flapping import Flapping
from commandcenter.incidents.mark import Finding, Mark, severity
from commandcenter.incidents.rules import Rule, Thing, Words
from commandcenter.reading import Origin


class Case:
    """Noted with what the rules find, asked for a decision after that and with each tick.

    The most severe rule that is bad speaks. To open, and to say something worse, it must have been
    bad for its `hold`; to say something better, the one that spoke must have been good for its
    `hold_close`. The incident closes when every rule has been good for so long.
    """

    def __init__(self, thing: Thing, rules: Iterable[Rule] = ()) -> None:
        self.thing = thing
        self.rules = {rule.name: rule for rule in rules}
        self.origin, self.place = Origin.LIVE, Place()
        self.opened_at: datetime | None = None  # None: not known, or none is open
        self._marks: dict[str, Mark] = {}  # of the rules under which it was ever bad
        self._flapping = _flapping(self.rules.values())
        self._told: Words | None = None  # what the open incident says; None: none is open
        self._told_flapping = False
        self._speaker = ""  # the rule that says it
        self._again = False
        self._was_bad: bool | None = False  # when it was last known
        self._quiet_until: datetime | None = None

    # ------------------------------------------------------------------ what is known

    @property
    def told(self) -> Words | None:
        """What the open incident says; None: none is open."""
        return self._told

    @property
    def is_open(self) -> bool:
        """Whether there is an open incident."""
        return self._told is not None

    @property
    def is_bad(self) -> bool:
        """Whether it is bad under any rule."""
        return any(mark.verdict for mark in self._marks.values())

    @property
    def words(self) -> Words | None:
        """What would have to be said of it now."""
        mark = max(self._marks.values(), key=lambda mark: mark.severity, default=None)
        return mark.words if mark else None

    @property
    def good_since(self) -> datetime | None:
        """Since when every rule has found it good."""
        moments = [mark.good_since for mark in self._marks.values()]
        known = [moment for moment in moments if moment is not None]
        return max(known) if known and len(known) == len(moments) else None

    def broken_since(self, now: datetime) -> datetime | None:
        """Since when what hangs on it is cut off, if that has lasted or flaps; None if not."""
        marks = [mark for mark in self._marks.values() if mark.severs and mark.verdict]
        lasting = [mark for mark in marks if mark.is_ripe(now) or self._flapping.on]
        return min((mark.bad_since for mark in lasting if mark.bad_since), default=None)

    @property
    def is_restless(self) -> bool:
        """Whether the passing of time alone can bring a decision."""
        if not self.is_open:
            return self.is_bad or self._flapping.on
        if self.good_since is not None:
            return True
        speaker = self._marks.get(self._speaker)
        settled = speaker is not None and speaker.verdict and not self._flapping.on
        return self.is_bad and not (settled and not any(self._worse()))

    def is_over(self, now: datetime) -> bool:
        """Whether it may be forgotten."""
        pending = self.is_open or any(mark.bad_since for mark in self._marks.values())
        quiet = self._quiet_until is not None and now < self._quiet_until
        return not (pending or quiet or self._flapping.remembers(now))

    # ------------------------------------------------------------------ what happens to it

    def take_over(self, standing: Standing, now: datetime | None = None) -> None:
        """Go on with an incident that is open in the records."""
        self._told, self.origin = standing.words, standing.origin
        self.opened_at, self._quiet_until = standing.opened_at, None
        self._speaker = self._named(standing.words)
        mark = self._mark(self._speaker)
        mark.words, mark.bad_since = standing.words, mark.bad_since or standing.opened_at
        self._told_flapping = standing.flapping
        if standing.flapping and now is not None:
            self._flapping.go_on(now)

    def note(self, findings: Iterable[Finding], at: datetime, origin: Origin, place: Place) -> None:
        """Note what was found at a moment."""
        was_good = self.good_since is not None
        for finding in findings:
            if finding.verdict or finding.rule in self._marks:
                self._mark(finding.rule).note(finding.verdict, at, finding.words)
        if self.is_bad:
            self.origin, self.place = origin, place
            self._again = self._again or (self.is_open and was_good)
        self._count(at)

    def lose(self) -> None:
        """It cannot be known how it is: what was found until now counts no more."""
        for mark in self._marks.values():
            mark.lose()
        self._flapping.reset()
        self._was_bad, self._again = None, False

    def resume(self, now: datetime) -> None:
        """It may have been bad meanwhile: its good time begins anew."""
        for mark in self._marks.values():
            mark.good_since = mark.good_since and now

    def dismiss(self, until: datetime) -> None:
        """A person resolved it: if it is bad, it opens again at that time, not before."""
        self._end()
        self._flapping.reset()
        self._quiet_until = until

    def merge(self) -> None:
        """Its incident went into another."""
        self._end()
        self.lose()

    # ------------------------------------------------------------------ what is due

    def decide(self, now: datetime, heard: datetime | None) -> Decision | None:
        """What is due by now, once; `heard` is when its source was last heard."""
        if self.is_bad or not self.is_open:
            self._flapping.look(now)
        if not self.is_open:
            return self._open(now)
        return self._close(now, heard) or self._update(now)

    def _open(self, now: datetime) -> Open | None:
        if self._quiet_until is not None and now < self._quiet_until:
            return None
        name = self._speaking(now) or (self._flapping.on and self._worst())
        words = self._marks[name].words if name else None
        if not name or words is None:
            return None
        mark, flapping = self._marks[name], self._flapping.on
        self._say(name, words)
        self.opened_at, self._quiet_until = now, None
        service = mark.owner, mark.runbook
        return Open(self.thing, now, words, self.origin, self.place, *service, flapping)

    def _update(self, now: datetime) -> Update | None:
        name, before = self._speaking(now) or self._speaker, (self._told, self._told_flapping)
        words, again = self._marks[name].words or self._told, self._again
        if words is None or ((words, self._flapping.on) == before and not again):
            self._speaker = name
            return None
        changed = self._flapping.on if self._flapping.on is not self._told_flapping else None
        self._say(name, words)
        return Update(self.thing, now, words, again, changed)

    def _close(self, now: datetime, heard: datetime | None) -> Close | None:
        """Only what was still heard at the end of its good time is known to have been good."""
        since = self.good_since
        if since is None or heard is None:
            return None
        calm = self._flapping.calm if self._flapping.on else timedelta()
        if heard - since < calm or not all(m.is_over(heard) for m in self._marks.values()):
            return None
        self._end()
        self._marks.clear()
        return Close(self.thing, now, RECOVERED)

    # ------------------------------------------------------------------ who speaks

    def _speaking(self, now: datetime) -> str:
        """The rule that speaks now; "" for none. While the one that spoke is not over, it counts;
        one that is not worse need not wait, because the incident is open anyway."""
        told = severity(self._told)
        names = [
            name
            for name, mark in self._marks.items()
            if mark.is_ripe(now)
            or (mark.verdict and mark.severity <= told)
            or (name == self._speaker and told and not mark.is_over(now))
        ]
        return max(names, key=self._rank, default="")

    def _worst(self) -> str:
        return max(self._marks, key=self._rank, default="")

    def _worse(self) -> Iterator[Mark]:
        """What is bad and more severe than what the incident says."""
        told = severity(self._told)
        return (mark for mark in self._marks.values() if mark.verdict and mark.severity > told)

    def _rank(self, name: str) -> tuple[int, bool]:
        return self._marks[name].severity, name == self._speaker

    def _named(self, words: Words) -> str:
        """The rule whose words these are, by their level."""
        fitting = [rule.name for rule in self.rules.values() if rule.level == words.level]
        return next(iter([*fitting, *self.rules]), self.thing.rule)

    def _mark(self, name: str) -> Mark:
        if name not in self._marks:
            self._marks[name] = Mark.under(self.rules.get(name))
        return self._marks[name]

    def _say(self, name: str, words: Words) -> None:
        self._speaker, self._told, self._again = name, words, False
        self._told_flapping = self._flapping.on

    def _end(self) -> None:
        self._told = self.opened_at = None
        self._told_flapping = self._again = False
        self._speaker = ""

    def _count(self, at: datetime) -> None:
        """Count the changes between good and bad."""
        bad = True if self.is_bad else False if self.good_since is not None else None
        if bad is None:
            return
        if self._was_bad is not None and bad is not self._was_bad:
            self._flapping.change(at)
        self._was_bad = bad


def _flapping(rules: Iterable[Rule]) -> Flapping:
    """Of several rules the one that is flapping soonest counts."""
    limits = [(rule.flaps, rule.flap_window) for rule in rules if rule.flaps]
    limit, window = min(limits, default=(0, 0.0))
    return Flapping(limit, timedelta(seconds=window))
