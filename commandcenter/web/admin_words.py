"""The lines of the audit log in words: who did what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel.dates import format_datetime

from commandcenter.language import Language
from commandcenter.records.audit import Entry
from commandcenter.web.console_desk import DOMAINS

# {thing} is a name ("Sari") or a kind with a number ("incident 12").
SAYS = {
    "signed_in": "{who} signed in",
    "signed_out": "{who} signed out",
    "sign_in_refused": "A sign-in was refused: {thing}",
    "code_refused": "A wrong code was given for {thing}",
    "throttled": "Too many requests; they had to wait",
    "flooded": "{who} asked for too much in a short time and had to wait",
    "session.revoked": "{who} ended a session of {thing}",
    "account.created": "{who} created the account of {thing}",
    "account.changed": "{who} changed the account of {thing}",
    "account.factor": "{who} set up the second step of {thing}",
    "account.factor_removed": "{who} removed the second step of {thing}",
    "account.paper_code": "{who} signed in with a code on paper",
    "account.disabled": "{who} disabled the account of {thing}",
    "account.enabled": "{who} enabled the account of {thing}",
    "account.password": "{who} set the password of {thing}",
    "account.link": "{who} made a one-time link for {thing}",
    "access.setup": "{who} made the link for the first administrator",
    "token.created": "{who} made the token {thing}",
    "token.revoked": "{who} revoked the token {thing}",
    "export.audit": "{who} exported the audit log",
    "export.evidence": "{who} exported the evidence of {thing}",
    "export.history": "{who} exported the history of incidents",
    "display.paired": "{who} paired {thing}",
    "display.collected": "{thing} fetched its key",
    "display.changed": "{who} changed {thing}",
    "display.revoked": "{who} revoked {thing}",
    "display.preset": "{who} applied a preset to {thing}",
    "display.preset-saved": "{who} saved a preset",
    "display.preset-deleted": "{who} deleted a preset",
    "display.guests": "{who} switched the guest mode",
    "display.scene": "{who} put a scene on {thing}",
    "display.hold": "{who} held the scene of {thing}",
    "display.continue": "{who} let the scenes of {thing} go on",
    "display.panel": "{who} put one panel on {thing}",
    "display.thing": "{who} put one camera on {thing}",
    "display.back": "{who} put the wall back on {thing}",
    "display.dark": "{who} darkened {thing}",
    "display.lit": "{who} lit {thing} again",
    "display.message": "{who} put a message on {thing}",
    "display.mute": "{who} muted {thing}",
    "display.sound": "{who} gave {thing} its sound back",
    "display.reload": "{who} reloaded {thing}",
    "display.wall": "{who} put another wall on {thing}",
    "camera_again": "{who} let {thing} be tried with its password again",
    "incident.opened": "{thing} was opened",
    "incident.changed": "{thing} changed",
    "incident.again": "{thing} happened once more",
    "incident.reopened": "{thing} was opened again by {who}",
    "incident.flapping": "{thing} goes up and down",
    "incident.calm": "{thing} is calm again",
    "incident.affected": "More is affected by {thing}",
    "incident.merged": "{thing} was merged into another one",
    "incident.acknowledged": "{who} acknowledged {thing}",
    "incident.working": "{who} began to work on {thing}",
    "incident.resolved": "{who} resolved {thing}",
    "incident.closed": "{thing} was closed by {who}",
    "incident.shelved": "{who} shelved {thing}",
    "incident.unshelved": "The shelving of {thing} ended",
    "incident.expired": "The acknowledgement of {thing} ran out",
    "incident.assigned": "{who} assigned {thing}",
    "incident.handed_over": "{thing} was handed over to {who}",
    "incident.note": "{who} added a note to {thing}",
    "incident.undone": "{who} took the last step with {thing} back",
    "incident.escalated": "{thing} was escalated",
}
KINDS = {
    "account": "account {n}",
    "token": "token {n}",
    "display": "display {n}",
    "camera": "camera {n}",
    "incident": "incident {n}",
    "maintenance": "maintenance {n}",
    "handover": "hand-over {n}",
}
FACTS = {  # what else is worth a place on the screen; the export has everything
    "name": "name",
    "role": "role",
    "offices": "offices",
    "domains": "domains",
    "scopes": "rights",
    "days": "days",
    "how": "way",
    "assignee": "assigned to",
    "cause": "cause",
    "lines": "lines",
}
HOW = {
    "password": "password",
    "code": "password and code",
    "link": "one-time link",
    "oidc": "single sign-on",
    "sso": "single sign-on",
    "ldap": "directory",
    "demo": "demo",
}
_BY_NAME = ("account", "token")  # their notes are the names they had then


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a log for a page."""

    log: str
    number: int
    when: str
    says: str
    note: str
    facts: str
    who: str
    address: str
    path: str
    """Of the page about what it was done to, or ""."""


def told(entry: Entry, say: Language, names: Mapping[str, str]) -> Line:
    """A line in words; of an act that nobody here knows, as it was written. `names` has those of
    accounts by what the log calls them: "account/3"."""
    text, thing = SAYS.get(entry.act), _thing(entry, say, names)
    raw = " ".join(part for part in (entry.who, entry.act, entry.thing) if part)
    own = entry.thing.split("/")[0] in _BY_NAME and entry.note == thing
    return Line(
        log="incident" if entry.act.startswith("incident.") else "audit",
        number=entry.number,
        when=exact(say, entry.at),
        says=_capital(say(text, who=entry.who, thing=thing)) if text else raw,
        note="" if text and own else entry.note,
        facts=" · ".join(_facts(entry.facts, say)),
        who=entry.who,
        address=entry.source_address,
        path=f"/admin/accounts/{entry.thing[8:]}" if entry.thing.startswith("account/") else "",
    )


def nameless(entry: Entry) -> bool:
    """Whether a line is about an account and does not say its name."""
    return entry.thing.startswith("account/") and not entry.note


def exact(say: Language, at: datetime) -> str:
    """22 Nov 2026 10.25.44 WIB."""
    local = at.astimezone(say.zone)
    told = format_datetime(local, "d MMM y HH:mm:ss", locale=say.code)
    return f"{told}\N{NO-BREAK SPACE}{say.zone_name}"


def _thing(entry: Entry, say: Language, names: Mapping[str, str]) -> str:
    kind, _, number = entry.thing.partition("/")
    if not entry.thing:
        return say("all of them") if entry.act.startswith("display.") else say("unknown name")
    if kind in _BY_NAME and entry.note:
        return entry.note
    if entry.thing in names:
        return names[entry.thing]
    return say(KINDS[kind], n=number) if kind in KINDS else entry.thing


def _facts(facts: Mapping[str, Any], say: Language) -> list[str]:
    return [
        f"{say(FACTS[key])}: {_value(key, value, say)}"
        for key, value in facts.items()
        if key in FACTS and value not in (None, "", [], {})
    ]


def _value(key: str, value: Any, say: Language) -> str:
    if isinstance(value, Mapping) and value.keys() == {"from", "to"}:
        before, after = (_value(key, value[end], say) for end in ("from", "to"))
        return f"{before} → {after}"
    if isinstance(value, list):
        return ", ".join(_value(key, one, say) for one in value) or "–"
    tables = {"how": HOW, "domains": DOMAINS}
    word = tables.get(key, {}).get(str(value))
    return say(word) if word else say(str(value)) if key in ("role", "cause") else str(value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
