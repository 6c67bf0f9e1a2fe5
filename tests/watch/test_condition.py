"""The `when` language: what it says, what it refuses, and that nothing makes it stumble."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commandcenter.incidents.condition import LONGEST, BadCondition, Condition, ConditionFailed

DEVICE: dict[str, Any] = {
    "state": "down",
    "rtt_ms": 250.0,
    "loss_percent": None,
    "overdue": True,
    "last": {"code": 503, "at": None},
    "tags": ["vpn"],
}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("state == 'down'", True),
        ("state not in ('up', 'unknown')", True),
        ("rtt_ms / 1000 * 2 + 0.5 > 1 - -0.0", False),
        ("rtt_ms / 1000 * 2 + 0.5 >= 1 - -0.0", True),
        ("200 < rtt_ms <= 250", True),
        ("overdue and not state == 'up'", True),
        ("last.code >= 500", True),
        ("'vpn' in tags", True),
        ("'ow' in state", True),
        ("loss_percent is None", True),
        ("last.at is not None", False),
        ("True", True),
    ],
)
def test_a_condition_reads_like_python(when: str, holds: bool) -> None:
    assert Condition.parse(when).holds(DEVICE) is holds


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("loss_percent > 5", None),
        ("not loss_percent > 5", None),
        ("loss_percent != 0", None),
        ("loss_percent not in (0, 1)", None),
        ("loss_percent + rtt_ms > 1", None),
        ("last.at.year > 2000", None),
        ("loss_percent > 5 or state == 'down'", True),
        ("loss_percent > 5 and state == 'up'", False),
        ("loss_percent > 5 and state == 'down'", None),
        ("loss_percent is not None and loss_percent > 5", False),
    ],
)
def test_what_is_missing_is_unknown_and_not_good(when: str, holds: bool | None) -> None:
    assert Condition.parse(when).holds(DEVICE) is holds


@pytest.mark.asvs("1.3.2")
@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("", "cannot be read"),
        ("state ==", "cannot be read at its end"),
        ("state = 3", "cannot be read near character 7"),
        ("open('/etc/passwd')", "`open('/etc/passwd')` at character 1 is not allowed"),
        ("state == 'x' or state.__class__", "`state.__class__` at character 17 begins with"),
        ("tags[0] == 'vpn'", "`tags[0]` at character 1 is not allowed"),
        ("(lambda: 1)()", "is not allowed"),
        ("f'{state}' == 'x'", "is not allowed"),
        ("rtt_ms ** 9 > 1", "other than + - * /"),
        ("rtt_ms == None", "write `is None`"),
        ("state is 'down'", "write =="),
        ("'down'", "neither true nor false"),
        ("rtt_ms + 1", "neither true nor false"),
        ("state == b'down'", "neither a number"),
        ("'é' == state and x[1]", "`x[1]` at character 18"),
        ("(\nstate == 'a' or\n  x[1])", "`x[1]` at character 3 of line 3"),
        ("not " * 40 + "overdue", "nested more than 30 deep"),
        ("a" * (LONGEST + 1), "501 characters; 500 is the most"),
        ("state == '\\d'", "invalid escape"),
    ],
)
def test_what_is_not_a_condition_is_refused_with_its_place(when: str, sentence: str) -> None:
    with pytest.raises(BadCondition) as refused:
        Condition.parse(when)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("speed > 1", "'speed' tidak ada pada data"),
        ("state.code > 1", "'state.code' tidak ada pada data"),
        ("state > 1", "'state > 1' membandingkan kata dengan angka"),
        ("last.code == '503'", "membandingkan angka dengan kata"),
        ("overdue > 0", "membandingkan ya/tidak dengan angka"),
        ("tags > 1", "membandingkan daftar dengan angka"),
        ("1 in rtt_ms", "membandingkan angka dengan angka"),
        ("state * 3 == 'x'", "menghitung kata dengan angka"),
        ("rtt_ms / 0 > 1", "tidak dapat dihitung"),
        ("state", "'state' berisi kata, seharusnya ya atau tidak"),
        ("rtt_ms and overdue", "'rtt_ms' berisi angka"),
    ],
)
def test_a_condition_that_does_not_fit_says_why_without_the_value(when: str, sentence: str) -> None:
    with pytest.raises(ConditionFailed) as failed:
        Condition.parse(when).holds(DEVICE)
    assert sentence in str(failed.value)
    assert "250" not in str(failed.value)


NAMES = ["state", "rtt_ms", "last.code", "x", "None", "True", "1", "1.5", "1e999", "'a'"]
SIGNS = [
    *'.()[],+-*/<>=!{}:\\"\n',
    "**",
    "==",
    "!=",
    "in",
    "is",
    "not",
    "and",
    "or",
    "if",
    "lambda",
]
PIECES = st.lists(st.sampled_from(NAMES + SIGNS), max_size=40).map(" ".join)


@given(st.one_of(st.text(), PIECES))
@example("(" * 300)
@example("-" * 499 + "1")
@example("\x00")
@example("\ud800")
@example("1and 2")
@example("'\\N{'")
def test_no_text_raises_anything_but_bad_condition(text: str) -> None:
    with suppress(BadCondition):
        Condition.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=5,
)
CONDITIONS = [
    "a > b",
    "a == b or c",
    "a + b * c < a / b",
    "a.b in c",
    "a not in (b, 'c')",
    "not a and -b < 0 < c",
    "(a is None) is not None",
    "a * b * 1e308 > c",
]


@given(st.sampled_from(CONDITIONS), st.dictionaries(st.sampled_from("abc"), JSON))
def test_no_value_makes_it_raise_anything_but_condition_failed(
    when: str, value: dict[str, Any]
) -> None:
    condition = Condition.parse(when)
    with suppress(ConditionFailed):
        assert condition.holds(value) in (True, False, None)
