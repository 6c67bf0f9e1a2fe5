"""What a panel draws: a small tree of HTML elements as plain JSON, and perhaps a Plotly figure.

The tree is [name, attributes, child, …]; text is always text, never markup, so nothing that a
citizen wrote can become an element. The browser's Card component (assets/card.js) updates the page
in place from it, which costs a tenth of rebuilding Dash components (benchmarks/).

Ages are not drawn here: `since`, `ago` and `due` leave an empty <time> that the page's own clock
fills and keeps right, also when no server is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from commandcenter.language import Language
from commandcenter.vocabulary import CAMERA_AMBER, CAMERA_GREY

Node: TypeAlias = "str | list[Any] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The inside of a card. `figure` is a Plotly figure as a plain dict (50 times cheaper); `empty`
    that there is nothing to show: a scene of such cards alone is skipped."""

    body: Node = None
    subtitle: str = ""
    figure: dict[str, Any] | None = None
    empty: bool = False


def tag(name: str, classes: str = "", /, *children: Node, **attributes: Any) -> list[Any]:
    """An element: `tag("div", "row", "text", data_camera="simpang")`."""
    told = {k.replace("_", "-"): v for k, v in attributes.items() if v is not None}
    if classes:
        told["className"] = classes
    return [name, told, *children]


def div(classes: str, *children: Node, **attributes: Any) -> list[Any]:
    """A <div>."""
    return tag("div", classes, *children, **attributes)


def span(classes: str, *children: Node, **attributes: Any) -> list[Any]:
    """A <span>."""
    return tag("span", classes, *children, **attributes)


def mark(level: str, word: str) -> list[Any]:
    """The sign of a state: shape by class and word for those who cannot see it. Level is one of
    ok, warn, bad, unknown."""
    return tag("i", f"mark {level}", role="img", aria_label=word, title=word)


def camera_sign(value: Mapping[str, Any], say: Language) -> tuple[str, str]:
    """The word for what is the matter with a camera, "" when nothing is; and since when it is seen
    as it is, when that is not now: a frozen picture is as old as its last change."""
    state = value["state"]
    word = CAMERA_GREY.get(state) or CAMERA_AMBER.get(state) or ""
    at = value["changed_at"] if state == "frozen" else value["captured_at"]
    old = state in CAMERA_GREY and at is not None
    return say(word) if word else "", say.clock(datetime.fromisoformat(at)) if old else ""


def camera_reason(value: Mapping[str, Any]) -> str:
    """Why a camera is as it is. Particulars after a colon are left out: they may be an address, or
    the camera's own words, and neither is for a wall."""
    return str(value["detail"]).partition(": ")[0]


def camera_attributes(value: Mapping[str, Any], say: Language) -> dict[str, Any]:
    """What assets/viewer.js says of a camera that is opened: it stands at whatever opens it."""
    told = " · ".join(filter(None, camera_sign(value, say)))
    level = "grey" if value["state"] in CAMERA_GREY else "amber" if told else None
    latitude, longitude = value.get("latitude"), value.get("longitude")
    placed = latitude is not None and longitude is not None
    return {
        "data_name": value["name"],
        "data_condition": value["state"],
        "data_level": level,
        "data_word": told or None,
        "data_detail": camera_reason(value) or None,
        "data_place": f"{latitude:.5f}, {longitude:.5f}" if placed else None,
        "role": "button",
        "tabIndex": 0,
        "aria_label": " · ".join(filter(None, (value["name"], told))),
    }


def since(at: datetime | str) -> list[Any]:
    """How long ago, kept by the browser: "18 mnt"."""
    return tag("time", "", data_since=milliseconds(at))


def due(at: datetime | str) -> list[Any]:
    """How long until, or past: "sisa 3 jam", "lewat 1 hari"; the browser colours it too."""
    return tag("time", "", data_due=milliseconds(at))


def more(rest: int) -> list[Any]:
    """ "dan 12 lainnya" under a list: `rest` that are not in it and those that do not fit, which
    only the browser knows (assets/fit.js)."""
    return tag("p", "more", data_rest=max(0, rest))


def milliseconds(at: datetime | str) -> int:
    """Since 1970, as the page's clock counts. `at` is aware, or ISO."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return int(moment.timestamp() * 1000)
