"""Warnings in the Common Alerting Protocol 1.2 (OASIS CAP-v1.2-os, section 3.2).

An Update goes on with the incident of the warning it refers to, a Cancel ends it; warnings of one
event over us are one incident, also where none refers to another. Only what is meant (status
Actual) and may be for us is taken: exercises, tests, drafts and the weather of others never reach
a wall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from commandcenter.alerts.alert import (
    BadAlert,
    Message,
    Scene,
    TooMuch,
    detail,
    fingerprint,
    kept,
    link,
    links,
    moment,
    placed,
    remarks,
    tags,
    text,
    title,
    when,
)
from commandcenter.alerts.areas import Reach, rings
from commandcenter.records.alerts import Alert
from commandcenter.records.warnings import INDONESIAN

_MOST_BYTES = 4 * 2**20  # polygons are long, but not as long as this
_MOST_REFERENCES = 100
_MOST_DESCRIBED = 100_000  # characters in which our names are looked for
_LONGEST = timedelta(days=366)
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1."  # 1.1 is read as well
_REHEARSALS = ("Exercise", "System", "Test", "Draft")
_SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")  # the worst first
_CRITICAL = ("Extreme", "Severe")


def read(body: bytes, scene: Scene) -> Message:
    """The warning of one message. Raises BadAlert."""
    root = _root(body)
    kind, status = _said(root, "msgType"), _said(root, "status")
    if status in _REHEARSALS:
        return Message(taken=0, ignored=f"status {status}")
    if status != "Actual":
        raise BadAlert("status must be Actual, Exercise, System, Test or Draft")
    match kind:
        case "Alert" | "Update":
            return _warning(root, scene)
        case "Cancel":
            alert = _end(root)
            if not alert.replaces:
                raise BadAlert("references must name what is cancelled")
            return Message(taken=1, alerts=(alert,))
        case "Ack" | "Error":
            return Message(taken=0, ignored=f"msgType {kind}")
        case _:
            raise BadAlert("msgType must be Alert, Update, Cancel, Ack or Error")


def _warning(root: Element, scene: Scene) -> Message:
    infos = _in_one_language(list(_all(root, "info")))
    lasting = [info for info in infos if not _is_over(info, scene)]
    ours = [info for info in lasting if _reach(root, info).concerns(scene)]
    if not ours:
        end = _end(root)  # also an Update that is no longer for us
        ignored = "bukan untuk wilayah ini" if lasting and not end.replaces else ""
        return Message(taken=int(not ignored), alerts=() if ignored else (end,), ignored=ignored)
    return Message(taken=1, alerts=(_alert(root, min(ours, key=_severity), scene),))


def _alert(root: Element, info: Element, scene: Scene) -> Alert:
    reach, level = _reach(root, info), _SEVERITIES[_severity(info)]
    places = reach.places(scene)
    area = detail(*(_said(one, "areaDesc") for one in _all(info, "area")))
    began_at, ahead = when(_said(root, "sent"), scene)
    alert = Alert(
        source="cap",
        fingerprint=_storm(root, info, reach.province() or area, places),
        firing=True,
        level="critical" if level in _CRITICAL else "warning",
        title=title(_said(info, "headline"), _said(info, "event")),
        detail=detail(
            *remarks("", ahead),
            _hours(info, scene),
            "" if places else area,
            _said(info, "description"),
            _said(info, "instruction"),
        ),
        runbook=link(_said(info, "web")),
        began_at=began_at,
        expires_at=_expires(info, scene),
        part=_name(_said(root, "sender"), _said(root, "identifier")),
        places=places,
        language=_language(info),
        replaces=_references(root),
        seconds_ahead=ahead,
        told=_told(root, info, area),
    )
    alert = placed(alert, _parameters(info), scene)
    return replace(alert, kecamatan=alert.kecamatan or (places[0] if len(places) == 1 else ""))


def _end(root: Element) -> Alert:
    """It is over, and so is what it refers to."""
    name = _name(_said(root, "sender"), _said(root, "identifier"))
    return Alert(
        source="cap", fingerprint=name, part=name, firing=False, replaces=_references(root)
    )


def _storm(root: Element, info: Element, area: str, places: tuple[str, ...]) -> str:
    """What several warnings may be about: one kind of event of one sender, over us or over an
    area. The code of the event is the same in every language."""
    codes = sorted(_said(one, "value") for one in _all(info, "eventCode"))
    event = "/".join(codes) or _said(info, "event").casefold()
    return fingerprint(f"{_said(root, 'sender')},{event},{'' if places else area.casefold()}")


def _reach(root: Element, info: Element) -> Reach:
    areas = list(_all(info, "area"))
    names = [_said(info, "headline"), *(_said(one, "areaDesc") for one in areas)]
    polygons = [_text(one) for area in areas for one in _all(area, "polygon")]
    circles = [_text(one) for area in areas for one in _all(area, "circle")]
    return Reach(
        identifier=_said(root, "identifier"),
        names="\n".join(names),
        description=_said(info, "description")[:_MOST_DESCRIBED],
        rings=rings(polygons, circles),
    )


def _hours(info: Element, scene: Scene) -> str:
    """ "14.10 sampai 16.10", on the local clock."""
    ends = _expires(info, scene)
    begins, _ = when(_said(info, "onset") or _said(info, "effective"), scene)
    if ends is None:
        return ""
    until = f"sampai {ends.astimezone(scene.zone):%H.%M}"
    return f"{begins.astimezone(scene.zone):%H.%M} {until}" if begins else until


def _told(root: Element, info: Element, area: str) -> dict[str, Any]:
    names = ("event", "urgency", "severity", "certainty", "effective", "onset", "expires")
    labels = {name: _said(info, name) for name in names} | {"area": area}
    labels["identifier"] = _said(root, "identifier")
    sender = text(_said(info, "senderName") or _said(root, "sender"))
    return {"sender": sender, "labels": kept(labels), "links": links(source=_said(info, "web"))}


def _in_one_language(infos: list[Element]) -> list[Element]:
    """Those in Indonesian, else those in the language of the first. Raises BadAlert."""
    if not infos:
        raise BadAlert("info is missing: there is nothing to warn of")
    ours = [info for info in infos if _language(info) in INDONESIAN]
    return ours or [info for info in infos if _language(info) == _language(infos[0])]


def _language(info: Element) -> str:
    return (_said(info, "language") or "en-US").casefold().replace("_", "-").partition("-")[0]


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
    told = _said(root, "references").split()[:_MOST_REFERENCES]
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
    space, _, name = root.tag.rpartition("}")
    # Some senders leave the namespace out; only an alert of CAP has an identifier.
    known = space.startswith("{" + _NAMESPACE) or (not space and _said(root, "identifier"))
    if name != "alert" or not known:
        raise BadAlert(f"the body is not a CAP alert ({_NAMESPACE}2)")
    return root


def _all(parent: Element, name: str) -> Iterator[Element]:
    return (one for one in parent if one.tag.rpartition("}")[2] == name)


def _said(parent: Element, name: str) -> str:
    """The text of the first child of this name, "" when there is none."""
    found = next(_all(parent, name), None)
    return _text(found) if found is not None else ""


def _text(element: Element) -> str:
    return (element.text or "").strip()
