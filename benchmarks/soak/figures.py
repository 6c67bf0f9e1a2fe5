"""From samples to figures, and from figures to a verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isnan
from statistics import fmean, median

from benchmarks.report import percentile
from benchmarks.soak.claims import Claims
from benchmarks.soak.plan import WARM_UP, Kind

BLINK = 250.0  # ms: nobody sees less, and the timers of a busy page are late by tens of ms
NEVER = 30.0  # seconds after which a recovery is given up and counted as this long
HEADER = "| | found | goal | |\n|---|---:|---|---|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The page at rest, after a forced collection of its garbage. Memory is in MB."""

    share: float  # of the run that has passed
    life: float  # when this page was loaded
    scene: str
    updates: int  # events of the day until now
    drawings: int  # that the page took until now
    heap: float  # bytes of JavaScript in use
    nodes: int  # all that exist, also those in no document, without the loose ones (probe.js)
    listeners: int
    renderer: float
    browser: float
    witness: float


@dataclass(eq=False)
class Findings:
    """What a run has found."""

    claims: Claims
    samples: list[Sample] = field(default_factory=list)
    recoveries: list[tuple[Kind, str, float]] = field(default_factory=list)
    newborn: list[float] = field(default_factory=list)
    """MB of each life of the server that was killed, just after its recovery."""
    deaths: list[str] = field(default_factory=list)
    """Processes that ended without being killed."""
    reloads: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    failed_requests: int = 0
    foreign: Counter[str] = field(default_factory=Counter)
    updates: int = 0
    longest_pause: float = 0.0
    """Seconds by which the soak's own pulse was late: what is judged by it is no truer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `most` is the goal: no more than this."""

    figure: str
    value: float
    unit: str
    most: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal. What is not a number meets none."""
        return None if self.most is None else self.value <= self.most

    def __str__(self) -> str:
        goal = "" if self.most is None else f"≤ {_short(self.most)} {self.unit}".rstrip()
        sign = {True: "met", False: "**missed**", None: ""}[self.met]
        figure = f"{self.figure} ({self.note})" if self.note else self.figure
        return f"| {figure} | {_short(self.value)} {self.unit} | {goal} | {sign} |"


def rows(found: Findings) -> list[Row]:
    """The table. What was never measured is no success: it counts as not met."""
    return [
        *_honesty(found.claims),
        *_recovery(found.recoveries),
        *_memory(found.samples),
        *_server(found),
        *_page(found),
    ]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By how much y grows with x: the line of least squares. nan: too few points."""
    if len({x for x, _ in points}) < 2:
        return float("nan")
    x0, y0 = fmean(x for x, _ in points), fmean(y for _, y in points)
    return sum((x - x0) * (y - y0) for x, y in points) / sum((x - x0) ** 2 for x, _ in points)


def longest_life(samples: Sequence[Sample]) -> list[Sample]:
    """The samples after the warm-up, of the page that lived longest: a reload begins anew."""
    warm = [s for s in samples if s.share >= WARM_UP]
    lives = Counter(s.life for s in warm)
    return [s for s in warm if s.life == lives.most_common(1)[0][0]]


def growth(
    samples: Sequence[Sample],
    of: Callable[[Sample], float],
    by: Callable[[Sequence[float]], float] = median,
) -> float:
    """From the first tenth after the warm-up to the last tenth. nan: one of them has no samples."""
    first = [of(s) for s in samples if WARM_UP <= s.share < 2 * WARM_UP]
    last = [of(s) for s in samples if s.share >= 1 - WARM_UP]
    return by(last) - by(first) if first and last else float("nan")


def more_nodes(samples: Sequence[Sample]) -> float:
    """The growth at the scene where it is largest: only equal states are compared, and by the
    lowest of each tenth, as what was just replaced may live until the next collection."""
    scenes: defaultdict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        scenes[sample.scene].append(sample)
    told = [growth(found, lambda s: s.nodes, by=min) for found in scenes.values()]
    return max((more for more in told if not isnan(more)), default=float("nan"))


