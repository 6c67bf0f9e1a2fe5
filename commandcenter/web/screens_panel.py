"""The page /screens: pairing, guests, presets, and a card for every display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from commandcenter.access.roles import Eyes
from commandcenter.access.sees import Sees
from commandcenter.board import View
from commandcenter.drawing import Drawing, Node, div, span, tag
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.staging.scenes import Wall
from commandcenter.web.controls import choice, entry, form, line, press, submit
from commandcenter.web.screens_card import DisplayCard, called, wall_options

COUNTED = {
    "lit": "{n} lit",
    "dark": "{n} dark",
    "gone": "{n} silent",
    "never": "{n} never heard",
    "revoked": "{n} revoked",
}


@dataclass(kw_only=True)
class ScreensPanel(Panel):
    """Every display that was ever paired, and what an operator does with it."""

    heading: ClassVar[str] = "Displays"

    feeds: tuple[str, ...] = ("displays",)
    walls: Sequence[Wall] = ()
    panels: Mapping[str, Panel] = field(default_factory=dict)

    def render(self, view: View) -> Drawing:
        """What needs a person is said by each card; revoked displays come last."""
        displays = sorted(view.values("display"), key=_order)
        guests = any(room["on"] for room in view.values("room"))
        cameras = _cameras(view, self.panels)
        cards = [
            DisplayCard(
                say=view.say,
                about=about,
                walls=self.walls,
                panels=self.panels,
                cameras=cameras,
                guests=guests,
            ).node()
            for about in displays
        ]
        body = div(
            "desk",
            div("tools", self._pair(view.say), self._guests(view.say, guests), _presets(view)),
            div("displays", *cards)
            if cards
            else div("empty", view.say("No display is paired yet")),
            _keys(view.say) if cards else None,
        )
        return Drawing(body=body, subtitle=_count(view.say, displays))

    def _pair(self, say: Language) -> Node:
        """A new display shows a code at /wall."""
        typed = {"autoComplete": "off", "autoCapitalize": "characters", "spellCheck": "false"}
        return form(
            "tool pair",
            "/screens/pair",
            tag("h3", "", say("Pair a new display")),
            tag("p", "", say("Open {page} on it; it shows a code of six letters", page="/wall")),
            div(
                "fields",
                entry(say("Code"), "code", required=True, maxLength=9, **typed),
                entry(say("Name"), "name", required=True, maxLength=80),
                entry(say("Room"), "room", maxLength=80),
                choice(say("Wall"), "wall", wall_options(self.walls)),
                submit(say("Pair"), "main"),
            ),
            data_done=say("Paired; the display begins by itself"),
            reset=True,
        )

    def _guests(self, say: Language, guests: bool) -> Node:
        """One switch for all displays."""
        hidden = [called(p, say) for p in self.panels.values() if p.hide_from_guests]
        what = say("Curtains on every wall: {panels}", panels=", ".join(hidden))
        switch = press(
            span("", say("Guests are here") if guests else say("No guests")),
            "/screens/guests",
            {"on": not guests},
            classes="switch",
            role="switch",
            aria_checked=str(guests).lower(),
        )
        return div(
            "tool guests on" if guests else "tool guests",
            tag("h3", "", say("Guests in the room")),
            tag("p", "", what if hidden else say("No panel of config.toml has hide_from_guests")),
            switch,
        )


def _presets(view: View) -> Node:
    """Each is one press; what is shown now is saved under a name."""
    say = view.say
    kept = sorted(view.values("preset"), key=lambda preset: str(preset["name"]).casefold())
    return div(
        "tool presets",
        tag("h3", "", say("Presets")),
        tag("p", "", say("What all displays show, under a name")),
        div("kept", *(_preset(say, preset) for preset in kept)),
        form(
            "strip",
            "/screens/presets",
            line(say("Name of the preset"), "name", required=True, maxLength=80),
            submit(say("Save what is shown")),
            data_done=say("Saved"),
            reset=True,
        ),
    )


def _preset(say: Language, preset: Mapping[str, Any]) -> Node:
    name = preset["name"]
    apply = press(name, "/screens/presets/apply", {"name": name}, pressed=preset["active"])
    delete = press(
        "×",
        "/screens/presets/delete",
        {"name": name},
        aria_label=say("Delete the preset {name}", name=name),
        data_confirm=say("Delete the preset {name}?", name=name),
    )
    return span("preset", apply, delete, key=name)


def _cameras(view: View, panels: Mapping[str, Panel]) -> dict[str, str]:
    """What can fill a screen beside panels: "cctv:simpang" -> its name; of cameras only those that
    displays may show. Of two panels that could show one, it is the one that guests do not see."""
    sees = Sees(known=view.board, eyes=Eyes(role="display"))
    cautious = sorted(panels.values(), key=lambda panel: not panel.hide_from_guests)
    found: dict[str, tuple[str, str]] = {}
    for panel in cautious:
        for feed in panel.feeds:
            for camera in view.board.all(feed, "camera"):
                if camera.identity in found or not sees.camera(camera.identity):
                    continue
                if panel.only(camera.identity) is not None:
                    name = str((camera.value or {})["name"])
                    found[camera.identity] = f"{panel.name}:{camera.identity}", name
    return dict(sorted(found.values(), key=lambda one: one[1].casefold()))


def _order(display: Mapping[str, Any]) -> tuple[bool, str, str, int]:
    name, room = str(display["name"]).casefold(), str(display["room"]).casefold()
    return (display["state"] == "revoked", room, name, display["number"])


def _count(say: Language, displays: Sequence[Mapping[str, Any]]) -> str:
    states = [display["state"] for display in displays]
    told = [say(COUNTED[state], n=states.count(state)) for state in COUNTED if state in states]
    return " · ".join(told)


def _keys(say: Language) -> Node:
    """assets/screens.js knows the first two; the others are those of the buttons (data-key)."""
    keys = (
        ("J", say("down the list")),
        ("K", say("up the list")),
        ("1 … 9", say("scene")),
        ("T", say("hold or take turns")),
        ("G", say("dark or lit")),
    )
    return div("keys", *(span("", tag("kbd", "", key), " ", word) for key, word in keys))
