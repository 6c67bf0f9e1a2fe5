"""The contract of a panel: one file in panels/ that draws one card of a wall.

The file's name is the `type` in config.toml; the fields of its class are the keys of its table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import ConfigDict

from commandcenter.access.roles import Role
from commandcenter.board import View
from commandcenter.drawing import Drawing

if TYPE_CHECKING:
    from dash import Dash


@dataclass(kw_only=True)
class Panel(ABC):
    """A card on a wall. Its fields are options."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    heading: ClassVar[str] = ""
    """The title when config.toml gives none; translated. A panel without any has no title bar."""
    chart: ClassVar[bool] = False
    """Whether its drawings carry a Plotly figure."""
    traces: ClassVar[frozenset[str]] = frozenset()
    """The types of traces in them; none told: any. While all panels need no more than scatter, bar
    and pie, browsers load a third of Plotly."""
    series: ClassVar[frozenset[str]] = frozenset()
    """Kinds of readings of which it draws the recent past."""
    by_role: ClassVar[bool] = False
    """Whether it shows things that are not for everybody's eyes, such as cameras: it is drawn for
    each role apart while there are any. Any other panel shows what everybody may see."""
    frame: ClassVar[bool] = False
    """Whether it is the frame of a scene: one with nothing else to show is skipped."""

    buttons_for: ClassVar[tuple[Role, ...]] = ("operator", "admin")
    """The roles that its callbacks open to (`connect`)."""

    name: str = ""
    """Its table's name in config.toml and its word in the wall's picture."""
    title: str = ""
    """Shown on top of the card, instead of the panel's own title."""
    feeds: tuple[str, ...] = ()
    """The names of the feeds it draws from."""
    pace: float = 0.25
    """At least this many seconds between two drawings; the first change is drawn at once."""
    hide_from_guests: bool = False
    """Whether its place is curtained off while there are guests in the room."""

    @abstractmethod
    def render(self, view: View) -> Drawing:
        """Draw what the view shows. Pure: no clock, no input or output, no globals; called once
        per change for all browsers."""

    def only(self, thing: str) -> Panel | None:  # noqa: ARG002
        """A panel that fills a screen with one of its things (a camera by its id), or None."""
        return None

    def connect(self, app: Dash) -> None:  # noqa: B027 (most panels have no controls)
        """Register Dash callbacks; only for panels with controls of their own."""
