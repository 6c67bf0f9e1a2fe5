"""The figures of a provider when some of its devices are dead or tell nothing."""

from __future__ import annotations

from commandcenter.network.providers import provider, providers
from commandcenter.vocabulary import Device, LinkState


def device(state: LinkState = "up", in_bps: float | None = 1e6, parent: str = "core") -> Device:
    answers = state in ("up", "degraded")
    return Device(
        name="Kumai",
        role="office",
        office="",
        kecamatan="",
        provider="Telkom",
        parent=parent,
        state=state,
        detail="",
        probe="icmp",
        rtt_ms=10.0 if answers else None,
        loss_percent=1.0 if answers else 100.0,
        in_bps=in_bps if answers else None,
        out_bps=in_bps if answers else None,
        errors_per_second=None,
        uptime_seconds=None,
        latitude=None,
        longitude=None,
    )


def test_a_dead_device_is_no_loss_on_the_lines_of_the_others() -> None:
    values = {str(n): device() for n in range(4)} | {"dead": device("down")}
    found = provider("Telkom", values)
    assert (found["devices"], found["up"], found["loss_percent"]) == (5, 4, 1.0)


def test_a_sum_says_how_many_told_their_part() -> None:
    values = {
        "core": device(in_bps=9e6, parent=""),
        "a": device(),
        "b": device(in_bps=None),
        "c": device("unknown"),
        "paper": device("unconnected"),
    }
    found = provider("Telkom", values)
    assert (found["in_bps"], found["telling"], found["leaves"]) == (1e6, 1, 3)


def test_where_nobody_tells_anything_there_are_no_figures() -> None:
    found = provider("Telkom", {"a": device("down"), "b": device("unknown")})
    assert (found["in_bps"], found["rtt_ms"], found["loss_percent"]) == (None, None, None)
    assert (found["leaves"], found["telling"]) == (2, 0)


def test_a_name_without_latin_letters_has_a_key_of_its_own() -> None:
    one, other = device(), device()
    one["provider"], other["provider"] = "电信", "联通"
    assert [key for key, _ in providers({"a": one, "b": other})] == [
        "provider/电信",
        "provider/联通",
    ]


def test_a_provider_that_is_written_in_two_ways_is_one() -> None:
    """Both had one key, so that the figures of one were those of the other."""
    one, other = device(), device()
    other["provider"] = "TELKOM "
    found = dict(providers({"a": one, "b": other}))
    assert list(found) == ["provider/telkom"]
    assert (found["provider/telkom"]["name"], found["provider/telkom"]["devices"]) == ("Telkom", 2)
