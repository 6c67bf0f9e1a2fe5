"""The card of one display at /screens: how it is, what it shows, and every order it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from commandcenter.drawing import Node, div, mark, milliseconds, span, tag
from commandcenter.language import Language
from commandcenter.panel import Panel
from commandcenter.staging.control import LONGEST_MESSAGE
from commandcenter.staging.scenes import Scene, Wall
from commandcenter.web.controls import choice, entry, form, line, press, submit
from commandcenter.web.screens_picture import picture, screen, size_of

LATE, SILENT = timedelta(seconds=12), timedelta(seconds=20)  # a display is asked every 5 s
WRONG_CLOCK = 30  # seconds
MB = 1_000_000
MUCH = 20  # MB: less comes and goes with the browser's own tidying

MARKS = {"lit": "ok", "dark": "off", "gone": "bad", "never": "unknown", "revoked": "none"}
STATES = {
    "lit": "lit",
    "dark": "dark",
    "gone": "silent",
    "never": "never heard",
    "revoked": "revoked",
}


@dataclass(frozen=True, kw_only=True)
class DisplayCard:
    """`about` is a commandcenter.vocabulary.Display."""

    say: Language
    about: Mapping[str, Any]
    walls: Sequence[Wall]
    panels: Mapping[str, Panel]
    cameras: Mapping[str, str]
    """What can fill a screen beside panels: "cctv:simpang" -> its name."""
    guests: bool

    def node(self) -> Node:
        """The whole card."""
        inside = (self._shows(), self._orders(), self._manage())
        return tag(
            "section",
            f"display {self.state}",
            self._head(),
            *(inside if self.state != "revoked" else ()),
            key=self.about["number"],
            data_display=self.about["number"],
            tabIndex=0,
            aria_label=self.about["name"],
            **self._judged(),
        )

    @property
    def state(self) -> str:
        """As the vocabulary has it."""
        return str(self.about["state"])

    @property
    def here(self) -> bool:
        """Whether its page is connected, as far as the server knows."""
        return self.state in ("lit", "dark")

    @property
    def wall(self) -> Wall:
        """Its wall; for one that config.toml no longer has the first, as on the screen itself."""
        return next((w for w in self.walls if w.name == self.about["wall"]), self.walls[0])

    @property
    def scene(self) -> Scene:
        """The scene that it shows."""
        scenes = self.wall.scenes
        return next((s for s in scenes if s.name == self.about["scene"]), scenes[0])

    def _judged(self) -> dict[str, Any]:
        """For the page's clock: nobody is lit only because nothing else was heard."""
        heard_at = self.about["heard_at"]
        if heard_at is None or self.state == "revoked":
            return {"data_base": "none", "data_state": "none", "data_at": ""}
        at = datetime.fromisoformat(heard_at)
        return {
            "data_state": "fresh" if self.here else "stale",
            "data_at": heard_at,
            "data_late_at": milliseconds(at + LATE if self.here else at),
            "data_stale_at": milliseconds(at + SILENT if self.here else at),
        }

    # --- how it is ----------------------------------------------------------------------------

    def _head(self) -> Node:
        where = " · ".join(filter(None, (self.about["room"], self.wall.called)))
        whom = div("whom", tag("h3", "", self.about["name"]), tag("small", "", where))
        return tag("header", "", whom, span("state", *self._state()))

    def _state(self) -> Iterator[Node]:
        """Shape, word and age. That a display only seems to be here, the page's clock knows."""
        say, word = self.say, self.say(STATES[self.state])
        yield span("told", mark(MARKS[self.state], word), word)
        if self.here:
            yield span("doubt", mark("unknown", say("no news")), say("no news"))
        if self.state == "revoked":
            yield span("when", say.moment(datetime.fromisoformat(self.about["revoked_at"])))
        elif self.about["heard_at"] is not None:
            yield tag("time", "", data_ago=milliseconds(self.about["heard_at"]))

    def _shows(self) -> Node:
        facts = div("facts", *self._facts(), *self._troubles())
        return div("shows", self._picture(), facts)

    def _picture(self) -> Node:
        if self.about["panel"]:
            inside: Node = div("mini one", div("part", span("", self._showing())))
        else:
            inside = picture(self.scene, size_of(self.about), self._cell)
        words = {"shows": self._showing(), "dark": self.say("dark")}
        return screen(self.about, inside, words)

    def _cell(self, name: str) -> Node:
        panel = self.panels[name]
        if panel.frame:
            return None
        hidden = self.guests and panel.hide_from_guests
        return span("curtained" if hidden else "", called(panel, self.say))

    def _showing(self) -> str:
        panel, thing = self.about["panel"], self.about["thing"]
        if thing:
            return self.cameras.get(f"{panel}:{thing}", thing)
        if panel in self.panels:
            return called(self.panels[panel], self.say)
        return self.scene.called

    def _facts(self) -> Iterator[Node]:
        about, say = self.about, self.say
        yield tag("strong", "", self._showing())
        yield span("tags", *(span("tag", word, key=word) for word in self._tags()))
        if about["width"]:
            yield _fact(say("Resolution"), f"{about['width']} × {about['height']}")
        if about["memory_bytes"] is not None and self.here:
            yield _fact(say("Memory"), self._memory())
        if about["address"]:
            yield _fact(say("Address"), about["address"])

    def _tags(self) -> Iterator[str]:
        if self.about["panel"]:
            yield self.say("full screen")
        if self.about["held"]:
            yield self.say("held")
        if self.about["muted"]:
            yield self.say("muted")

    def _memory(self) -> str:
        grown = (self.about["memory_grown_bytes"] or 0) / MB
        now = f"{self.say.number(self.about['memory_bytes'] / MB)} MB"
        if grown < MUCH:
            return now
        return self.say("{memory}, {more} MB more than at first", memory=now, more=round(grown))

    def _troubles(self) -> Iterator[Node]:
        say = self.say
        texts = self._wrong() if self.here else ()
        return (div("wrong", mark("warn", say("warning")), span("", text)) for text in texts)

    def _wrong(self) -> Iterator[str]:
        about, say = self.about, self.say
        behind = (about["clock_offset_ms"] or 0) / 1000
        if behind > WRONG_CLOCK:
            yield say("its clock is {t} slow", t=_length(say, behind))
        if behind < -WRONG_CLOCK:
            yield say("its clock is {t} fast", t=_length(say, -behind))
        if about["sound"] == "blocked":
            yield say("its browser blocks the sound")
        if about["stalls"]:
            yield say("its page stood still {n} times", n=about["stalls"])

    # --- what it can be told ------------------------------------------------------------------

    def _orders(self) -> Node:
        return div("orders", self._scenes(), self._fullscreen(), self._message(), self._switches())

    def _order(self, word: Node, act: str, value: str = "", **attributes: Any) -> Node:
        return press(word, self._door("control"), {"act": act, "value": value}, **attributes)

    def _door(self, name: str) -> str:
        return f"/screens/displays/{self.about['number']}/{name}"

    def _scenes(self) -> Node:
        """Its scenes; one press shows it, and the rotation goes on from there unless it is held."""
        about, say, scenes = self.about, self.say, self.wall.scenes
        if len(scenes) < 2:
            return None
        whole = not about["panel"]
        chips = (
            self._order(
                scene.called,
                "scene",
                scene.name,
                pressed=whole and scene.name == about["scene"],
                key=scene.name,
                data_key=n,
            )
            for n, scene in enumerate(scenes, 1)
        )
        held = bool(about["held"])
        turns = self._order(
            say("Take turns"), "continue", pressed=not held, data_key="t" if held else None
        )
        hold = self._order(say("Hold"), "hold", pressed=held, data_key=None if held else "t")
        return div("scenes", div("chips", *chips), div("either", turns, hold))

    def _fullscreen(self) -> Node:
        """One panel or one camera fills the screen, or the whole scene is shown again."""
        say = self.say
        panels = [(called(p, say), "panel", p.name) for p in self.panels.values() if not p.frame]
        things = [(name, "thing", key) for key, name in self.cameras.items()]
        groups = ((say("Panels"), panels), (say("Cameras"), things))
        made = (
            tag("optgroup", "", *(_option(*one) for one in group), label=word, key=word)
            for word, group in groups
            if group
        )
        back = self._order(say("Back to the scene"), "back", key="back")
        return form(
            "strip",
            self._door("control"),
            tag("select", "", *made, aria_label=say("What fills the screen")),
            submit(say("Full screen")),
            back if self.about["panel"] else None,
            key="full",
        )

    def _message(self) -> Node:
        say, shown = self.say, self.about["message"]
        clear = self._order(say("Clear the message"), "message", key="clear")
        return form(
            "strip",
            self._door("control"),
            line(say("Message on this display"), "value", required=True, maxLength=LONGEST_MESSAGE),
            submit(say("Send")),
            clear if shown else None,
            told={"act": "message"},
            reset=True,
            key="message",
        )

    def _switches(self) -> Node:
        about, say = self.about, self.say
        dark, muted = about["dark"], about["muted"]
        light = ("lit", say("Light it")) if dark else ("dark", say("Make it dark"))
        sound = ("sound", say("Let it sound")) if muted else ("mute", say("Mute"))
        return div(
            "switches",
            self._order(light[1], light[0], data_key="g", key="light"),
            self._order(sound[1], sound[0], key="sound"),
            self._order(say("Reload"), "reload", key="reload"),
        )

    def _manage(self) -> Node:
        """What is seldom needed, folded away."""
        about, say = self.about, self.say
        name = about["name"]
        paired = say.moment(datetime.fromisoformat(about["paired_at"]))
        facts = form(
            "fields",
            self._door("change"),
            entry(say("Name"), "name", required=True, maxLength=80, defaultValue=name),
            entry(say("Room"), "room", maxLength=80, defaultValue=about["room"]),
            choice(say("Wall"), "wall", wall_options(self.walls), self.wall.name),
            submit(say("Save")),
            data_done=say("Saved"),
        )
        revoke = press(
            say("Revoke"),
            self._door("revoke"),
            {},
            classes="danger",
            data_confirm=say("Revoke {name}? It shows nothing until it is paired anew", name=name),
        )
        last = div("last", tag("small", "", say("paired {moment}", moment=paired)), revoke)
        return tag("details", "", tag("summary", "", say("Manage")), facts, last, key="manage")


def called(panel: Panel, say: Language) -> str:
    """What people call a panel."""
    return panel.title or say(panel.heading) or panel.name


def wall_options(walls: Sequence[Wall]) -> list[tuple[str, str]]:
    """For a choice of a wall."""
    return [(wall.name, wall.called) for wall in walls]


def _option(word: str, act: str, value: str) -> Node:
    """It says itself what it does (assets/screens.js)."""
    told = orjson.dumps({"act": act, "value": value}).decode()
    return tag("option", "", word, key=f"{act}:{value}", data_say=told)


def _fact(label: str, value: str) -> Node:
    return div("fact", tag("small", "", label), span("", value))


def _length(say: Language, seconds: float) -> str:
    """A length of time, coarsely."""
    if seconds < 120:
        return say("{n} s", n=round(seconds))
    if seconds < 7200:
        return say("{n} min", n=round(seconds / 60))
    return say("{n} h", n=round(seconds / 3600))
