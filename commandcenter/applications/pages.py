"""Pages that answer with 200 and are not the application: hosters' pages, parked and suspended
names, fresh web servers, maintenance, login pages.

Told by the words of their templates (cPanel, Plesk, Apache, nginx, IIS, parking services). Such
words can mislead: they make an application degraded, never down; `expect_text` decides.
"""

from __future__ import annotations

import re

from commandcenter.applications.charset import plain

_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_PASSWORD = re.compile(r"<input[^>]{0,300}?type\s*=\s*[\"']?password\b", re.IGNORECASE)
_TITLE_WITHIN = 32 * 1024  # characters
_WITHIN = 4096  # characters in which a template's own sentence is looked for
_HOSTER, _SERVER = "bawaan hoster", "bawaan server web"
_SUSPENDED, _CARE = "ditangguhkan hoster", "pemeliharaan"
_DATABASE = "galat basis data"
_IN_TITLE = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"\b(account|website|site|hosting|domain)\b.{0,20}\bsuspended\b", _SUSPENDED),
        (r"\b(akun|situs|layanan|hosting)\b.{0,20}\bditangguhkan\b", _SUSPENDED),
        (r"^(default web ?site page|domain default page|web server's default page)", _HOSTER),
        (r"^(future home of|this site is under construction)", _HOSTER),
        (r"apache2? .{0,30}default page|apache http server test page", _SERVER),
        (r"^(test page for the|welcome to) (nginx|centos|caddy|openresty|tengine)", _SERVER),
        (r"^(iis windows( server)?|iis7)$", _SERVER),
        (r"^index of /", "daftar berkas, bukan aplikasi"),
        (r"\b(domain|website)\b.{0,30}\b(for sale|parked|dijual)\b", "parkir domain"),
        (r"\b(domain|hosting|website|situs)\b.{0,20}\b(expired|kedaluwarsa)\b", "habis sewa"),
        (r"^((site|website) )?(is )?(under |in )?maintenance( mode)?$", _CARE),
        (r"^sedang (dalam )?(pemeliharaan|perbaikan)", _CARE),
        (r"^(situs|website|sistem|aplikasi)\b.{0,30}\b(sedang|dalam) (pemeliharaan|perb)", _CARE),
        (r"^(just a moment|attention required! \| cloudflare|ddos-guard)", "pemeriksaan CDN"),
        (r"\b(hacked|defaced|pwned) by\b", "yang mungkin diretas"),
        (r"^(database error|error establishing a database connection)", _DATABASE),
    )
)
_IN_TEXT = (
    ("this account has been suspended", _SUSPENDED),
    ("if you are the owner of this website, please contact your hosting provider", _HOSTER),
    ("apache is functioning normally", _SERVER),
    ("<h1>it works!</h1>", _SERVER),
    ("error establishing a database connection", _DATABASE),
    ("sqlstate[", _DATABASE),
    ("<b>fatal error</b>:", "galat PHP"),
)


def unexpected(text: str) -> str:
    """What kind of page it is, when it is not likely to be the application; "" otherwise."""
    title = title_of(text)
    for pattern, words in _IN_TITLE:
        if pattern.search(title):
            return words
    head = _squeezed(text[:_WITHIN])
    return next((words for sentence, words in _IN_TEXT if sentence in head), "")


def is_login(text: str) -> bool:
    """Whether the page asks for a password."""
    return _PASSWORD.search(text) is not None


def title_of(text: str) -> str:
    """The title of a page, "" without one."""
    found = _TITLE.search(text, 0, _TITLE_WITHIN)
    return plain(found.group(1)) if found else ""


def _squeezed(text: str) -> str:
    """Small letters and single spaces, tags left in."""
    return " ".join(text.lower().split())
