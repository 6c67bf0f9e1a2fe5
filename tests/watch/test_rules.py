"""A [[rule]] table: its mistakes are told with their keys, its words say what they should."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from commandcenter.incidents.rules import BadRule, Rule, Words

LINK: dict[str, Any] = {"name": "link-down", "feed": "network", "when": "state == 'down'"}


def test_every_rule_that_is_shipped_is_good() -> None:
    tables = tomllib.loads((Path(__file__).parents[2] / "config.toml").read_text("utf-8"))["rule"]
    assert [TypeAdapter(Rule).validate_python(table).name for table in tables]


@pytest.mark.asvs("1.3.7", "1.3.10")
@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"when": ""}, "when: a rule needs either `when` or `silent`"),
        ({"silent": 60}, "when: a rule needs either `when` or `silent`"),
        ({"when": "state = 'down'"}, "when: cannot be read"),
        ({"feed": "*"}, 'feed: "*" is for rules about silence'),
        ({"when": "", "silent": 0}, "silent: must be above 0 seconds"),
        ({"hold": -1}, "hold: must be 0 seconds or more"),
        ({"hold_close": float("nan")}, "hold_close: must be 0 seconds or more"),
        ({"level": "hot"}, "level: 'hot'; it knows warning, critical"),
        ({"text": " "}, "text: must say something"),
        ({"text": "{name"}, "text: expected '}'"),
        ({"text": "{}"}, "text: {} is not a name"),
        ({"text": "{name.__class__}"}, "text: {name.__class__} is not a name"),
        ({"detail": "{rtt:.1f}"}, "detail: {rtt}: a name only"),
        ({"name": "rule-failed"}, "name: 'rule-failed' is taken"),
        ({"name": "x" * 81}, "name: must have 1 to 80 characters"),
        ({"hold": 1e300}, "hold: must be 0 seconds or more, and at most a year"),
        ({"when": "", "silent": float("inf")}, "silent: must be above 0 seconds, and at most"),
        ({"topic": "rule-failed"}, "topic: 'rule-failed' is taken"),
        ({"topic": "x" * 81}, "topic: must have at most 80 characters"),
        ({"topic": " "}, "topic: must say something"),
        ({"owner": "x" * 121}, "owner: must have at most 120 characters"),
        ({"runbook": "https://a/" + "x" * 500}, "runbook: must have at most 500 characters"),
        ({"runbook": "javascript:alert(1)"}, "runbook: 'javascript:alert(1)' is neither a link"),
        ({"runbook": "//elsewhere"}, "runbook: '//elsewhere' is neither a link"),
        ({"runbook": "https://a/b c"}, "runbook: 'https://a/b c' is neither a link"),
        ({"runbook": "https://me:secret@a/"}, "runbook: 'https://***@a/' is neither a link"),
        ({"flaps": 1}, "flaps: must be 2 changes or more, or 0 for never"),
        ({"flaps": -1}, "flaps: must be 2 changes or more, or 0 for never"),
        ({"flap_window": 0}, "flap_window: must be above 0 seconds"),
        ({"when": "", "silent": 60, "severs": True}, "severs: nothing hangs on a whole feed"),
    ],
)
def test_a_mistake_names_its_key(told: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRule) as refused:
        Rule(**({**LINK, "text": "Putus"} | told))
    assert any(sentence in mistake for mistake in refused.value.mistakes)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadRule) as refused:
        Rule(name="x", feed="network", when="a[0]", hold=-1, text="{")
    assert [mistake.split(":")[0] for mistake in refused.value.mistakes] == ["when", "hold", "text"]


@pytest.mark.asvs("1.2.2")
@pytest.mark.parametrize(
    "runbook", ["", "/runbook/link", "https://sop.example.go.id", "HTTP://a/b?c"]
)
def test_a_runbook_is_a_link_or_a_path(runbook: str) -> None:
    assert Rule(**LINK, text="Putus", runbook=runbook).runbook == runbook


def test_a_rule_is_about_a_topic_of_its_own_unless_it_names_another() -> None:
    assert Rule(**LINK, text="Putus").topic == "link-down"
    told = TypeAdapter(Rule).validate_python({**LINK, "text": "Putus", "topic": "link"})
    assert (told.topic, told.flaps, told.flap_window, told.severs) == ("link", 6, 900, False)


def test_the_reader_of_config_gets_the_mistakes_and_unknown_keys() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Rule).validate_python({**LINK, "text": "{", "hold": -1})
    assert isinstance(refused.value.errors()[0]["ctx"]["error"], BadRule)
    with pytest.raises(ValidationError, match="color"):
        TypeAdapter(Rule).validate_python({**LINK, "text": "Putus", "color": "red"})


def test_words_are_written_for_an_indonesian_reader() -> None:
    rule = Rule(
        **LINK,
        level="critical",
        text="{name} {{{key}}}",
        detail="{rtt} {whole} {n} {yes} {nothing} {absent} {last.code} {absent.code} {feed}",
    )
    value = {"name": "{x}", "rtt": 12.34, "whole": 3.0, "n": 7, "yes": True, "nothing": None}
    words = rule.words("network", "device/a", value | {"last": {"code": 503}})
    assert words == Words("critical", "{x} {device/a}", "12,3 3 7 ya – – 503 – network")
