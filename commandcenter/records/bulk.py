"""Steps with many incidents in one transaction: each is taken, or refused for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from commandcenter.records.incidents import IncidentRow, NoIncident, incident_of
from commandcenter.records.life import NotPossible, StaleIncident, Step, Terms, take_step

Outcome: TypeAlias = IncidentRow | StaleIncident | NotPossible | NoIncident


def take_steps(
    connection: sa.Connection,
    steps: Iterable[Step],
    at: datetime,
    terms: Terms,
    theirs: Callable[[IncidentRow], bool] | None = None,
) -> list[Outcome]:
    """What became of each step, in their order: the incident as it is afterwards, or why not.
    `theirs`: what is none of theirs is not there for them."""
    return [_taken(connection, step, at, terms, theirs) for step in steps]


def _taken(
    connection: sa.Connection,
    step: Step,
    at: datetime,
    terms: Terms,
    theirs: Callable[[IncidentRow], bool] | None,
) -> Outcome:
    try:
        if theirs is not None and not theirs(incident_of(connection, step.incident)):
            return NoIncident(f"there is no incident {step.incident}")
        return take_step(connection, step, at, terms)
    except (StaleIncident, NotPossible, NoIncident) as refusal:
        return refusal  # it is raised before anything is written
