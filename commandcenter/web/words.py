"""The sentences that the page's own scripts say, in the page's language."""

from __future__ import annotations

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
)


def browser_words(say: Language) -> dict[str, str]:
    """Sentence -> translation, as assets/clock.js looks it up."""
    return {text: say(text) for text in _WORDS}
