"""Charts in a real browser: a chart whose lines were moved looks as one that was drawn anew."""

from __future__ import annotations

from typing import Any

from tests.web.conftest import Screen

LINES = (
    """[...document.querySelectorAll("#chart-network .js-line")].map((l) => l.getAttribute("d"))"""
)
TICKS = """[...document.querySelectorAll("#chart-network .xtick")].map((t) => t.textContent)"""
# Counts how often Plotly draws a whole chart, and how often it only moves its lines.
COUNT = """() => {
  window.whole = window.moved = 0;
  const { react, animate } = Plotly;
  Plotly.react = (...told) => (window.whole += 1, react(...told));
  Plotly.animate = (plot, what, how) => {
    window.moved += what.traces ? 1 : 0;
    return animate(plot, what, how);
  };
}"""


def figure(*values: float | None, top: float = 100, name: str = "Telkom") -> dict[str, Any]:
    trace = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [60 * n for n in range(len(values))],
        "y": values,
        "line": {"color": "#4db5ff", "width": 2},
    }
    layout = {
        "margin": {"l": 4, "r": 4, "t": 6, "b": 20},
        "font": {"size": 12},
        "xaxis": {"range": [0, 600], "tickvals": [300], "ticktext": [f"top {top}"]},
        "yaxis": {"range": [0, top]},
    }
    return {"data": [trace], "layout": layout}


def draw(screen: Screen, *figures: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Draw one after the other, each when the one before is painted; the lines and the ticks."""
    for one in figures:
        assert screen.page.evaluate("(f) => commandcenter.drawChart('chart-network', f)", one)
        screen.page.evaluate("new Promise((r) => requestAnimationFrame(() => setTimeout(r)))")
    return screen.page.evaluate(LINES), screen.page.evaluate(TICKS)


def counted(screen: Screen) -> tuple[int, int]:
    whole, moved = screen.page.evaluate("[window.whole, window.moved]")
    return whole, moved


def test_moved_lines_stand_where_a_new_chart_has_them(screen: Screen) -> None:
    screen.open().page.evaluate(COUNT)
    last = figure(10, 90, None, 30, 60, 20)
    moved = draw(screen, figure(50, 50, 50), figure(50, 50, 50, 10), last)
    assert counted(screen) == (1, 2)
    other = draw(screen, figure(1, 2, name="Icon+"), last)
    assert counted(screen) == (3, 2)
    assert moved == other


def test_another_axis_another_line_or_another_size_draws_the_chart_anew(screen: Screen) -> None:
    screen.open().page.evaluate(COUNT)
    _, ticks = draw(screen, figure(1, 2), figure(1, 200, top=500))
    assert (ticks, counted(screen)) == (["top 500"], (2, 0))
    screen.page.set_viewport_size({"width": 1280, "height": 720})
    draw(screen, figure(1, 200, top=500))
    assert counted(screen) == (3, 0)


def test_of_many_in_one_turn_the_last_one_stays(screen: Screen) -> None:
    page = screen.open().page
    alone = draw(screen, figure(7, 8, 9, 10))
    draw(screen, figure(1, 2))
    crowd = [figure(3, 4), figure(5, 6), figure(1, top=500), figure(7, 8, 9), figure(7, 8, 9, 10)]
    page.evaluate("(all) => all.forEach((f) => commandcenter.drawChart('chart-network', f))", crowd)
    screen.until(f"JSON.stringify({LINES}) === JSON.stringify({alone[0]})")
    page.wait_for_timeout(100)  # that nothing older comes after it cannot be waited for
    assert page.evaluate(LINES) == alone[0]
    assert [text for text in screen.complaints if not text.startswith("warning")] == []
