"""HTTP status codes (RFC 9110 15) as what they mean to people in front of a browser."""

from __future__ import annotations

from typing import NamedTuple

import httpx


class Verdict(NamedTuple):
    """`trouble` is "" when the status is good; `served`: there is something behind it."""

    trouble: str
    served: bool


_ASKING = {  # it answers, but not to somebody without an account, or to a monitor
    401: "meminta nama pengguna",
    403: "menolak pemantau atau semua orang",
    407: "meminta masuk ke proxy",
    429: "membatasi pemantau",
}
_MEANINGS = {
    404: "halaman tidak ada",
    410: "halaman sudah dihapus",
    431: "menolak header yang terlalu besar",
    451: "diblokir karena alasan hukum",
    502: "gerbang hidup, aplikasi di belakangnya tidak",
    503: "sedang tidak melayani",
    504: "gerbang hidup, aplikasi di belakangnya tidak menjawab",
} | dict.fromkeys(range(520, 531), "CDN hidup, server asalnya tidak")  # Cloudflare's own codes


def judge(response: httpx.Response, wanted: int | None) -> Verdict:
    """Whether the status is the one that is wanted; without one, 200 to 299."""
    status = response.status_code
    if wanted is not None:
        good = status == wanted
        return Verdict("" if good else f"status HTTP {status}, seharusnya {wanted}", good)
    if 200 <= status < 300:
        return Verdict("", served=True)
    if status in _ASKING:
        hint = f"; bila memang begitu, tulis {status} di kolom expect_status"
        return Verdict(_told(response, _ASKING[status]) + hint, served=True)
    if 300 <= status < 400:
        return Verdict(f"status HTTP {status} tanpa alamat tujuan", served=False)
    return Verdict(_told(response, _MEANINGS.get(status, "")), served=False)


def _told(response: httpx.Response, meaning: str) -> str:
    words = f"status HTTP {response.status_code}"
    words += f": {meaning}" if meaning else ""
    return words + _retry_after(response)


def _retry_after(response: httpx.Response) -> str:
    """RFC 9110 10.2.3: seconds, or a date."""
    told = response.headers.get("retry-after", "").strip()
    if told.isdecimal() and len(told) < 9:
        seconds = int(told)
        wait = f"{seconds} detik" if seconds < 120 else f"{round(seconds / 60)} menit"
        return f"; katanya coba lagi dalam {wait}"
    if told[:3].isalpha() and told.endswith("GMT") and len(told) < 40 and told.isprintable():
        return f"; katanya coba lagi setelah {told}"
    return ""
