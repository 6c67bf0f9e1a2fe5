"""The judge: rules over readings and over silence. Pure: it is told what was heard and the time,
and answers with what should happen to incidents.

Missing is never good news. What is unknown neither opens nor closes; a thing that is no longer
told of keeps its incident; an incident closes only when its thing has been good for `hold_close`
and its source was still heard at the end of that time. While the bus is away the judge is blind
and decides nothing, and afterwards accuses nobody of a silence that was its own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from commandcenter.incidents.case import Case, Close, Decision
from commandcenter.incidents.condition import ConditionFailed
from commandcenter.incidents.rules import RULE_FAILED, Rule, Thing, Words
from commandcenter.reading import Origin, Reading

LONGEST_KEY = 200  # what the records hold
REMOVED = "sudah tidak ada di sumbernya"
RULE_GONE = "aturannya tidak ada lagi di config.toml"


class Judge:
    """Knows of every thing that is bad, or has an open incident, since when it has been so."""

    def __init__(self, rules: Iterable[Rule], feeds: Mapping[str, Origin]) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self._by_feed: dict[str, list[Rule]] = defaultdict(list)
        for rule in self._rules.values():
            for feed in feeds if rule.feed == "*" else [rule.feed]:
                self._by_feed[feed].append(rule)
        self._feeds = dict(feeds)
        self._cases: dict[Thing, Case] = {}
        self._restless: dict[Thing, Case] = {}  # those that the passing of time can settle
        self._heard: dict[str, datetime] = {}  # of each feed, the newest time it was heard
        self._aged: dict[Thing, tuple[Reading, datetime]] = {}  # whose age a rule looks at
        self._failing: dict[str, set[Thing]] = {}  # of each rule, what it could not judge
        self._awake_since: datetime | None = None

    def restore(
        self, still_open: Mapping[Thing, tuple[Words, Origin]], now: datetime
    ) -> list[Close]:
        """Take over the incidents that are open in the records.

        Returns the closing of those that no rule judges any more.
        """
        gone = [thing for thing in still_open if not self._judges(thing)]
        for thing in still_open.keys() - set(gone):
            words, origin = still_open[thing]
            self._case(thing).take_over(words, origin)
            if thing.rule == RULE_FAILED:
                self._failing[_rule_of(thing)] = set()
        return [Close(thing, now, RULE_GONE) for thing in gone]

    def see(self, reading: Reading, now: datetime, *, kept: bool = False) -> list[Decision]:
        """Judge a reading. `kept`: it was read from what the bus keeps, and may be old."""
        if self._awake_since is None:
            return []
        self._hear(reading, min(now, reading.at) if kept else now)
        return [
            decision
            for rule in self._by_feed.get(reading.feed, ())
            if rule.kind in ("", reading.kind)
            for decision in self._judge(rule, reading, now)
        ]

    def tick(self, now: datetime) -> list[Decision]:
        """Judge the silence, and what has lasted long enough."""
        if self._awake_since is None:
            return []
        decisions = list(self._judge_silence(now))
        for case in list(self._restless.values()):
            decisions += self._settle(case, now)
        return decisions

    def blind(self) -> None:
        """The bus is away: until `wake` nothing is known."""
        self._awake_since = None

    def wake(self, now: datetime) -> None:
        """The bus is there (again): what was missed follows."""
        if self._awake_since is None:
            self._awake_since = now
            for case in self._cases.values():
                case.resume(now)

    # ------------------------------------------------------------------ readings

    def _judge(self, rule: Rule, reading: Reading, now: datetime) -> Iterator[Decision]:
        thing = Thing(rule.name, reading.feed, _fitting(reading.key))
        if reading.value is None:
            yield from self._forget(rule, thing, now)
        elif rule.silent is None:
            yield from self._judge_value(rule, thing, reading, now)
        elif rule.kind:
            self._aged[thing] = (reading, min(now, reading.at))  # the next tick judges it

    def _judge_value(
        self, rule: Rule, thing: Thing, reading: Reading, now: datetime
    ) -> Iterator[Decision]:
        value, words = reading.value or {}, None
        try:
            verdict = rule.condition.holds(value)
            if verdict:
                words = rule.words(reading.feed, reading.key, value)
        except Exception as error:  # whatever it is, it must not disturb the other rules
            yield from self._failed(rule, thing, error, now)
            verdict = None
        else:
            yield from self._worked(rule, thing, now)
        yield from self._mark(thing, verdict, now, words, reading.origin)

    def _forget(self, rule: Rule, thing: Thing, now: datetime) -> Iterator[Decision]:
        """The thing no longer exists, its source says."""
        yield from self._worked(rule, thing, now)
        self._aged.pop(thing, None)
        self._restless.pop(thing, None)
        case = self._cases.pop(thing, None)
        if case is not None and case.is_open:
            yield Close(thing, now, REMOVED)

    def _mark(
        self,
        thing: Thing,
        verdict: bool | None,
        now: datetime,
        words: Words | None = None,
        origin: Origin = Origin.LIVE,
        *,
        since: datetime | None = None,
    ) -> Iterator[Decision]:
        if verdict is not True and thing not in self._cases:
            return  # nothing is remembered of what was never bad
        case = self._case(thing)
        case.mark(verdict, since or now, words, origin)
        yield from self._settle(case, now)

    def _settle(self, case: Case, now: datetime) -> Iterator[Decision]:
        decision = case.decide(now, self._heard.get(case.thing.feed))
        if case.is_over:
            self._cases.pop(case.thing, None)
        if case.is_restless:
            self._restless[case.thing] = case
        else:
            self._restless.pop(case.thing, None)
        if decision is not None:
            yield decision

    def _case(self, thing: Thing) -> Case:
        if thing not in self._cases:
            rule = self._rules.get(thing.rule)
            hold, hold_close = (rule.hold, rule.hold_close) if rule else (0.0, 10.0)
            self._cases[thing] = Case(thing, timedelta(seconds=hold), timedelta(seconds=hold_close))
        return self._cases[thing]

    # ------------------------------------------------------------------ silence

    def _judge_silence(self, now: datetime) -> Iterator[Decision]:
        for thing, (reading, at) in list(self._aged.items()):
            heard = self._silent(thing, self._heard.get(thing.feed), now) is False
            # Behind a silent source a thing is unknown, not silent.
            verdict = self._silent(thing, at, now) if heard else None
            told = reading.value or {}
            yield from self._age(thing, verdict, at, now, value=told, origin=reading.origin)
        for feed, origin in self._feeds.items():
            for rule in self._by_feed.get(feed, ()):
                if rule.silent is not None and not rule.kind:
                    thing = Thing(rule.name, feed, f"feed/{feed}")
                    last = self._heard.get(feed)
                    verdict = self._silent(thing, last, now)
                    yield from self._age(thing, verdict, last, now, value={}, origin=origin)

    def _age(
        self,
        thing: Thing,
        verdict: bool | None,
        last: datetime | None,
        now: datetime,
        *,
        value: Mapping[str, Any],
        origin: Origin,
    ) -> Iterator[Decision]:
        words = self._rules[thing.rule].words(thing.feed, thing.key, value) if verdict else None
        since = last if verdict is False else now  # good from when it was heard, not from the tick
        yield from self._mark(thing, verdict, now, words, origin, since=since)

    def _silent(self, thing: Thing, last: datetime | None, now: datetime) -> bool | None:
        """Whether nothing came since `last`; None when we were away ourselves."""
        limit = timedelta(seconds=self._rules[thing.rule].silent or 0)
        if last is not None and now - last < limit:
            return False
        listened_since = self._awake_since or now
        return True if now - max(last or listened_since, listened_since) >= limit else None

    def _hear(self, reading: Reading, at: datetime) -> None:
        self._note(reading.feed, at)
        if reading.feed == "system" and reading.kind == "feed" and reading.value:
            success = _instant(reading.value.get("last_success_at"))
            if success is not None:
                self._note(reading.identity, min(at, success))

    def _note(self, feed: str, at: datetime) -> None:
        if feed not in self._heard or self._heard[feed] < at:
            self._heard[feed] = at

    # ------------------------------------------------------------------ rules themselves

    def _failed(
        self, rule: Rule, thing: Thing, error: Exception, now: datetime
    ) -> Iterator[Decision]:
        """A rule that cannot judge is an incident of its own, however many things it meets."""
        failing = self._failing.setdefault(rule.name, set())
        case = self._case(_about(rule))
        words = case.words if failing else None
        if words is None:
            why = str(error) if isinstance(error, ConditionFailed) else type(error).__name__
            detail = f"{thing.feed} {thing.key}: {why}"
            words = Words("warning", f"Aturan {rule.name} gagal", detail)
        failing.add(thing)
        yield from self._mark(case.thing, True, now, words, self._feeds.get(rule.feed, Origin.LIVE))

    def _worked(self, rule: Rule, thing: Thing, now: datetime) -> Iterator[Decision]:
        failing = self._failing.get(rule.name)
        if failing is None:
            return
        failing.discard(thing)
        if not failing:
            yield from self._mark(_about(rule), False, now)

    def _judges(self, thing: Thing) -> bool:
        """Whether there is still a rule that opens and closes incidents of this thing."""
        if thing.rule == RULE_FAILED:
            return _rule_of(thing) in self._rules
        rule = self._rules.get(thing.rule)
        if rule is None or rule not in self._by_feed.get(thing.feed, ()):
            return False
        if rule.silent is not None and not rule.kind:
            return thing.key == f"feed/{thing.feed}"
        return rule.kind in ("", thing.key.partition("/")[0])


def _about(rule: Rule) -> Thing:
    return Thing(RULE_FAILED, rule.feed, f"rule/{rule.name}")


def _rule_of(thing: Thing) -> str:
    return thing.key.removeprefix("rule/")


def _fitting(key: str) -> str:
    """The key as the records can hold it: a too long one ends in its digest."""
    if len(key) <= LONGEST_KEY and "\x00" not in key:
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:16]
    return f"{key.replace(chr(0), '')[: LONGEST_KEY - 17]}~{digest}"


def _instant(told: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
