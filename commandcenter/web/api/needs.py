"""What a token must be good for, operation by operation: the one table of it.

The guard refuses by it before any operation runs; the OpenAPI document is written from it.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "/api/v1"
ANY = "any"  # whatever the token is good for
NEEDS: Mapping[tuple[str, str], str] = {
    ("GET", f"{PREFIX}/me"): ANY,
    ("GET", f"{PREFIX}/incidents"): "incidents:read",
    ("GET", f"{PREFIX}/incidents/{{number}}"): "incidents:read",
    ("GET", f"{PREFIX}/incidents/{{number}}/log"): "incidents:read",
    ("POST", f"{PREFIX}/incidents/{{number}}/steps"): "incidents:act",
    ("POST", f"{PREFIX}/readings"): "readings:write",
    ("POST", f"{PREFIX}/events"): "events:write",
}
"""(method, path template) -> scope."""
