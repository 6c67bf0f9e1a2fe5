"""The map: offices where they stand, over the kecamatan; what is broken stands out by its shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, camera_attributes, div, mark, span, tag
from commandcenter.geography.geojson import Outline
from commandcenter.geography.labels import LINE, Label, beside, width
from commandcenter.geography.plane import Box, Point
from commandcenter.geography.sheet import NAME, NOTE, Area, Place, Sheet, lay_out
from commandcenter.panel import Panel
from commandcenter.reading import Reading
from commandcenter.vocabulary import CAMERA_AMBER, CAMERA_GREY

Devices: TypeAlias = Mapping[str, dict[str, Any]]

WORDS = {
    "up": "normal",
    "degraded": "disturbed",
    "down": "down",
    "unknown": "unknown",
    "unconnected": "not connected yet",
}
LEVELS = {
    "up": "ok",
    "degraded": "warn",
    "down": "bad",
    "unknown": "unknown",
    "unconnected": "none",
}
GRAVITY = ("unconnected", "up", "unknown", "degraded", "down")
BROKEN = ("unknown", "degraded", "down")
NOTES = {"down": "{n} down", "degraded": "{n} disturbed", "unknown": "{n} unknown"}
SQUARE: Node = tag("rect", "", x=-1, y=-1, width=2, height=2, rx=0.4)
HATCH: Node = tag("path", "hatch", d="M-1 0 0-1M-1 1 1-1M0 1 1 0")
QUERY: Node = tag("path", "query", d="M-.4-.3A.4.4 0 1 1 .1.1Q0 .2 0 .35M0 .75v.01")
SHAPES: dict[str, tuple[Node, ...]] = {  # in a square of 2 by 2
    "degraded": (tag("path", "", d="M0-1.15 1.2 1-1.2 1Z"),),
    "down": (SQUARE, tag("path", "cross", d="M-.5-.5.5.5M.5-.5-.5.5")),
    "unknown": (SQUARE, HATCH, QUERY),
    "unconnected": (SQUARE, HATCH),
}
CAMERA: Node = tag("path", "body", d="M-1-.55H.35V.55H-1ZM.5-.1 1.05-.5V.5L.5.1Z")
PIN_LEVELS = ("ok", "warn", "bad")
PIN_SIGNS: tuple[tuple[Node, ...], ...] = (
    (),
    (tag("path", "caution", d="M.75-1.5 1.5-.2H0Z"),),
    (tag("path", "slash", d="M-1.1 1 1.1-1"),),
)
LARGER = {"up": 1.0, "unconnected": 1.05, "unknown": 1.3, "degraded": 1.3, "down": 1.4}
MOST_NAMES, LONGEST_NAME = 8, 24
GAP = 0.25  # between a leader and its name


@dataclass(kw_only=True)
class Map(Panel):
    """Offices at their coordinates, by state; kecamatan shaded by the worst of them."""

    heading: ClassVar[str] = "Service map"
    by_role: ClassVar[bool] = True

    feeds: tuple[str, ...] = ("network",)
    outline: Outline | None = None
    """A GeoJSON file (WGS 84) with the borders of the kecamatan, told by name or Kemendagri code;
    without it an outline is drawn from the places of the offices."""

    cameras: bool = False
    """Whether cameras of the list stand in it, too, where they have coordinates."""

    def __post_init__(self) -> None:
        if self.cameras and self.feeds == ("network",):
            self.feeds = ("network", "cameras")
        self._places: tuple[Place, ...] | None = None
        self._sheet: Sheet

    def render(self, view: View) -> Drawing:
        """The sheet is laid out once for the same places; a drawing only puts states on it."""
        devices = {r.identity: r.value or {} for r in view.all("device")}
        offices = [d for d in devices.values() if d["role"] == "office"]
        places, wrong = _places(devices)
        kecamatan = {d["kecamatan"] for d in offices if d["kecamatan"]}
        cameras = _placed(view.all("camera")) if self.cameras and places else {}
        return Drawing(
            subtitle=view.say("{n} kecamatan · {m} offices", n=len(kecamatan), m=len(offices)),
            body=div(
                "map",
                div("sheet", _picture(view, devices, cameras, self._laid_out(places)))
                if places
                else div("empty", view.say("No office has coordinates yet")),
                _legend(view, devices, places, wrong, self._borderless(places), cameras),
            ),
        )

    def _laid_out(self, places: tuple[Place, ...]) -> Sheet:
        if places != self._places:
            self._sheet, self._places = lay_out(places, self.outline), places
        return self._sheet

    def _borderless(self, places: tuple[Place, ...]) -> tuple[str, ...]:
        return self._laid_out(places).borderless if places and self.outline else ()


def _places(devices: Devices) -> tuple[tuple[Place, ...], int]:
    """Those whose coordinates can be right, and how many offices have coordinates that cannot."""
    told = [
        Place(id=i, kecamatan=d["kecamatan"], latitude=d["latitude"], longitude=d["longitude"])
        for i, d in sorted(devices.items())
        if d["latitude"] is not None and d["longitude"] is not None
    ]
    wrong = sum(not p.plausible and devices[p.id]["role"] == "office" for p in told)
    return tuple(place for place in told if place.plausible), wrong


def _placed(cameras: Sequence[Reading]) -> Devices:
    """Cameras that say where they are, by id."""
    values = {camera.identity: camera.value or {} for camera in cameras}
    return {i: v for i, v in sorted(values.items()) if v.get("latitude") is not None}


def _picture(view: View, devices: Devices, cameras: Devices, sheet: Sheet) -> Node:
    shown = sorted(sheet.at, key=lambda i: GRAVITY.index(devices[i]["state"]))
    box = sheet.box
    return tag(
        "svg",
        "",
        tag("g", "areas", *_areas(sheet, _by_kecamatan(devices))),
        tag("g", "links", *_links(devices, sheet, shown)),
        tag("g", "names", *_names(view, sheet, _by_kecamatan(devices))),
        tag("g", "notes", *_broken_names(devices, sheet, shown)),
        tag("g", "sites", *(_site(view, i, devices[i], sheet) for i in shown)),
        tag("g", "pins", *_pins(view, cameras, sheet)) if cameras else None,
        viewBox=f"{box.left:.2f} {box.top:.2f} {box.width:.2f} {box.height:.2f}",
        preserveAspectRatio="xMidYMid meet",
    )


def _by_kecamatan(devices: Devices) -> Mapping[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for device in devices.values():
        if (
            device["role"] != "core"
        ):  # a provider's core stands in a kecamatan, it does not serve it
            found[device["kecamatan"]].append(device)
    return found


def _worst(devices: Sequence[dict[str, Any]]) -> str:
    return max((d["state"] for d in devices), key=GRAVITY.index, default="unconnected")


def _areas(sheet: Sheet, members: Mapping[str, list[dict[str, Any]]]) -> Iterator[Node]:
    """The worst last, so that its border is whole."""
    worst = {a.name: _worst(members.get(a.name, ())) if a.name else "up" for a in sheet.areas}
    for area in sorted(sheet.areas, key=lambda a: GRAVITY.index(worst[a.name])):
        yield tag("path", f"area {LEVELS[worst[area.name]]}", d=area.path, key=area.name)


def _links(devices: Devices, sheet: Sheet, shown: Sequence[str]) -> Iterator[Node]:
    """From what is broken to the site it hangs on."""
    for i in shown:
        end, state = sheet.at.get(devices[i]["parent"]), devices[i]["state"]
        if end and state in BROKEN:
            yield _line(f"link {LEVELS[state]}", sheet.at[i], end, key=i)


def _site(view: View, key: str, device: dict[str, Any], sheet: Sheet) -> Node:
    """A disc, a ring for the site of a parent, or the shape of what is wrong."""
    state = device["state"]
    word = f"{device['name']} · {view.say(WORDS[state])}"
    told = {"role": "img", "aria_label": word, "key": key}
    hub = "" if device["role"] == "office" else " hub"
    x, y = sheet.at[key]
    if state == "up":
        return tag("circle", f"site ok{hub}", cx=x, cy=y, r=_round(sheet.radius), **told)
    scale = _round(sheet.radius * LARGER[state])
    place = f"translate({x} {y}) scale({scale})"
    return tag("g", f"site {LEVELS[state]}{hub}", *SHAPES[state], transform=place, **told)


def _pins(view: View, cameras: Devices, sheet: Sheet) -> Iterator[Node]:
    """A small camera where one stands, worse ones on top; whoever opens it sees what it sees."""
    for key, camera in sorted(cameras.items(), key=lambda one: _pin_level(one[1]["state"])):
        x, y = _clamped(sheet.project((camera["longitude"], camera["latitude"])), sheet.box)
        level = _pin_level(camera["state"])
        place = f"translate({_round(x)} {_round(y)}) scale({_round(sheet.radius * 1.15)})"
        told = camera_attributes(camera, view.say)
        classes = f"pin {PIN_LEVELS[level]}"
        yield tag(
            "g", classes, CAMERA, *PIN_SIGNS[level], transform=place, key=key, data_pin=key, **told
        )


def _clamped(point: Point, box: Box) -> Point:
    """What stands outside of the sheet is drawn at its edge: no camera is missing in the map."""
    (x, y), inner = point, box.grown(-1.0)
    return min(max(x, inner.left), inner.right), min(max(y, inner.top), inner.bottom)


def _pin_level(state: str) -> int:
    return 2 if state in CAMERA_GREY and state != "starting" else int(state in CAMERA_AMBER)


def _names(view: View, sheet: Sheet, members: Mapping[str, list[dict[str, Any]]]) -> Iterator[Node]:
    for area in sheet.areas:
        if area.label:
            yield from _name(view, area, area.label, members[area.name])


def _name(view: View, area: Area, label: Label, members: list[dict[str, Any]]) -> Iterator[Node]:
    """The kecamatan, and how many of its offices are in the worst state."""
    offices = [d["state"] for d in members if d["role"] == "office"]
    worst = next((s for s in reversed(BROKEN) if s in offices), "")
    x, y = label.box.middle
    up = NOTE * LINE / 2 if worst else 0.0
    yield _text("name", area.name, (x, y - up), NAME)
    if worst:
        note = view.say(NOTES[worst], n=offices.count(worst))
        yield _text(f"note {LEVELS[worst]}", note, (x, y + NAME * LINE / 2), NOTE)


def _broken_names(devices: Devices, sheet: Sheet, shown: Sequence[str]) -> Iterator[Node]:
    """The names of the worst, as far as there is room near them; a sign is never hidden."""
    labels = sheet.labels.copy()
    named = [i for i in reversed(shown) if devices[i]["state"] in ("down", "degraded")]
    for i in named[:MOST_NAMES]:
        name, at = _short(devices[i]["name"]), sheet.at[i]
        places = beside(at, width(name, NOTE), NOTE * LINE, sheet.radius * 1.9)
        if label := labels.put(places, most=1):
            yield from _broken_name(name, LEVELS[devices[i]["state"]], label)


def _broken_name(name: str, level: str, label: Label) -> Iterator[Node]:
    if label.leader:
        yield _line(f"leader {level}", *label.leader)
    box = label.box
    x = {"start": box.left + GAP, "end": box.right - GAP}.get(label.anchor, box.middle[0])
    yield _text(f"note {level} {label.anchor}", name, (x, box.middle[1]), NOTE)


def _line(classes: str, start: Point, end: Point, **attributes: Any) -> Node:
    (x1, y1), (x2, y2) = start, end
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", classes, **{k: _round(v) for k, v in ends.items()}, **attributes)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def _text(classes: str, text: str, at: Point, size: float) -> Node:
    return tag("text", classes, text, x=_round(at[0]), y=_round(at[1]), fontSize=size)


def _round(value: float) -> float:
    return round(value, 2)


def _legend(
    view: View,
    devices: Devices,
    places: Sequence[Place],
    wrong: int,
    borderless: Sequence[str],
    cameras: Devices,
) -> Node:
    """Every office is counted by its state; those that the map cannot show are told apart."""
    offices = [d["state"] for d in devices.values() if d["role"] == "office"]
    hubs = [d["state"] for d in devices.values() if d["role"] != "office"]
    placed = sum(devices[place.id]["role"] == "office" for place in places)
    hidden = {
        "{n} without coordinates": len(offices) - placed - wrong,
        "{n} with wrong coordinates": wrong,
    }
    return div(
        "legend",
        *(_entry(view, state, offices.count(state)) for state in WORDS if _listed(state, offices)),
        span("", tag("i", "ring", aria_hidden="true"), _hubs(view, hubs)) if hubs else None,
        span("", tag("i", "lens", aria_hidden="true"), _count(view, cameras)) if cameras else None,
        *(span("aside", view.say(text, n=n)) for text, n in hidden.items() if n),
        span("aside", view.say("no border for {names}", names=", ".join(borderless)))
        if borderless
        else None,
    )


def _hubs(view: View, states: Sequence[str]) -> str:
    """Sites that others hang on: routers of kecamatan, cores of providers."""
    down = states.count("down")
    return view.say("{n} hubs, {m} down" if down else "{n} hubs", n=len(states), m=down)


def _count(view: View, cameras: Devices) -> str:
    """How many stand in the map, and how many of them need a person."""
    bad = sum(_pin_level(camera["state"]) > 0 for camera in cameras.values())
    text = "{n} cameras, {m} with trouble" if bad else "{n} cameras"
    return view.say(text, n=len(cameras), m=bad)


def _listed(state: str, offices: Sequence[str]) -> bool:
    return state in offices or state in ("up", "down")


def _entry(view: View, state: str, count: int) -> Node:
    word = view.say(WORDS[state])
    return span("", mark(LEVELS[state], word), f"{word} {view.say.number(count)}")
