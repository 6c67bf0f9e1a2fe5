"""The judge: rules over readings and over silence. Pure: it is told what was heard and the time,
and answers with what should happen to incidents.

Missing is never good news. What is unknown neither opens nor closes; a thing that is no longer
told of keeps its incident; an incident closes only when its thing has been good for `hold_close`
and its source was still heard at the end of that time. Behind a broken thing, and in a maintenance
window, nothing is known; afterwards it is judged afresh. While the bus is away the judge is blind
and decides nothing, and afterwards accuses nobody of a silence that was its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from commandcenter.incidents.case import Case
from commandcenter.incidents.decision import (
    NOWHERE,
    Close,
    Decision,
    Merge,
    Open,
    Place,
    Standing,
    Update,
)
from commandcenter.incidents.dependencies import Dependencies, Node
from commandcenter.incidents.failures import Failures, about
from commandcenter.incidents.keys import fitting
from commandcenter.incidents.maintenance import Maintenance, Scope, Window, is_covered
from commandcenter.incidents.mark import Finding
from commandcenter.incidents.outage import SAME_OUTAGE, Outages
from commandcenter.incidents.rulebook import Rulebook, limit
from commandcenter.incidents.rules import RULE_FAILED, Rule, Thing, Words
from commandcenter.incidents.silence import Silence, Watched
from commandcenter.reading import Origin, Reading

REMOVED = "sudah tidak ada di sumbernya"
RULE_GONE = "aturannya tidak ada lagi di config.toml"
SWEEP = timedelta(seconds=60)  # how often what is over is forgotten


class Judge:
    """Knows of every thing that is bad, or has an open incident, since when it has been so."""

    def __init__(self, rules: Iterable[Rule], feeds: Mapping[str, Origin]) -> None:
        self._rules = Rulebook(rules, feeds)
        self._cases: dict[Thing, Case] = {}
        self._restless: dict[Thing, Case] = {}  # those that the passing of time can settle
        self._failures = Failures()
        self._silence = Silence()
        self._graph = Dependencies()
        self._outages = Outages(self._graph)
        self._maintenance = Maintenance()
        self._active: frozenset[Scope] = frozenset()  # the windows that are open
        self._swept_at: datetime | None = None

    # ------------------------------------------------------------------ what happens

    def restore(self, still_open: Mapping[Thing, Standing], now: datetime) -> list[Close]:
        """Take over the incidents that are open in the records.

        Returns the closing of those that no rule judges any more.
        """
        gone = [thing for thing in still_open if not self._rules.judges(thing)]
        for thing in still_open.keys() - set(gone):
            standing = still_open[thing]
            self._case(thing).take_over(standing, now)
            self._outages.take_over(thing, standing.affected)
            if thing.rule == RULE_FAILED:
                self._failures.take_over(thing)
        return [Close(thing, now, RULE_GONE) for thing in gone]

    def see(self, reading: Reading, now: datetime, *, kept: bool = False) -> list[Decision]:
        """Judge a reading. `kept`: it was read from what the bus keeps, and may be old; it comes
        in no order, so the next tick decides, when all of it was heard."""
        if self._silence.awake_since is None:
            return []
        self._turn(now)
        reading = fitting(reading)
        self._silence.hear_source(reading, min(now, reading.at) if kept else now)
        if reading.feed not in self._rules:
            return []
        if reading.value is None:
            return list(self._forget(reading, now))
        self._weigh(reading, now)
        return [] if kept else self._decide(self._touched(_node(reading)), now)

    def tick(self, now: datetime) -> list[Decision]:
        """Judge the silence, and what has lasted long enough."""
        if self._silence.awake_since is None:
            return []
        self._turn(now)
        self._sweep(now)
        self._weigh_silence(now)
        return self._decide(list(self._restless.values()), now)

    def blind(self) -> None:
        """The bus is away: until `wake` nothing is known."""
        self._silence.awake_since = None

    def wake(self, now: datetime) -> None:
        """The bus is there (again): what was missed follows."""
        if self._silence.awake_since is None:
            self._silence.wake(now)
            for case in self._cases.values():
                case.resume(now)

    def maintain(self, windows: Iterable[Window]) -> None:
        """These are the maintenance windows from now on."""
        self._maintenance = Maintenance(windows)

    def in_maintenance(self, feed: str, key: str, now: datetime) -> bool:
        """Whether a thing, or something it hangs on, is worked on."""
        return is_covered(Node(feed, key), self._graph, self._maintenance.active(now))

    def dismiss(self, thing: Thing, now: datetime, recheck: float) -> None:
        """A person resolved it. If it is still bad `recheck` seconds later, it opens again."""
        if (case := self._cases.get(thing)) is not None and case.is_open:
            self._outages.end(thing)
            case.dismiss(now + timedelta(seconds=recheck))
            self._restless[thing] = case

    def reopened(self, thing: Thing, words: Words, origin: Origin) -> None:
        """A person took the resolving back. It recovers when it has been good from now on."""
        if not self._rules.judges(thing):
            return
        case = self._restless[thing] = self._case(thing)
        if (heard := self._silence.heard(thing.feed)) is not None:
            case.resume(heard)
        case.take_over(Standing(words, origin))

    # ------------------------------------------------------------------ readings

    def _weigh(self, reading: Reading, now: datetime) -> None:
        """Note what a reading says."""
        node, value = _node(reading), reading.value or {}
        if reading.feed in self._rules.feeds and self._graph.note(node, value):
            self._afresh([node, *self._graph.behind(node)], now)
        severed = self._graph.is_severed(node)
        if severed:
            self._sever(node)
        findings: dict[str, list[Finding]] = defaultdict(list)
        for rule in self._rules.about(node):
            if rule.silent is not None:
                findings[rule.topic] += self._hear(rule, reading, now)
            elif not severed:
                findings[rule.topic].append(self._find(rule, reading, now))
        for topic, found in findings.items() if not severed else ():
            place = Place.of(reading.key, value)
            self._note(Thing(topic, *node), found, now, reading.origin, place)

    def _find(self, rule: Rule, reading: Reading, now: datetime) -> Finding:
        """What a rule says of a reading."""
        node, value, words = _node(reading), reading.value or {}, None
        try:
            verdict = rule.condition.holds(value)
            if verdict:
                words = rule.words(*node, value)
        except Exception as error:  # whatever it is, it must not disturb the other rules
            failed = self._failures.failed(rule, node, error)
            self._note(about(rule), [failed], now, self._rules.feeds.get(rule.feed, Origin.LIVE))
            return Finding(rule.name, None)
        self._note(about(rule), self._failures.worked(rule, node), now)
        if verdict is False and value.get("state") == "unknown":
            verdict = None  # its source says that it does not know, which is no good news
        self._note_break(rule, node, verdict, now)
        return Finding(rule.name, verdict, words)

    def _note(
        self,
        thing: Thing,
        findings: list[Finding],
        at: datetime,
        origin: Origin = Origin.LIVE,
        place: Place = NOWHERE,
    ) -> None:
        if not any(found.verdict for found in findings) and thing not in self._cases:
            return  # nothing is remembered of what was never bad
        case = self._restless[thing] = self._case(thing)
        case.note(findings, at, origin, place)

    def _forget(self, reading: Reading, now: datetime) -> Iterator[Decision]:
        """The thing no longer exists, its source says."""
        node = _node(reading)
        for rule in self._rules.about(node):
            self._note(about(rule), self._failures.worked(rule, node), now)
            self._silence.forget(Watched(rule.name, node))
        freed = self._graph.behind(node)
        self._graph.forget(node)
        self._free(freed, now)
        for thing in self._rules.things(node):
            self._outages.end(thing)
            self._restless.pop(thing, None)
            case = self._cases.pop(thing, None)
            if case is not None and case.is_open:
                yield Close(thing, now, REMOVED)

    # ------------------------------------------------------------------ decisions

    def _decide(self, cases: Iterable[Case], now: datetime) -> list[Decision]:
        """What is due by now."""
        return [decision for case in cases for decision in self._settle(case, now)]

    def _settle(self, case: Case, now: datetime) -> Iterator[Decision]:
        if self._is_unknowable(case, now):
            self._lose(case)
            return
        decision = case.decide(now, self._silence.heard(case.thing.feed))
        if case.is_restless:
            self._restless[case.thing] = case
        else:
            self._restless.pop(case.thing, None)
        merges = list(self._take_in(case, now))
        decision = self._with_affected(case, decision, now)
        if isinstance(decision, Close):
            self._outages.end(case.thing)
        yield from merges if decision is None else [decision, *merges]

    def _take_in(self, case: Case, now: datetime) -> Iterator[Merge]:
        """Once it is told that a thing is broken, the incidents that were its first signs go into
        its own."""
        since = case.broken_since(now)
        behind = self._outages.sweep(case.thing) if case.is_open and since is not None else ()
        for child in (child for node in behind for child in self._cases_of(node)):
            if since and child.opened_at and child.opened_at >= since - SAME_OUTAGE:
                self._outages.end(child.thing)
                child.merge()
                self._restless.pop(child.thing, None)
                yield Merge(child.thing, now, case.thing)

    def _with_affected(
        self, case: Case, decision: Decision | None, now: datetime
    ) -> Decision | None:
        """The decision, telling also what is behind the thing if that has grown."""
        affected = self._outages.news(case.thing)
        if affected is None or case.told is None:
            return decision
        if isinstance(decision, Open | Update):
            return replace(decision, affected=affected)
        return Update(case.thing, now, case.told, affected=affected)

    # ------------------------------------------------------------------ what cannot be known

    def _is_unknowable(self, case: Case, now: datetime) -> bool:
        """Whether nothing can be told of it: something above it is broken, or it is worked on."""
        if case.thing.rule == RULE_FAILED:
            return False
        node, active = _node(case.thing), self._maintenance.active(now)
        return self._graph.is_severed(node) or is_covered(node, self._graph, active)

    def _sever(self, node: Node) -> None:
        """It is behind something broken: that is all that is known of it."""
        for case in self._cases_of(node):
            self._lose(case)
        for thing in self._outages.grow(node):
            self._restless[thing] = self._cases[thing]  # the next tick tells it

    def _note_break(self, rule: Rule, node: Node, verdict: bool | None, now: datetime) -> None:
        if verdict and rule.severs:
            self._graph.breaks(node, rule.name)
        elif verdict is False and self._graph.mends(node, rule.name):
            self._outages.mended(node)
            self._free(self._graph.behind(node), now)

    def _free(self, nodes: Iterable[Node], now: datetime) -> None:
        """What was above them is not broken any more."""
        nodes = list(nodes)
        for node in nodes:
            self._graph.whole(node)
        self._afresh(nodes, now)

    def _afresh(self, nodes: Iterable[Node], now: datetime) -> None:
        """From now on they can be known again; until something is heard, nothing is."""
        for node in nodes:
            for case in self._cases_of(node):
                self._lose(case)
            for rule in self._rules.about(node):
                self._silence.renew(Watched(rule.name, node), now)

    def _lose(self, case: Case) -> None:
        case.lose()
        self._restless.pop(case.thing, None)

    def _turn(self, now: datetime) -> None:
        """When windows open or close, what they cover is judged afresh."""
        active, before = self._maintenance.active(now), self._active
        if active == before:
            return
        self._active = active
        nodes = {_node(t) for t in self._cases if t.rule != RULE_FAILED} | self._silence.nodes()
        self._afresh([n for n in nodes if is_covered(n, self._graph, active ^ before)], now)

    def _sweep(self, now: datetime) -> None:
        """Forget what is over."""
        if self._swept_at is None or now - self._swept_at >= SWEEP:
            self._swept_at = now
            self._cases = {t: case for t, case in self._cases.items() if not case.is_over(now)}

    # ------------------------------------------------------------------ silence

    def _hear(self, rule: Rule, reading: Reading, now: datetime) -> list[Finding]:
        """The latest word of a thing; only one that is fresh says that it is well."""
        watched = Watched(rule.name, _node(reading))
        self._silence.hear(watched, reading, min(now, reading.at), limit(rule))
        if not self._silence.is_fresh(watched, now):
            return []
        self._note_break(rule, watched.node, False, now)
        return [Finding(rule.name, False)]

    def _weigh_silence(self, now: datetime) -> None:
        """Note who has fallen silent."""
        for watched, verdict, reading in self._silence.news(now):
            rule, value = self._rules[watched.rule], reading.value or {}
            found = Finding(rule.name, verdict, rule.words(*watched.node, value))
            self._note_break(rule, watched.node, verdict, now)
            place = Place.of(reading.key, value)
            self._note(Thing(rule.topic, *watched.node), [found], now, reading.origin, place)
        for rule, feed, origin in self._rules.about_sources():
            self._weigh_source(rule, feed, origin, now)

    def _weigh_source(self, rule: Rule, feed: str, origin: Origin, now: datetime) -> None:
        thing, heard = Thing(rule.topic, feed, f"feed/{feed}"), self._silence.heard(feed)
        verdict = self._silence.is_silent(feed, limit(rule), now)
        if verdict and self._graph.is_cut_off(feed):
            verdict = None
        at = heard if verdict is False and heard else now  # good from then on, not from the tick
        self._note(thing, [Finding(rule.name, verdict, rule.words(*thing[1:], {}))], at, origin)

    # ------------------------------------------------------------------ cases

    def _case(self, thing: Thing) -> Case:
        if thing not in self._cases:
            self._cases[thing] = self._rules.case(thing)
        return self._cases[thing]

    def _cases_of(self, node: Node) -> list[Case]:
        things = self._rules.things(node)
        return [self._cases[thing] for thing in things if thing in self._cases]

    def _touched(self, node: Node) -> list[Case]:
        """The cases that a reading can have changed."""
        failed = [about(rule) for rule in self._rules.about(node) if rule in self._failures]
        return [self._cases[t] for t in failed if t in self._cases] + self._cases_of(node)


def _node(told: Thing | Reading) -> Node:
    return Node(told.feed, told.key)
