"""What one look at an application found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from commandcenter.applications.certificates import Certificate


class Fault(StrEnum):
    """What a look failed at, as far as it says whose fault it is."""

    NONE = ""
    SERVER = "server"  # the application's own: it answers wrongly, or not at all
    NO_SUCH_NAME = "no such name"
    NO_RESOLVER = "no resolver"  # nobody told us the address of the name
    NO_HOST = "no host"  # a router, ours or another, knows no way to the host
    NO_ROUTE = "no route"  # this machine knows no way to the network
    DATES = "dates"  # its certificate is out of date on our clock, and not on its own
    OURS = "ours"  # this machine ran out of something


UNNAMED = frozenset({Fault.NO_SUCH_NAME, Fault.NO_RESOLVER})
PATHLESS = frozenset({Fault.NO_HOST, Fault.NO_ROUTE})
DATED = frozenset({Fault.DATES})
OURS = frozenset({Fault.NO_ROUTE, Fault.OURS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """`trouble` says in the reader's language what is wrong, "" when nothing is."""

    status: int | None = None
    latency_ms: float | None = None  # to the first byte of the last page
    trouble: str = ""
    notice: str = ""  # worth telling, though nothing is wrong
    served: bool = False  # people get something: without it for some looks, it is down
    fault: Fault = Fault.NONE
    certificate: Certificate | None = None  # of the https pages on the way; None: none was seen
