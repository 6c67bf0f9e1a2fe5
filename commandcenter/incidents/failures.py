"""Rules that cannot judge: each is an incident of its own, however many things it meets."""

from __future__ import annotations

from commandcenter.incidents.condition import ConditionFailed
from commandcenter.incidents.dependencies import Node
from commandcenter.incidents.mark import Finding
from commandcenter.incidents.rules import RULE_FAILED, Rule, Thing, Words


class Failures:
    """The rules that fail, and for each the things that it could not judge. The incident tells of
    the first of them; it is over when none is left."""

    def __init__(self) -> None:
        self._things: dict[str, set[Node]] = {}
        self._words: dict[str, Words] = {}

    def __contains__(self, rule: Rule) -> bool:
        """Whether it failed ever."""
        return rule.name in self._things

    def take_over(self, thing: Thing) -> None:
        """Go on with an incident about a rule."""
        self._things[rule_of(thing)] = set()

    def failed(self, rule: Rule, node: Node, error: Exception) -> Finding:
        """It could not judge a thing."""
        things = self._things.setdefault(rule.name, set())
        if not things:
            self._words[rule.name] = _words(rule, node, error)
        things.add(node)
        return Finding(RULE_FAILED, True, self._words[rule.name])

    def worked(self, rule: Rule, node: Node) -> list[Finding]:
        """It could judge a thing, or need not any more; what that says of the rule, if anything."""
        things = self._things.get(rule.name)
        if things is None:
            return []
        things.discard(node)
        return [] if things else [Finding(RULE_FAILED, False)]


def about(rule: Rule) -> Thing:
    """What the incident about a rule is about."""
    return Thing(RULE_FAILED, rule.feed, f"rule/{rule.name}")


def rule_of(thing: Thing) -> str:
    """The rule's name."""
    return thing.key.removeprefix("rule/")


def _words(rule: Rule, node: Node, error: Exception) -> Words:
    why = str(error) if isinstance(error, ConditionFailed) else type(error).__name__
    return Words("warning", f"Aturan {rule.name} gagal", f"{node.feed} {node.key}: {why}")
