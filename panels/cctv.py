"""CCTV: the latest still of each camera. A dead camera keeps its last picture, greyed, and its
name; the picture itself is fetched by the browser and never travels here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, milliseconds, more, span, tag
from commandcenter.panel import Panel
from commandcenter.reading import Reading

WORDS = {
    "frozen": "FROZEN",
    "unreachable": "LOST",
    "unauthorized": "WRONG PASSWORD",
    "not_found": "NOT FOUND",
    "unsupported": "NOT SUPPORTED",
    "starting": "STARTING",
}


@dataclass(kw_only=True)
class Cctv(Panel):
    """A strip or grid of cameras."""

    feeds: tuple[str, ...] = ("cameras",)
    show: int = 8
    """How many cameras are shown at most; those that do not fit are counted."""
    columns: int = 0
    """How many stand in a row; 0: as many as suit the shape of the card."""
    bad: int = 2
    """How many places bad cameras may take from the first in the list."""
    cameras: tuple[str, ...] = ()
    """The cameras to show, by their ids in the list; all of them without it."""

    def only(self, thing: str) -> Cctv:
        """One camera that fills the screen."""
        return replace(self, cameras=(thing,), show=1, columns=1)

    def render(self, view: View) -> Drawing:
        """The first cameras of the list, and in the last places those that are bad."""
        cameras = sorted(view.all("camera"), key=lambda r: (r.value or {})["place"])
        if self.cameras:
            cameras = [camera for camera in cameras if camera.identity in self.cameras]
        shown = self._choose(cameras)
        rest = len(cameras) - len(shown)
        return Drawing(
            empty=not cameras,
            body=div(
                "cctv",
                div(
                    "cameras",
                    *(_tile(view, camera) for camera in shown),
                    data_columns=self.columns or None,
                ),
                more(rest),
                None if cameras else div("empty", view.say("No camera has answered yet")),
            ),
        )

    def _choose(self, cameras: list[Reading]) -> list[Reading]:
        first, others = cameras[: self.show], cameras[self.show :]
        bad = [c for c in others if _state(c) not in ("live", "late", "starting")][: self.bad]
        kept = first[: self.show - len(bad)]
        return sorted(kept + bad, key=lambda c: (c.value or {})["place"])


def _state(camera: Reading) -> str:
    return str((camera.value or {})["state"])


def _tile(view: View, camera: Reading) -> Node:
    value = camera.value or {}
    state = value["state"]
    return div(
        f"camera {state}",
        _picture(camera, value) if value["picture"] is not None else div("nothing"),
        _sign(view, value) if state in WORDS else None,
        _age(value),
        span("name", value["name"]),
        key=camera.identity,
        data_camera=camera.identity,
        title=value["detail"] or None,
        **_judged(view, camera, value),
    )


def _picture(camera: Reading, value: dict[str, Any]) -> Node:
    address = f"/snapshots/{quote(camera.identity, safe='')}/{value['picture']}.jpg"
    return tag("canvas", "", data_picture=address, aria_label=value["name"], role="img")


def _seen(value: dict[str, Any]) -> str | None:
    """Since when the picture is what it is: a frozen one is as old as its last change."""
    at = value["changed_at"] if value["state"] == "frozen" else value["captured_at"]
    return None if at is None else str(at)


def _age(value: dict[str, Any]) -> Node:
    """How old the picture is; of a bad camera its sign says it."""
    at = _seen(value)
    if at is None or value["state"] in WORDS:
        return None
    return span("age", tag("time", "", data_ago=milliseconds(at)))


def _sign(view: View, value: dict[str, Any]) -> Node:
    """What is the matter, and since when."""
    at = _seen(value)
    return div(
        "sign",
        span("", view.say(WORDS[value["state"]])),
        span("when", view.say.clock(datetime.fromisoformat(at))) if at else None,
    )


def _judged(view: View, camera: Reading, value: dict[str, Any]) -> dict[str, Any]:
    """What the page's clock judges: a picture has an age of its own, whatever the feed's is.
    A camera that is known to be bad is never fresh, however often it is heard of."""
    at = _seen(value)
    if at is None:
        return {
            "data_base": "none",
            "data_state": "none",
            "data_origin": camera.origin.value,
            "data_at": "",
        }
    patience = view.board.patience[camera.feed]
    captured = datetime.fromisoformat(at)
    bad = value["state"] in WORDS
    late = captured + timedelta(seconds=patience.late_after)
    stale = captured + timedelta(seconds=patience.stale_after)
    return {
        "data_state": "stale" if bad else "fresh",
        "data_base": "stale" if bad else None,
        "data_condition": value["state"],
        "data_origin": camera.origin.value,
        "data_at": at,
        "data_late_at": milliseconds(late),
        "data_stale_at": milliseconds(stale),
    }
