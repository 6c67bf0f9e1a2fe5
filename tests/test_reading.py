"""Readings: whatever a source says must not keep the bus from taking the rest."""

from __future__ import annotations

from datetime import UTC, datetime

from commandcenter.reading import Reading, sayable

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


def heard(value: dict[str, object]) -> dict[str, object] | None:
    reading = Reading(feed="f", key="thing/1", at=NOW, value=sayable(value))
    return Reading.decode("f", "thing/1", 1, reading.encode()).value


def test_a_number_of_more_than_64_bits_costs_itself_only() -> None:
    assert heard({"octets": 2**64, "name": "a"}) == {"octets": None, "name": "a"}


def test_half_a_character_costs_itself_only() -> None:
    assert heard({"name": "Dinas \ud83d", "n": [1, 2**70]}) == {"name": "Dinas ?", "n": [1, None]}


def test_what_is_no_number_is_told_as_missing() -> None:
    assert heard({"rtt_ms": float("nan"), "loss": float("inf")}) == {"rtt_ms": None, "loss": None}


def test_what_json_does_not_know_is_told_as_missing() -> None:
    assert heard({"raw": b"\x00", 7: {1}}) == {"raw": None, "7": [1]}  # type: ignore[dict-item]
