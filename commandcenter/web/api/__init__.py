"""The API for programs: JSON under /api/v1, opened by a token (docs/api.md).

`service.Api` makes it; the guard's table reads NEEDS, and refuses with `problem`.
"""

from commandcenter.web.api.needs import NEEDS, PREFIX
from commandcenter.web.api.problems import problem

__all__ = ["NEEDS", "PREFIX", "problem"]
