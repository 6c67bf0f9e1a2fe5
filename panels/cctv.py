"""CCTV: the latest still of each camera. A dead camera keeps its last picture, greyed, and its
name; the picture itself is fetched by the browser and never travels here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field

from commandcenter.board import View
from commandcenter.drawing import (
    Drawing,
    Node,
    camera_attributes,
    camera_reason,
    camera_sign,
    div,
    mark,
    milliseconds,
    more,
    span,
    tag,
)
from commandcenter.panel import Panel
from commandcenter.reading import Reading
from commandcenter.vocabulary import CAMERA_AMBER, CAMERA_GREY

GRAVITY = ("live", "starting", "late", *(state for state in CAMERA_AMBER if state != "late"))
_LATE = GRAVITY.index("late")


@dataclass(kw_only=True)
class Cctv(Panel):
    """A strip or grid of cameras, as large as they can be. What does not fit is counted, or comes
    on the next page."""

    by_role: ClassVar[bool] = True

    feeds: tuple[str, ...] = ("cameras",)
    show: Annotated[int, Field(ge=1, le=64)] = 64
    """How many cameras are shown at once at most."""
    columns: int = 0
    """How many stand in a row; 0: as many as suit the shape of the card."""
    order: Literal["list", "bad-first"] = "list"
    """As in the list; or those that need a person first."""
    bad: int = 2
    """In the order of the list: how many places bad cameras may take that stand beyond `show`."""
    page_every: Annotated[float, Field(ge=0)] = 0
    """Seconds after which the next cameras are shown, on all screens at the same time; 0: never."""
    cameras: tuple[str, ...] = ()
    """The cameras to show, by their ids in the list; all of them without it."""

    def __post_init__(self) -> None:
        self._alone = False

    def only(self, thing: str) -> Cctv:
        """One camera that fills the screen, with a new picture several times a second."""
        one = replace(self, cameras=(thing,), show=1, columns=1, page_every=0)
        one._alone = True
        return one

    def render(self, view: View) -> Drawing:
        """All cameras in their order: how many of them fit, the page knows (assets/fit.js)."""
        cameras = sorted(view.all("camera"), key=lambda r: (r.value or {})["place"])
        if self.cameras:
            cameras = [camera for camera in cameras if camera.identity in self.cameras]
        grid = div(
            "cameras",
            *(_tile(view, camera, alone=self._alone) for camera in self._ordered(cameras)),
            data_columns=self.columns or None,
            data_show=self.show,
            data_turn=self._turn(view.now),
        )
        nothing = None if cameras else div("empty", self._why_empty(view))
        return Drawing(empty=not cameras, body=div("cctv", grid, more(0), nothing))

    def _why_empty(self, view: View) -> str:
        if view.all("camera"):
            return view.say("None of the cameras of this panel is in the list")
        return view.say("No camera has answered yet")

    def _ordered(self, cameras: list[Reading]) -> Sequence[Reading]:
        """Worst first; or as in the list, but a few bad ones from the end of it among the first."""
        if self.order == "bad-first":
            return sorted(cameras, key=lambda c: -_gravity(c))
        first, others = cameras[: self.show], cameras[self.show :]
        bad = [camera for camera in others if _gravity(camera) > _LATE][: self.bad]
        kept = first[: self.show - len(bad)]
        shown = sorted(kept + bad, key=lambda c: (c.value or {})["place"])
        return shown + [camera for camera in cameras if camera not in shown]

    def _turn(self, now: datetime) -> int | None:
        """How often pages have turned: of the clock alone, so all walls turn alike."""
        return int(now.timestamp() // self.page_every) if self.page_every else None


def _gravity(camera: Reading) -> int:
    """The higher, the sooner a person is needed."""
    state = (camera.value or {})["state"]
    return GRAVITY.index(state) if state in GRAVITY else len(GRAVITY)


def _tile(view: View, camera: Reading, *, alone: bool) -> Node:
    value = camera.value or {}
    state = value["state"]
    return div(
        f"camera {state}",
        _picture(camera, value, alone=alone) if value["picture"] is not None else _nothing(value),
        _sign(view, value),
        _age(value),
        span("name", value["name"]),
        key=camera.identity,
        data_camera=camera.identity,
        title=camera_reason(value) or None,
        **_judged(view, camera, value),
        **camera_attributes(value, view.say),
    )


def _picture(camera: Reading, value: dict[str, Any], *, alone: bool) -> Node:
    """Its address without the size, which is the browser's to choose."""
    address = f"/snapshots/{quote(camera.identity, safe='')}/{value['picture']}"
    name, burst = value["name"], "" if alone else None
    return tag("canvas", "", data_picture=address, data_burst=burst, aria_label=name, role="img")


def _nothing(value: dict[str, Any]) -> Node:
    """Where there is no picture there is room to say why."""
    why = camera_reason(value)
    return div("nothing", span("why", why) if why else None)


def _seen(value: dict[str, Any]) -> str | None:
    """Since when the picture is what it is: a frozen one is as old as its last change."""
    at = value["changed_at"] if value["state"] == "frozen" else value["captured_at"]
    return None if at is None else str(at)


def _age(value: dict[str, Any]) -> Node:
    """How old the picture is; of a grey one its sign says it."""
    at = _seen(value)
    if at is None or value["state"] in CAMERA_GREY:
        return None
    return span("age", tag("time", "", data_ago=milliseconds(at)))


def _sign(view: View, value: dict[str, Any]) -> Node:
    """What is the matter: over a grey picture with its time, in the corner of one in colour."""
    word, when = camera_sign(value, view.say)
    if value["state"] in CAMERA_GREY:
        return div("sign", span("", word), span("when", when) if when else None)
    return div("caution", mark("warn", word), span("", word)) if word else None


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
    seldom = max(0.0, value["patience"] - patience.late_after)
    expected = datetime.fromisoformat(at) + timedelta(seconds=seldom)
    grey = value["state"] in CAMERA_GREY
    late = expected + timedelta(seconds=patience.late_after)
    stale = expected + timedelta(seconds=patience.stale_after)
    return {
        "data_state": "stale" if grey else "fresh",
        "data_base": "stale" if grey else None,
        "data_origin": camera.origin.value,
        "data_at": at,
        "data_late_at": milliseconds(late),
        "data_stale_at": milliseconds(stale),
    }
