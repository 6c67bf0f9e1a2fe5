"""A scene is a picture: what may be wrong with it, and what becomes of it on screens of other
shapes."""

from __future__ import annotations

import pytest

from commandcenter.staging.scenes import Picture, Scene, Wall, stacked, widened

HALL = Picture(
    rows=("auto", "auto", "1fr", "1fr"),
    picture=(
        "masthead masthead",
        "summary  summary",
        "map      incidents",
        "map      complaints",
    ),
)


def mistakes(*picture: str, **sizes: tuple[str, ...]) -> list[str]:
    return list(Picture(picture=picture, **sizes).mistakes())


def test_a_picture_of_rectangles_has_no_mistake() -> None:
    assert list(HALL.mistakes()) == []
    assert mistakes("map . incidents", "map . complaints") == []


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ((), "picture: every row needs the same number of words"),
        (("",), "picture: every row needs the same number of words"),
        (("map map", "map"), "picture: every row needs the same number of words"),
        (("map net", "net map"), "picture: map is not a rectangle"),
        (("map x map",), "picture: map is not a rectangle"),
        (("map; cctv",), "picture: 'map;' must be letters, digits, - and _"),
        (("2map",), "picture: '2map' must be letters, digits, - and _"),
    ],
)
def test_what_css_would_not_draw_is_told(picture: tuple[str, ...], said: str) -> None:
    assert said in mistakes(*picture)


def test_sizes_must_fit_the_picture_and_be_sizes() -> None:
    assert mistakes("a b", columns=("1fr",)) == ["columns: the picture has 2, not 1"]
    assert mistakes("a", "b", rows=("1fr",) * 3) == ["rows: the picture has 2, not 3"]
    assert mistakes("a", rows=("1fr } body { color: red",)) == [
        "rows: '1fr } body { color: red' is no CSS size such as 1fr, auto or 20%"
    ]


def test_a_wall_tells_the_scene_and_the_shape_that_is_wrong() -> None:
    wall = Wall(
        name="hall",
        seconds=0,
        scene=(
            Scene(name="one", picture=("map",), tall=Picture(picture=("a b", "b a"))),
            Scene(name="one", picture=("map",), seconds=-1),
        ),
    )
    assert list(wall.mistakes()) == [
        "seconds: must be above 0",
        '[[wall.scene]] "one" stands there twice',
        '[[wall.scene]] "one" tall picture: a is not a rectangle',
        '[[wall.scene]] "one" tall picture: b is not a rectangle',
        '[[wall.scene]] "one" seconds: must not be below 0',
    ]


def test_the_css_of_a_picture_is_its_grid_and_shows_its_panels_alone() -> None:
    css = Picture(picture=("map incidents",), columns=("2fr", "1fr")).css()
    assert 'grid-template-areas: "map incidents"; grid-template-columns: 2fr 1fr' in css
    assert "grid-template-rows: minmax(0, 1fr)" in css
    assert "--alone: 0" in css
    hidden, shown = css.index("display: none"), css.index("grid-area: map")
    assert hidden < shown  # of two rules that weigh the same, the later one holds
    assert '.wall > .card[data-panel="incidents"] { display: var(--display, flex)' in css


def test_one_panel_by_itself_knows_that_it_is_alone() -> None:
    assert "--alone: 1" in Picture(picture=("map map", "map map")).css()


def test_an_ultra_wide_screen_gets_a_column_for_every_panel() -> None:
    wide = widened(HALL)
    assert wide.picture == (
        "masthead masthead masthead summary summary summary",
        "map map incidents incidents complaints complaints",
    )
    assert wide.rows == ("auto", "minmax(0, 1fr)")
    assert list(wide.mistakes()) == []


def test_wide_as_it_is_drawn_when_there_is_nothing_to_set_side_by_side() -> None:
    one = Picture(picture=("masthead", "map"), rows=("auto", "1fr"))
    assert widened(one) == one
    assert widened(Picture(picture=("map cctv", "map incidents"))).picture == (
        "map cctv incidents",
    )


def test_an_upright_screen_gets_one_below_the_other() -> None:
    tall = stacked(HALL)
    assert tall.picture == ("masthead", "summary", "map", "incidents", "complaints")
    assert tall.rows == ("auto", "auto", *("minmax(0, 1fr)",) * 3)
    assert list(tall.mistakes()) == []


def test_a_scene_has_a_style_for_every_shape_of_screen() -> None:
    scene = Scene(name="one", picture=("map cctv",), tall=Picture(picture=("incidents",)))
    drawn, wide, tall = scene.style().split("@media")
    assert '"map cctv"' in drawn
    assert '"map cctv"' in wide
    assert "min-aspect-ratio: 2.5" in wide
    assert '"incidents"' in tall
    assert "max-aspect-ratio: 1.0" in tall
    assert scene.all_panels == ["map", "cctv", "incidents"]
    assert scene.panels == ["map", "cctv"]
