"""Is it them or us: what all answers of one look say together about our own network."""

from __future__ import annotations

from collections.abc import Mapping

from commandcenter.applications.answer import DATED, PATHLESS, UNNAMED, Answer, Fault
from commandcenter.applications.names import is_address
from commandcenter.applications.site import Site

NO_NAMES = (
    "nama aplikasi tidak dapat dicari: server DNS tidak menjawab atau tidak mengenal satu pun nama;"
    " periksa DNS komputer pusat komando (/etc/resolv.conf) dan jaringannya"
)
NO_NETWORK = (
    "tidak ada satu pun aplikasi yang dapat dicapai dari sini: tidak ada rute;"
    " periksa jaringan komputer pusat komando"
)

WRONG_CLOCK = (
    "jam komputer pusat komando salah: menurut jam itu semua sertifikat belum berlaku atau"
    " kedaluwarsa, menurut jam para server tidak; periksa tanggal dan NTP komputer pusat komando"
)


def ours(answers: Mapping[Site, Answer]) -> str:
    """The sentence about our own side when that is what failed, "" when it is not.

    One name that does not exist is that application's own; names that all fail at once are not.
    """
    if _all(answers, PATHLESS | UNNAMED) and (
        _any(answers, Fault.NO_ROUTE) or len(_hosts(answers, PATHLESS)) > 1
    ):
        return NO_NETWORK
    secured = {s: answer for s, answer in answers.items() if answer.certificate is not None}
    if _all(secured, DATED) and len(_hosts(secured, DATED)) > 1:
        return WRONG_CLOCK
    named = {site: answer for site, answer in answers.items() if not is_address(site.host)}
    if _all(named, UNNAMED) and (_any(named, Fault.NO_RESOLVER) or len(_hosts(named, UNNAMED)) > 1):
        return NO_NAMES
    return ""


def _all(answers: Mapping[Site, Answer], faults: frozenset[Fault]) -> bool:
    return bool(answers) and all(answer.fault in faults for answer in answers.values())


def _any(answers: Mapping[Site, Answer], fault: Fault) -> bool:
    return any(answer.fault is fault for answer in answers.values())


def _hosts(answers: Mapping[Site, Answer], faults: frozenset[Fault]) -> set[str]:
    return {site.host for site, answer in answers.items() if answer.fault in faults}
