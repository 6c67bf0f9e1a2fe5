"""The sentences that the page's own scripts say, in the page's language."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import orjson

from commandcenter.language import Language

_WORDS = (
    "{n} s",
    "{n} min",
    "{n} h",
    "{n} d",
    "{t} ago",
    "{t} left",
    "over {t}",
    "since {clock}",
    "and {n} more",
    "Disconnected since {clock}",
    "No connection to the server yet",
    "No data since {clock}: the message bus is away",
    "none",
    "disconnected",
    "unreported",
    "demo",
    "manual",
    "Acknowledged",
    "Cannot acknowledge: {why}",
    "No answer from the server",
    "The server cannot pair now: {why}; trying again",
    "The code was entered; the wall begins",
    "This browser kept no cookie; allow cookies here, then pair it again",
    "Waiting for an operator to enter the code",
    "No answer from the server since {clock}; trying again",
    "This code holds for another {t}",
    "guest mode",
    "The browser blocks sound",
    "This display's clock is off by {t}",
    "Yes",
    "No",
)


def page_words(say: Language) -> dict[str, str]:
    """What assets/clock.js needs to speak, and to write times: attributes of an element."""
    return {
        "data-zone": say.zone.key,
        "data-zone-name": say.zone_name,
        "data-language": say.code,
        "data-words": orjson.dumps(browser_words(say)).decode(),
    }


def as_markup(attributes: Mapping[str, str]) -> str:
    """Attributes as they stand in HTML."""
    return " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())


def browser_words(say: Language) -> dict[str, str]:
    """Sentence -> translation, as assets/clock.js looks it up."""
    return {text: say(text) for text in _WORDS}
