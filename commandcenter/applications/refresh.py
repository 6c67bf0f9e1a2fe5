"""Pages that send a browser on by themselves: <meta http-equiv="refresh">, the header Refresh, and
pages that show nothing and leave it to a script or a frame.

HTML Standard, 4.2.5.3 (pragma directives, state "refresh") and 7.11 (the header). The real page is
behind such a one, which says nothing of how that is.
"""

from __future__ import annotations

import html
import re

SOON = 5
"""Seconds. A page that sends on later is there to be read, or shows itself anew."""

_WITHIN = 8192  # characters; a page of this kind is short
_MOST_SHOWN = 80  # "Mohon tunggu, Anda sedang dialihkan …"
_HIDDEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(noscript|noframes|script|style|template|title)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<[^>]{0,1000}>")
_META = re.compile(r"<meta\b[^>]{0,600}>", re.IGNORECASE)
_IS_REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh\b", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_ORDER = re.compile(
    r"(\d{1,6})(?:\.\d{0,6})?[;,\s] ?(?:url ?= ?)?[\"']? ?([^\"'\s][^\"']*)", re.IGNORECASE
)
_SCRIPT_FILE = re.compile(r"<script\b[^>]{0,600}\bsrc\s*=", re.IGNORECASE)
_BY_SCRIPT = re.compile(
    r"\blocation(?:\.href)?\s*=\s*[\"']([^\"'\s]{1,500})[\"']"
    r"|\blocation\.(?:replace|assign)\(\s*[\"']([^\"'\s]{1,500})[\"']"
)
_FRAME = re.compile(r"<i?frame\b[^>]{0,600}?\bsrc\s*=\s*[\"']?([^\"'\s>]{1,500})", re.IGNORECASE)


def target(header: str, text: str) -> str:
    """Where a page sends a browser at once, "" when it stays. The header goes before the page;
    what stands in comments, scripts and <noscript> does not count."""
    for order in (header, *_orders(text[:_WITHIN])):
        if found := _ORDER.match(_tight(order)):
            return found[2].strip() if int(found[1]) <= SOON else ""
    return ""


def _tight(order: str) -> str:
    """With no more than one space anywhere: what reads it has no time to lose in the others."""
    return re.sub(r" ([;,])", r"\1", " ".join(order.split()))


def left_to_a_browser(text: str) -> str:
    """Where a page leads that shows nothing itself: its own script goes there, or its frame shows
    that. "" for any other page."""
    if len(text) > _WITHIN or _SCRIPT_FILE.search(text):
        return ""
    shown = _HIDDEN.sub("", text)
    if len(_TAG.sub("", shown).strip()) > _MOST_SHOWN:
        return ""
    found = _BY_SCRIPT.search(text) or _FRAME.search(shown)
    return next(filter(None, found.groups()), "") if found else ""


def _orders(text: str) -> list[str]:
    """The contents of its <meta http-equiv="refresh">."""
    tags = (tag for tag in _META.findall(_HIDDEN.sub("", text)) if _IS_REFRESH.search(tag))
    contents = (_CONTENT.search(tag) for tag in tags)
    return [html.unescape(c[1] or c[2] or c[3] or "") for c in contents if c]
