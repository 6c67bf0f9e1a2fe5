"""What an account or a token is limited to, to be ticked and to be read: offices and domains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.web.console_desk import DOMAINS

NAMED = 2  # more than so many are counted


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One box to tick."""

    value: str
    word: str
    ticked: bool


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Everything that there is to be limited to."""

    offices: Sequence[Choice]
    domains: Sequence[Choice]


class Limits:
    """The offices of [lists] offices and the feeds of config.toml, in one language."""

    def __init__(self, config: Config, say: Language) -> None:
        self.say = say
        self.offices = {office.code: office.name for office in config.offices}
        self.domains = {feed: say(DOMAINS.get(feed, feed)) for feed in config.feeds}

    def choices(self, offices: Iterable[str], domains: Iterable[str]) -> Choices:
        """Boxes; what somebody holds and no list has any more is among them."""
        return Choices(offices=_boxes(self.offices, offices), domains=_boxes(self.domains, domains))

    def ticked(
        self, form: FormData, offices: Iterable[str] = (), domains: Iterable[str] = ()
    ) -> dict[str, tuple[str, ...]]:
        """What was ticked of the lists, or was held before."""
        return {
            "offices": _ticked(form, "offices", {*self.offices, *offices}),
            "domains": _ticked(form, "domains", {*self.domains, *domains}),
        }

    def told(self, offices: Sequence[str], domains: Sequence[str]) -> str:
        """For a table: "Dinas Kesehatan · Network", "12 offices", or "everything"."""
        say = self.say
        parts = []
        if offices:
            counted = say("{n} offices", n=say.number(len(offices)))
            parts.append(_named(self.offices, offices) or counted)
        if domains:
            counted = say("{n} domains", n=say.number(len(domains)))
            parts.append(_named(self.domains, domains) or counted)
        return " · ".join(parts) or say("everything")


def _boxes(known: dict[str, str], held: Iterable[str]) -> list[Choice]:
    held = set(held)
    there = known | {one: one for one in sorted(held - known.keys())}
    boxes = [Choice(value=v, word=word, ticked=v in held) for v, word in there.items()]
    return sorted(boxes, key=lambda box: not box.ticked)  # long lists scroll: what is held is seen


def _ticked(form: FormData, name: str, known: set[str]) -> tuple[str, ...]:
    return tuple(sorted(known & {str(value) for value in form.getlist(name)}))


def _named(known: dict[str, str], held: Sequence[str]) -> str:
    return ", ".join(known.get(one, one) for one in held) if len(held) <= NAMED else ""
