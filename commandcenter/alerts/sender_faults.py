"""What is to be told of a sender itself, as an incident, in the words of the wall.

An alert that nobody could read is not known. A wall that stays green would say that all is well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from commandcenter.alerts.alert import Message, spoken, text
from commandcenter.records.alerts import Alert
from commandcenter.records.senders import SenderFault

_NAMES = {"alertmanager": "Alertmanager", "zabbix": "Zabbix", "cap": "CAP", "webhook": "Webhook"}
_MOST_WORDS = 10


def refused(source: str, sentence: str) -> SenderFault:
    """Nothing of a message could be taken."""
    return SenderFault(
        source=source,
        about="refused",
        level="critical",
        title=f"{named(source)}: satu pesan ditolak, isinya tidak diketahui",
        detail=text(sentence),
    )


def silent(source: str, seconds: float, *, ever: bool, over: bool = False) -> SenderFault:
    """A sender that is expected says nothing."""
    what = "tidak terdengar lagi" if ever else "belum pernah terdengar"
    return SenderFault(
        source=source,
        about="silent",
        over=over,
        level="critical",
        title=f"{named(source)} {what}",
        detail=f"diharapkan setiap {spoken(seconds)}; peringatannya tidak akan sampai",
        lasting=True,
    )


def of(source: str, message: Message) -> tuple[SenderFault, ...]:
    """What a message that was taken says of its sender."""
    return tuple(_of(source, message))


def _of(source: str, message: Message) -> Iterator[SenderFault]:
    firing = [alert for alert in message.alerts if alert.firing]
    if message.bad:
        yield _unreadable(source, message)
    if message.group or message.left_out:
        yield _left_out(source, message)
    if words := dict.fromkeys(one.unknown_severity for one in firing if one.unknown_severity):
        yield _words(source, list(words))
    if firing:
        yield _clock(source, firing)


def _unreadable(source: str, message: Message) -> SenderFault:
    count, whole = len(message.bad), not message.taken
    return SenderFault(
        source=source,
        about="unreadable",
        level="critical" if whole else "warning",
        title=f"{named(source)}: {count} peringatan tidak dapat dibaca",
        detail=text(message.bad[0][0]),
    )


def _left_out(source: str, message: Message) -> SenderFault:
    missing, came = message.left_out, message.taken
    return SenderFault(
        source=source,
        about="left-out",
        which=message.group,
        over=not missing,
        level="critical",
        title=f"{named(source)}: {missing} dari {came + missing} peringatan tidak diketahui",
        detail=f"{came} diambil; naikkan max_alerts pengirim atau kecilkan kelompoknya",
        lasting=True,
    )


def _words(source: str, words: Sequence[str]) -> SenderFault:
    told = ", ".join(text(word, 40) for word in words[:_MOST_WORDS])
    return SenderFault(
        source=source,
        about="words",
        title=f"{named(source)}: keparahan tidak dikenal: {told}",
        detail="dibaca sebagai peringatan; tulis artinya di [feed.alerts] severities",
        lasting=True,
    )


def _clock(source: str, firing: Sequence[Alert]) -> SenderFault:
    """Without the minutes: it would be news with every message."""
    ahead = max(alert.seconds_ahead for alert in firing)
    hours = timedelta(seconds=ahead) // timedelta(hours=1) * 3600
    return SenderFault(
        source=source,
        about="clock",
        over=not ahead,
        title=f"{named(source)}: jam pengirim {spoken(hours) if hours else 'lebih'} di depan",
        detail="peringatannya diambil pada waktu kita; periksa NTP pengirim",
        lasting=True,
    )


def named(source: str) -> str:
    """A sender as people call it."""
    return _NAMES.get(source, source)
