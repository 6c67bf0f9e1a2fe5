"""Steps with many incidents in one transaction: each is taken, or refused for itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from commandcenter.records.incidents import IncidentRow, NoIncident
from commandcenter.records.life import NotPossible, StaleIncident, Step, Terms, take_step

Outcome: TypeAlias = IncidentRow | StaleIncident | NotPossible | NoIncident


def take_steps(
    connection: sa.Connection, steps: Iterable[Step], at: datetime, terms: Terms
) -> list[Outcome]:
    """What became of each step, in their order: the incident as it is afterwards, or why not."""
    return [_taken(connection, step, at, terms) for step in steps]


def _taken(connection: sa.Connection, step: Step, at: datetime, terms: Terms) -> Outcome:
    try:
        return take_step(connection, step, at, terms)
    except (StaleIncident, NotPossible, NoIncident) as refusal:
        return refusal  # it is raised before anything is written
