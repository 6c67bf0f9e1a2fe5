"""Who sees the pictures of which camera."""

from __future__ import annotations

from urllib.parse import quote

from commandcenter.access.roles import Eyes, Visitor
from commandcenter.access.sees import Sees
from commandcenter.reading import Reading
from commandcenter.web.hub import Hub


class Sight:
    """A person sees what their role may see; a display what was drawn for it, and nothing else."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def sees(self, visitor: Visitor, camera: str) -> bool:
        """Whether this visitor may see it. Of a camera that nobody told of it is not known."""
        return bool(self.known(camera)) and self._of(visitor).camera(camera)

    def owns(self, visitor: Visitor, camera: str) -> bool:
        """Whether it lies in the scope of this visitor, besides."""
        sees, key = self._of(visitor), f"camera/{camera}"
        return self.sees(visitor, camera) and any(
            sees.known_thing(reading.feed, key) for reading in self.known(camera)
        )

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
            if canvas.name in names
            and canvas.eyes == studio.audience(canvas.panel, Eyes(role="display"))
        )

    def _of(self, visitor: Visitor) -> Sees:
        return Sees(known=self.hub.board, offices=self.hub.studio.offices, eyes=visitor.eyes)
