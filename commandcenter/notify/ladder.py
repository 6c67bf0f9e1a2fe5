"""Whom to tell when nobody acknowledges: which rungs of [[escalation]] are due. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from commandcenter.notify.settings import Escalation
from commandcenter.records.escalation import Unattended


def due_rungs(one: Unattended, ladder: Sequence[Escalation], now: datetime) -> list[dict[str, Any]]:
    """What is to be noted of each rung that is due and was not taken since the incident opened."""
    rungs = sorted(of_level(ladder, one.row.level), key=lambda rung: rung.after)
    due = [facts_of(rung) for rung in rungs if now - one.since >= timedelta(seconds=rung.after)]
    taken = [(facts.get("role"), facts.get("after")) for facts in one.told]
    return [facts for facts in due if (facts["role"], facts["after"]) not in taken]


def of_level(ladder: Sequence[Escalation], level: str) -> list[Escalation]:
    """The rungs for incidents of a level."""
    return [rung for rung in ladder if level in rung.levels]


def facts_of(rung: Escalation) -> dict[str, Any]:
    """A rung as the log of incidents keeps it."""
    return {"role": rung.role, "after": rung.after}
