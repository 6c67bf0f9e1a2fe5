"""The rulebook: which rules look at which thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from commandcenter.incidents.case import Case
from commandcenter.incidents.dependencies import Node
from commandcenter.incidents.failures import rule_of
from commandcenter.incidents.rules import RULE_FAILED, Rule, Thing
from commandcenter.reading import Origin


class Rulebook:
    """The rules by what they look at. `feeds` are the configured ones with the origin of each."""

    def __init__(self, rules: Iterable[Rule], feeds: Mapping[str, Origin]) -> None:
        self.feeds = dict(feeds)
        self._rules = {rule.name: rule for rule in rules}
        self._by_feed: dict[str, list[Rule]] = defaultdict(list)
        for rule in self._rules.values():
            for feed in feeds if rule.feed == "*" else [rule.feed]:
                self._by_feed[feed].append(rule)

    def __getitem__(self, name: str) -> Rule:
        return self._rules[name]

    def __contains__(self, feed: str) -> bool:
        """Whether something is to be known of a feed."""
        return feed in self.feeds or feed in self._by_feed

    def about(self, node: Node) -> list[Rule]:
        """The rules that look at a thing."""
        return [rule for rule in self._by_feed.get(node.feed, ()) if _looks_at(rule, node)]

    def about_sources(self) -> Iterator[tuple[Rule, str, Origin]]:
        """The rules about the silence of whole sources, each with its source."""
        for feed, origin in self.feeds.items():
            for rule in self._by_feed.get(feed, ()):
                if rule.silent is not None and not rule.kind:
                    yield rule, feed, origin

    def things(self, node: Node) -> list[Thing]:
        """What there can be incidents about: a thing under each topic."""
        topics = dict.fromkeys(rule.topic for rule in self.about(node))
        return [Thing(topic, *node) for topic in topics]

    def judges(self, thing: Thing) -> bool:
        """Whether there is a rule that opens and closes incidents of this thing."""
        if thing.rule == RULE_FAILED:
            return rule_of(thing) in self._rules
        return thing in self.things(Node(thing.feed, thing.key))

    def case(self, thing: Thing) -> Case:
        """A new case under the rules of the thing's topic."""
        rules = self.about(Node(thing.feed, thing.key))
        return Case(thing, [rule for rule in rules if rule.topic == thing.rule])


def limit(rule: Rule) -> timedelta:
    """How long nothing may be heard."""
    return timedelta(seconds=rule.silent or 0)


def _looks_at(rule: Rule, node: Node) -> bool:
    if rule.silent is not None and not rule.kind:
        return node.key == f"feed/{node.feed}"
    return rule.kind in ("", node.key.partition("/")[0])
