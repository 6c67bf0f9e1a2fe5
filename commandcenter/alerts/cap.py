"""Warnings in the Common Alerting Protocol 1.2 (OASIS CAP-v1.2-os, section 3.2).

An Update goes on with the incident of the warning it refers to, a Cancel ends it. Only what is
meant (status Actual) is taken: exercises, tests and drafts never reach a wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    TooMuch,
    detail,
    fingerprint,
    link,
    moment,
    placed,
    tags,
    title,
)
from commandcenter.records.alerts import Alert

_MOST_BYTES = 2 * 2**20  # polygons are long, but not as long as this
_MOST_REFERENCES = 100
_LONGEST = timedelta(days=366)
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1."  # 1.1 is read as well
_REHEARSALS = ("Exercise", "System", "Test", "Draft")
_SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")  # the worst first
_CRITICAL = ("Extreme", "Severe")
_INDONESIAN = ("id", "in", "ind")  # "in" until 1989, and in Java


def read(body: bytes, scene: Scene) -> Message:
    """The warning of one message. Raises BadAlert."""
    root = _root(body)
    kind, status = _said(root, "msgType"), _said(root, "status")
    if status in _REHEARSALS:
        return Message(taken=0, ignored=f"status {status}")
    if status != "Actual":
        raise BadAlert("status must be Actual, Exercise, System, Test or Draft")
    moment(_said(root, "sent"), "sent", scene)
    match kind:
        case "Alert" | "Update":
            alert = _warning(root, scene)
        case "Cancel":
            alert = _end(root)
            if not alert.replaces:
                raise BadAlert("references must name what is cancelled")
        case "Ack" | "Error":
            return Message(taken=0, ignored=f"msgType {kind}")
        case _:
            raise BadAlert("msgType must be Alert, Update, Cancel, Ack or Error")
    return Message(taken=1, alerts=(alert,))


def _warning(root: Element, scene: Scene) -> Alert:
    infos = _in_one_language(list(_all(root, "info")))
    lasting = [info for info in infos if not _is_over(info, scene)]
    if not lasting:
        return _end(root)
    info = min(lasting, key=_severity)
    area = detail(*(_said(one, "areaDesc") for one in _all(info, "area")))
    alert = Alert(
        source="cap",
        fingerprint=_name(_said(root, "sender"), _said(root, "identifier")),
        firing=True,
        level="critical" if _SEVERITIES[_severity(info)] in _CRITICAL else "warning",
        title=title(_said(info, "headline"), _said(info, "event")),
        detail=detail(area, _said(info, "description"), _said(info, "instruction")),
        runbook=link(_said(info, "web")),
        expires_at=_expires(info, scene),
        replaces=_references(root),
    )
    return placed(alert, _parameters(info), scene)


def _end(root: Element) -> Alert:
    """It is over, and so is what it refers to."""
    return Alert(
        source="cap",
        fingerprint=_name(_said(root, "sender"), _said(root, "identifier")),
        firing=False,
        replaces=_references(root),
    )


def _in_one_language(infos: list[Element]) -> list[Element]:
    """Those in Indonesian, else those in the language of the first. Raises BadAlert."""
    if not infos:
        raise BadAlert("info is missing: there is nothing to warn of")
    ours = [info for info in infos if _language(info) in _INDONESIAN]
    return ours or [info for info in infos if _language(info) == _language(infos[0])]


def _language(info: Element) -> str:
    return (_said(info, "language") or "en-US").casefold().partition("-")[0]


def _severity(info: Element) -> int:
    """Its place among the severities; what is none is Unknown."""
    told = _said(info, "severity")
    return _SEVERITIES.index(told) if told in _SEVERITIES else len(_SEVERITIES) - 1


def _is_over(info: Element, scene: Scene) -> bool:
    expires_at = _expires(info, scene)
    return expires_at is not None and expires_at <= scene.now


def _expires(info: Element, scene: Scene) -> datetime | None:
    return moment(_said(info, "expires"), "expires", scene, _LONGEST)


def _references(root: Element) -> tuple[str, ...]:
    """What it supersedes: "sender,identifier,sent", separated by spaces. Raises BadAlert."""
    told = _said(root, "references").split()
    if len(told) > _MOST_REFERENCES:
        raise TooMuch(f"references names more than {_MOST_REFERENCES} messages")
    parts = [one.split(",") for one in told]
    if any(len(part) != 3 for part in parts):
        raise BadAlert("references must be sender,identifier,sent; separated by spaces")
    return tuple(_name(sender, identifier) for sender, identifier, _ in parts)


def _name(sender: str, identifier: str) -> str:
    """Identifiers are unique for one sender only."""
    if not sender or not identifier:
        raise BadAlert("sender and identifier must be given")
    return fingerprint(f"{sender},{identifier}")


def _parameters(info: Element) -> dict[str, str]:
    """Its own names and values, as labels: <parameter><valueName>opd</valueName>…"""
    return tags({_said(one, "valueName"): _said(one, "value") for one in _all(info, "parameter")})


# --- XML ------------------------------------------------------------------------------------------


def _root(body: bytes) -> Element:
    if len(body) > _MOST_BYTES:
        raise TooMuch(f"the message has {len(body)} bytes, the limit is {_MOST_BYTES}")
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise BadAlert(f"the body is not XML: line {line}, column {column + 1}") from None
    except (ValueError, LookupError):  # defusedxml's are ValueErrors
        raise BadAlert("the XML has a DTD, an entity or an encoding that is not taken") from None
    if not (root.tag.startswith("{" + _NAMESPACE) and root.tag.endswith("}alert")):
        raise BadAlert(f"the body is not a CAP alert ({_NAMESPACE}2)")
    return root


def _all(parent: Element, name: str) -> Iterator[Element]:
    return (one for one in parent if one.tag.rpartition("}")[2] == name)


def _said(parent: Element, name: str) -> str:
    """The text of the first child of this name, "" when there is none."""
    found = next(_all(parent, name), None)
    return (found.text or "").strip() if found is not None else ""
