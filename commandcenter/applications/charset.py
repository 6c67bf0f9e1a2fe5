"""Which text the bytes of a page are, as browsers find it out.

WHATWG Encoding Standard (the labels) and HTML Standard 13.2.3 (byte order mark, header, <meta>).
Python's other codecs are never asked: some are no text encodings (zlib, base64), others take a
time that grows with the square of the page (punycode).
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BROWSERS = frozenset(
    (
        *("utf-8", "utf-16-le", "utf-16-be", "cp866", "koi8-r", "koi8-u", "mac-roman", "cp874"),
        *(f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
        *(f"cp125{n}" for n in range(9)),
        *("gbk", "gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis", "cp932"),
        *("euc_kr", "cp949", "mac-cyrillic"),
    )
)
_ALIKE = {  # what browsers take instead of what the label says
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "utf-16": "utf-16-le",
    "gb2312": "gbk",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_LABEL = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,>]{1,40})", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([^\s\"';,/>]{1,40})", re.IGNORECASE)
_META_WITHIN = 1024  # bytes


def text_of(body: bytes, content_type: str = "") -> str:
    """The text of a page, of which the end may be missing. Never raises."""
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    told = _LABEL.search(content_type)
    meta = _META.search(body[:_META_WITHIN])
    codec = (
        _codec(told.group(1) if told else "")
        or _unmarked(_codec(meta.group(1).decode("latin-1") if meta else ""))
        or _guess(body)
    )
    return body.decode(codec, "replace")


def plain(text: str) -> str:
    """Text as people compare it: one kind of space, entities resolved, accents composed (NFC)."""
    return " ".join(unicodedata.normalize("NFC", html.unescape(text)).split())


def _codec(label: str) -> str:
    """Python's codec for a label that browsers know, "" for any other."""
    try:
        name = codecs.lookup(label).name if label else ""
    except (LookupError, ValueError):  # an unknown word; a NUL or letters that are not ASCII
        return ""
    name = _ALIKE.get(name, name)
    return name if name in _BROWSERS else ""


def _unmarked(codec: str) -> str:
    """A <meta> that could be read as ASCII is not UTF-16, whatever it says."""
    return "utf-8" if codec.startswith("utf-16") else codec


def _guess(body: bytes) -> str:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
