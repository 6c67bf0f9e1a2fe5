"""Who sees which camera."""

from __future__ import annotations

from urllib.parse import quote

from commandcenter.access.roles import Visitor
from commandcenter.board import visible
from commandcenter.reading import Reading
from commandcenter.web.hub import Hub


class Sight:
    """A person sees what their role may see; a display what was drawn for it, and nothing else."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def sees(self, visitor: Visitor, camera: str) -> bool:
        """Whether this visitor may see it. Of a camera that nobody told of it is not known."""
        known = self.known(camera)
        return bool(known) and all(visible(reading, visitor.role) for reading in known)

    def known(self, camera: str) -> list[Reading]:
        """What feeds tell of it."""
        board = self.hub.board
        told = (board.one(feed, f"camera/{camera}") for feed in board.patience)
        return [reading for reading in told if reading is not None]

    def shows(self, display: int, camera: str) -> bool:
        """Whether a picture of it is part of what was drawn for this display."""
        place, studio = f"display/{display}", self.hub.studio
        stage = self.hub.stages.step([place])[place]
        names = {*stage.wall.panels, *stage.panels} if stage else set()
        address = f"/snapshots/{quote(camera, safe='')}/".encode()
        return any(
            address in canvas.body
            for canvas in studio.canvases()
            if canvas.name in names and canvas.role == studio.audience(canvas.panel, "display")
        )
