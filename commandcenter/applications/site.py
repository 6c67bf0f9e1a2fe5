"""The list of applications: which addresses are asked, and what their pages must be like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from commandcenter.hosts import has_zeros_in_front, is_host
from commandcenter.lists import Listed, read_list


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A row of the list of applications."""

    id: str
    name: str
    url: str
    expect_status: int | None = None  # without it: 200 to 299
    expect_text: str = ""  # words that the page must contain
    behind: str = ""  # id of the network device it hangs on

    @property
    def host(self) -> str:
        """The host of its address as DNS knows it: small letters, IDN in its ASCII form."""
        return httpx.URL(self.url).raw_host.decode("ascii")


def read_sites(path: Path) -> Listed[Site]:
    """The list of applications."""
    listed = read_list(path, Site)
    listed.leave_out_repeated("id")
    for number, site in list(listed.rows.items()):
        if not _is_url(site.url):
            hint = ", tanpa nol di depan angkanya" if has_zeros_in_front(site.url) else ""
            told = f"tulis alamat lengkap{hint}, misalnya https://contoh.go.id/"
            listed.leave_out(number, "url", told)
    return listed


def _is_url(text: str) -> bool:
    try:
        return is_web_address(httpx.URL(text))
    except (httpx.InvalidURL, ValueError):
        return False


def is_web_address(url: httpx.URL) -> bool:
    """Whether a browser could go there. Raises UnicodeError for a name that IDNA does not know."""
    host = bool(url.host) and is_host(url.raw_host.decode("ascii"))
    port = url.port is None or 0 < url.port < 65536
    return url.scheme in ("http", "https") and host and port
