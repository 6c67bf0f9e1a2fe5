"""[notify], [[channel]], [[duty]] and [[escalation]]: mistakes are told with their keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from commandcenter.notify.settings import (
    BadNotify,
    Channel,
    Duty,
    Escalation,
    Notify,
    mistakes,
)
from commandcenter.secret import Secret
from tests.notify.conftest import channel


@dataclass(frozen=True)
class Person:
    name: str


def test_tables_are_read_as_toml_gives_them() -> None:
    told = {
        "name": "telegram-noc",
        "url": "env:TELEGRAM",
        "levels": ["critical"],
        "steps": ["opened", "resolved"],
        "quiet_from": time(22),
        "quiet_until": time(6),
        "digest": 60,
    }
    built = TypeAdapter(Channel).validate_python(told)
    assert (built.levels, built.quiet_from, built.digest) == (("critical",), time(22), 60)
    assert "env:TELEGRAM" in repr(built)
    duty = {"role": "noc", "person": "Ani", "starts": "07:00", "channels": ["telegram-noc"]}
    assert TypeAdapter(Duty).validate_python(duty).starts == time(7)


@pytest.mark.parametrize(
    ("kind", "told", "sentence"),
    [
        (Channel, {"name": "a b"}, "name: 1 to 40 letters"),
        (Channel, {"quiet_from": time(22)}, "quiet_from: quiet hours need both"),
        (Channel, {"quiet_from": time(6), "quiet_until": time(6)}, "quiet_until: must differ"),
        (Channel, {"digest": -1}, "digest: must be 0"),
        (Channel, {"most_per_minute": 0}, "most_per_minute: must be 1"),
        (Channel, {"time_limit": 0}, "time_limit: must be 1"),
        (Channel, {"steps": ()}, "steps: must name at least one"),
        (Duty, {"days": (0,)}, "days: numbers from 1"),
        (Duty, {"role": "*"}, "role: a word of your own"),
        (Duty, {"channels": ()}, "channels: must name at least one"),
        (Escalation, {"after": 0}, "after: must be 1 second"),
        (Escalation, {"role": ""}, "role: must be told"),
        (Notify, {"link": "pusat.example"}, "link: an address"),
        (Notify, {"link": "https://user:pw@pusat.example"}, "link: an address"),
        (Notify, {"give_up_after": 1}, "give_up_after: must be 60"),
    ],
)
def test_a_mistake_names_its_key(kind: Any, told: dict[str, Any], sentence: str) -> None:
    good: dict[Any, dict[str, Any]] = {
        Channel: {"name": "x", "url": "env:X"},
        Duty: {"role": "noc", "person": "Ani", "channels": ("x",)},
        Escalation: {"after": 60, "role": "noc"},
        Notify: {},
    }
    TypeAdapter(kind).validate_python(good[kind])
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(good[kind] | told)
    [error] = refused.value.errors()
    cause = error["ctx"]["error"]
    assert isinstance(cause, BadNotify)
    assert cause.mistakes[0].startswith(sentence)


def test_what_does_not_fit_together_is_told_by_table() -> None:
    channels = [
        channel("lonely", roles=()),
        channel("links", roles=("noc",), acknowledge_link=True),
    ]
    duties = [Duty(role="noc", person="Nobody", channels=("links", "unheard"))]
    ladder = [Escalation(after=60, role="boss")]
    told = "\n".join(mistakes(Notify(), channels, duties, ladder, [Person("Ani")]))
    assert '[[duty]] 1 person: there is no [[person]] "Nobody"' in told
    assert '[[duty]] 1 channels: there is no [[channel]] "unheard"' in told
    assert '[[channel]] "lonely" roles: nobody uses it' in told
    assert '[[channel]] "links" acknowledge_link: needs link and secret' in told
    assert "[[escalation]] 1 role: no channel or duty reaches 'boss'" in told
    assert "[notify] role: incidents without an owner would reach nobody" in told


def test_a_town_that_fits_together_has_no_mistakes() -> None:
    notify = Notify(link="https://pusat.example.go.id", secret=Secret("env:LINKS"), role="noc")
    channels = [channel("ani", roles=(), acknowledge_link=True), channel("boss", roles=("boss",))]
    duties = [Duty(role="noc", person="Ani", channels=("ani",))]
    ladder = [Escalation(after=60, role="boss")]
    assert list(mistakes(notify, channels, duties, ladder, [Person("Ani")])) == []
    assert list(mistakes(Notify(), [], [], [], [])) == []
