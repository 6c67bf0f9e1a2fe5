"""All doors at which people come in, around one reception."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.routing import Route

from commandcenter.config import VAR
from commandcenter.web.demo_links import DemoLinks
from commandcenter.web.entry import Entry
from commandcenter.web.me import Me
from commandcenter.web.my_factor import MyFactor
from commandcenter.web.reception import Reception
from commandcenter.web.second_step import SecondStep
from commandcenter.web.sign_in import Directory, SignIn


class FrontDoor:
    """Signing in and out, one-time links, one's own account, and the links of the demo."""

    def __init__(
        self, reception: Reception, directories: Sequence[Directory] = (), var: Path = VAR
    ) -> None:
        self.parts = (
            SignIn(reception, directories),
            SecondStep(reception),
            Entry(reception),
            Me(reception),
            MyFactor(reception),
            DemoLinks(reception, var),
        )

    def routes(self) -> list[Route]:
        """For the web application."""
        return [route for part in self.parts for route in part.routes()]
