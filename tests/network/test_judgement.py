"""What the states of an interface mean (RFC 2863), and when loss is more than chance."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from commandcenter.network.counters import DORMANT, DOWN, LOWER_LAYER_DOWN, NOT_PRESENT, TESTING
from commandcenter.network.judgement import Judge
from commandcenter.network.look import Look, Memory
from commandcenter.network.topology import Link
from tests.conftest import Clock
from tests.network.test_counters import QUIET

LINK = Link(id="rtr", name="Kumai", address="10.0.0.1")


def judged(memory: Memory, status: int, passing: float, looks: int) -> list[str]:
    """The details of so many looks at an interface in a state, with so many octets a second."""
    judge = Judge(
        links={LINK.id: LINK},
        memories={LINK.id: memory},
        most_loss_percent=10,
        most_rtt_ms=150,
        down_after=3,
    )
    details = []
    for n in range(looks):
        octets = int(5e9 + n * 10 * passing)
        told = replace(QUIET, name="pppoe0", uptime_ticks=90_000_000 + n * 1000)
        sample = replace(told, oper_status=status, in_octets=octets, out_octets=octets)
        rates = memory.rates(sample)
        look = Look(
            link=LINK,
            at=Clock()(),
            answered=True,
            sample=sample,
            rates=rates,
            passes=memory.passes,
        )
        details.append(judge.judge(look, {LINK.id: look})[1])
    return details


@pytest.mark.parametrize("status", [1, 4])
@pytest.mark.parametrize("passing", [0, 1e6])
def test_up_and_unknown_need_no_traffic(status: int, passing: float) -> None:
    assert set(judged(Memory(), status, passing, 12)) == {""}


def test_dormant_with_traffic_is_up_from_the_start() -> None:
    """bsnmpd of pfSense calls every PPPoE interface dormant (librenms/librenms#20432)."""
    assert set(judged(Memory(), DORMANT, 30e6 / 8, 12)) == {""}


def test_dormant_without_traffic_is_told_when_that_is_sure() -> None:
    details = judged(Memory(), DORMANT, 0, 12)
    assert details[0] == ""
    assert details[-1] == "antarmuka pppoe0 menunggu dan tidak dilewati data (ifOperStatus dormant)"


@pytest.mark.parametrize("status", [DOWN, TESTING, NOT_PRESENT, LOWER_LAYER_DOWN])
def test_what_calls_itself_down_is_believed_until_traffic_proves_the_contrary(status: int) -> None:
    assert all(judged(Memory(), status, 0, 12))
    with_traffic = judged(Memory(), status, 1e6, 6)
    assert with_traffic[0].startswith("antarmuka pppoe0 ")
    assert with_traffic[-1] == ""


def test_traffic_from_before_it_went_down_proves_nothing() -> None:
    memory = Memory()
    judged(memory, 1, 1e6, 10)
    assert all(judged(memory, DOWN, 0, 12))


def test_one_percent_of_loss_on_two_hundred_lines_makes_hardly_one_of_them_lossy() -> None:
    """statping-ng/statping-ng#226: one lost ping of three is no 33 %."""
    chance, lines = random.Random(7), [Memory() for _ in range(200)]
    lossy = 0
    for _ in range(100):
        for line in lines:
            line.hear(3, sum(chance.random() < 0.01 for _ in range(3)))
            lossy += line.lossy(10)
    assert lossy / 100 < 0.5


def test_a_third_lost_look_after_look_is_told_within_a_minute() -> None:
    line = Memory()
    for _ in range(4):
        assert not line.lossy(10)
        line.hear(3, 1)
    assert line.lossy(10)
    assert line.loss_percent == pytest.approx(100 / 3)


def test_before_the_first_packet_no_loss_is_told() -> None:
    assert Memory().loss_percent is None


def test_one_slow_answer_is_not_a_slow_line() -> None:
    line = Memory()
    for rtt_ms in (20, 20, 900):
        line.hear(1, 0, rtt_ms)
    assert line.rtt_ms == 20
    for rtt_ms in (900, 900):
        line.hear(1, 0, rtt_ms)
    assert line.rtt_ms == 900
