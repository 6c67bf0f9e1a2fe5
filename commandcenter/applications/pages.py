"""Pages that answer with 200 and are not the application: hosters' pages, parked and suspended
names, fresh web servers, maintenance, checks of browsers, errors, gambling on hacked sites.

Told by the words of their templates (cPanel, Plesk, Apache, nginx, IIS, PHP, parking services,
firewalls). Such words can mislead: they make an application degraded, never down; `expect_text`
decides.
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
_DATABASE, _PHP = "galat basis data", "galat PHP"
_FAULT = "galat, meski status HTTP-nya berhasil"
CHECK = "pemeriksaan CDN atau WAF (loloskan pemantau)"
_BARRED = "penolakan WAF (loloskan pemantau)"
_HACKED = "yang mungkin diretas"
_NOTHING = (
    r"(?:page |halaman (?:ini )?|object |site |website |file )?(?:not found|tidak ditemukan)\b"
    r"|bad request\b|unauthorized\b|forbidden\b|too many requests\b|internal server error\b"
    r"|(?:the )?service (?:is )?(?:temporarily )?unavailable\b|bad gateway\b|gateway time-?out\b"
)
_SLOTS = (  # what gambling calls itself; programmes of the government against it do not
    r"\b(slot|situs|link|game)\b.{0,20}\bgacor\b|\bgacor\b.{0,20}\bslots?\b|\bmaxwin\b"
    r"|\bslot (online|deposit|qris|dana|thailand|server|resmi|demo|pulsa)\b|\bslot ?(88|777)\b"
    r"|\b(situs|agen|bandar|daftar|link) (slot|togel|toto)\b|\b(agen|daftar) (judi|casino)\b"
    r"|\btoto (macau|togel|slot|4d)\b|\btogel (online|resmi|4d)\b|\brtp (slot|live)\b"
)
_GAMBLING = re.compile(_SLOTS, re.IGNORECASE)
_MOST_MENTIONED = 2  # times that an honest page may say such words near its beginning
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
        (r"\b(under|down for) (scheduled )?maintenance\b", _CARE),
        (r"^sedang (dalam )?(pemeliharaan|perbaikan)", _CARE),
        (r"^(situs|website|sistem|aplikasi)\b.{0,30}\b(sedang|dalam) (pemeliharaan|perb)", _CARE),
        (r"^(just a moment|attention required! \| cloudflare|ddos-guard)", CHECK),
        (r"^(one moment, please|bot verification|human verification)", CHECK),  # Imunify360
        (r"^(making sure you.re not a bot|vercel security checkpoint)", CHECK),  # Anubis
        (r"^(request rejected$|web page blocked|access denied\b)", _BARRED),  # F5, FortiWeb
        (r"\b(hacked|defaced|pwned) by\b", _HACKED),
        (_SLOTS, f"{_HACKED} (judi online)"),
        (r"^(database error|error establishing a database connection)", _DATABASE),
        (rf"^((http )?(status|error) )?[45]\d\d\b[\s:|.(–-]*($|{_NOTHING}|error)", _FAULT),
        (rf"^({_NOTHING}|error$|an error occurred|terjadi kesalahan|server error in)", _FAULT),
    )
)
_IN_TEXT = (
    ("this account has been suspended", _SUSPENDED),
    ("if you are the owner of this website, please contact your hosting provider", _HOSTER),
    ("apache is functioning normally", _SERVER),
    ("<h1>it works!</h1>", _SERVER),
    ("the requested url was rejected. please consult with your administrator", _BARRED),
    ("_incapsula_resource?", CHECK),
    ("this site requires javascript to work, please enable javascript in your browser", CHECK),
    ("error establishing a database connection", _DATABASE),
    ("sqlstate[", _DATABASE),
    ("<?php", "kode PHP yang tidak dijalankan servernya"),
)
_ANYWHERE = tuple(  # PHP writes these where it stops, often at the end (php/php-src main.c: 200)
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (r"\b(?:mysqli?|pg|oci)_p?connect\(|\bmysqli::(?:real_connect|__construct)\(", _DATABASE),
        (r"\bkoneksi (?:ke )?(?:database|basis data|mysql|server)[^<>]{0,20} gagal\b", _DATABASE),
        (r"\bgagal (?:koneksi|terhubung|konek) (?:ke |dengan )?(?:database|basis data)", _DATABASE),
        (r"<b>(?:fatal|parse) error</b>:", _PHP),
    )
)
_STOPPED = re.compile(r"\b(?:PHP )?(?:Fatal|Parse) error: ")
_ON_LINE = re.compile(r" on line \d")


def unexpected(text: str) -> str:
    """What kind of page it is, when it is not likely to be the application; "" otherwise."""
    title = title_of(text)
    for pattern, words in _IN_TITLE:
        if pattern.search(title):
            return words
    head = _squeezed(text[:_WITHIN])
    for sentence, words in _IN_TEXT:
        if sentence in head:
            return words
    if sum(1 for _ in _GAMBLING.finditer(head)) > _MOST_MENTIONED:
        return f"{_HACKED} (judi online)"
    found = next((words for pattern, words in _ANYWHERE if pattern.search(text)), "")
    plainly = _STOPPED.search(text) and _ON_LINE.search(text)  # without html_errors
    return found or (_PHP if plainly else "")


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
