"""All devices of one provider together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from statistics import fmean, median

from commandcenter.vocabulary import Device, Provider

_ANSWERING = ("up", "degraded")


def providers(values: Mapping[str, Device]) -> Iterator[tuple[str, Provider]]:
    """Key and figures of each provider, in the order of the list; "Telkom" and "TELKOM" are one."""
    names: dict[str, str] = {}
    for device in values.values():
        if device["provider"]:
            names.setdefault(_slug(device["provider"]), device["provider"])
    for slug, name in names.items():
        yield f"provider/{slug}", provider(name, values)


def provider(name: str, values: Mapping[str, Device]) -> Provider:
    """Traffic is counted at the leaves, where it ends; loss and round trip over what answers: that
    one is dead is told by `up`, and is no loss on the lines of the others."""
    of_it = {k: v for k, v in values.items() if _slug(v["provider"]) == _slug(name)}
    its = [v for v in of_it.values() if v["state"] != "unconnected"]
    inner = {v["parent"] for v in values.values()}
    leaves = [v for k, v in of_it.items() if k not in inner and v["state"] != "unconnected"]
    answering = [v for v in its if v["state"] in _ANSWERING and v["rtt_ms"] is not None]
    rtts = [v["rtt_ms"] for v in answering if v["rtt_ms"] is not None]
    losses = [v["loss_percent"] for v in answering if v["loss_percent"] is not None]
    into = [v["in_bps"] for v in leaves if v["in_bps"] is not None]
    out = [v["out_bps"] for v in leaves if v["out_bps"] is not None]
    return Provider(
        name=name,
        devices=len(its),
        up=sum(v["state"] == "up" for v in its),
        leaves=len(leaves),
        telling=len(into),
        in_bps=sum(into) if into else None,
        out_bps=sum(out) if out else None,
        rtt_ms=median(rtts) if rtts else None,
        loss_percent=fmean(losses) if losses else None,
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or name
