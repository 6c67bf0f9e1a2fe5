"""Who asks: the program whose token the guard has looked at."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from commandcenter.access.roles import Visitor
from commandcenter.web.doors import visitor_of


def _asker(request: Request) -> Visitor:
    return visitor_of(request)


Asker = Annotated[Visitor, Depends(_asker)]
