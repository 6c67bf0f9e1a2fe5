"""What a channel for everybody says of an incident that not everybody may see: that there is one,
and its number. Whoever is on duty reads the rest at the console."""

from __future__ import annotations

from dataclasses import dataclass, replace

from commandcenter.access.sees import Sees
from commandcenter.language import Language
from commandcenter.notify.settings import EVERYBODY, Channel
from commandcenter.records.incidents import IncidentRow


@dataclass(frozen=True, kw_only=True)
class Discretion:
    """`sees`: what everybody sees. A channel of named roles was chosen by whoever wrote config.toml
    for just these incidents, and tells all."""

    say: Language
    sees: Sees

    def hides(self, channel: Channel, row: IncidentRow) -> bool:
        """Whether this channel must not say what it is about."""
        return EVERYBODY in channel.roles and not self.sees.incident(row)

    def told(self, channel: Channel, row: IncidentRow) -> IncidentRow:
        """The incident as this channel tells it."""
        if not self.hides(channel, row):
            return row
        title = self.say("incident {n}", n=row.id)
        silent = replace(row, title=title, detail="", affected=[])
        return replace(silent, office="", kecamatan="", provider="")