def _honesty(claims: Claims) -> list[Row]:
    told = (
        ("a card, figure or camera says fresh after its time", "card"),
        ("a picture older than its camera says", "picture"),
        ("the page says live, but shows a pulse older than 5 s", "live"),
    )
    found = [(what, *claims.worst.get(key, (0.0, ""))) for what, key in told]
    return [
        Row(figure=f"longest: {what}", value=ms, unit="ms", most=BLINK, note=where)
        for what, ms, where in found
    ]


def _recovery(recoveries: Sequence[tuple[Kind, str, float]]) -> list[Row]:
    """All together, by what fell, and by how it fell."""
    kinds = {kind: [s for k, _, s in recoveries if k is kind] for kind in Kind}
    hows: dict[str, list[float]] = {}
    for kind, how, seconds in recoveries:
        if kind is not Kind.SERVER:
            hows.setdefault(f"{kind}: {how}", []).append(seconds)
    told = [*_back("any fall", [s for _, _, s in recoveries], most=3)]
    told += [row for kind, found in kinds.items() for row in _back(kind, found, most=3)]
    return [*told, *(row for name, found in sorted(hows.items()) for row in _back(name, found))]


def _back(name: str, found: Sequence[float], most: float | None = None) -> Iterator[Row]:
    """How long until the page shows what was told after the end of the fall, and says live."""
    half, slowest = (percentile(found, share) if found else float("nan") for share in (0.5, 0.95))
    yield Row(figure=f"live again after {name}, p50 of {len(found)}", value=half, unit="s")
    yield Row(figure=f"live again after {name}, p95", value=slowest, unit="s", most=most)


def _memory(samples: Sequence[Sample]) -> list[Row]:
    lived = longest_life(samples)
    a_update = slope([(s.updates, s.heap) for s in lived])
    a_drawing = slope([(s.drawings, s.heap) for s in lived])
    heaps = f"{lived[0].heap / 1e6:.1f} to {lived[-1].heap / 1e6:.1f} MB" if lived else ""
    return [
        Row(figure="heap growth per update", value=a_update, unit="B", most=60, note=heaps),
        Row(
            figure="heap growth per drawing that the page took", value=a_drawing, unit="B", most=60
        ),
        Row(figure="DOM nodes, growth at equal states", value=more_nodes(lived), unit="", most=0),
        Row(figure="event listeners, growth", value=growth(lived, lambda s: s.listeners), unit=""),
        Row(
            figure="renderer memory, growth",
            value=growth(lived, lambda s: s.renderer),
            unit="MB",
            most=30,
        ),
        Row(figure="all of Chromium, growth", value=growth(lived, lambda s: s.browser), unit="MB"),
    ]


def _server(found: Findings) -> list[Row]:
    first, last = found.newborn[:3], found.newborn[-3:]
    newborn = median(last) - median(first) if len(found.newborn) >= 6 else float("nan")
    grown = growth(found.samples, lambda s: s.witness)
    return [
        Row(figure="server memory, growth of the witness", value=grown, unit="MB", most=5),
        Row(
            figure="server memory just after a start, last three to first three",
            value=newborn,
            unit="MB",
        ),
    ]


def _page(found: Findings) -> list[Row]:
    stall, when = found.claims.worst.get("gap", (0.0, ""))
    return [
        Row(
            figure="processes that ended by themselves",
            value=len(found.deaths),
            unit="",
            most=0,
            note="; ".join(found.deaths),
        ),
        Row(
            figure="reloads",
            value=len(found.reloads),
            unit="",
            most=0,
            note="; ".join(found.reloads),
        ),
        Row(
            figure="console errors",
            value=found.errors.total(),
            unit="",
            most=0,
            note="; ".join(found.errors),
        ),
        Row(
            figure="requests to foreign hosts",
            value=found.foreign.total(),
            unit="",
            most=0,
            note=" ".join(found.foreign),
        ),
        Row(figure="requests that failed", value=found.failed_requests, unit=""),
        Row(figure="longest stall of the page", value=stall, unit="ms", note=when),
        Row(figure="longest pause of the soak's own pulse", value=found.longest_pause, unit="s"),
        Row(figure="updates told", value=found.updates, unit=""),
        Row(figure="drawings taken by the page", value=found.claims.drawings, unit=""),
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
