"""Camera pictures on the page: as many pixels as are seen, and nothing kept besides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.web import samples
from tests.web.conftest import Screen, Site

LARGE = "Math.max(canvas.clientWidth, canvas.clientHeight * 16 / 9)"


@pytest.fixture
def shown(screen: Screen, site: Site) -> Screen:
    """A wall with eight cameras, the first of which has a picture of 1280 by 720."""
    jpeg = cv2.imencode(".jpg", np.full((720, 1280, 3), 90, np.uint8))[1].tobytes()
    first, *others = (samples.camera(n) for n in range(8))
    assert first.value is not None
    first.value["picture"] = site.keep_picture(first.identity, jpeg)
    site.publish("cameras", [first, *others])
    screen.open()
    screen.until("document.querySelector('canvas[data-shown]')")
    screen.page.evaluate("window.canvas = document.querySelector('canvas[data-shown]')")
    return screen


def test_a_picture_takes_as_many_pixels_as_its_place_has(shown: Screen) -> None:
    assert shown.page.evaluate(f"Math.abs(canvas.width - {LARGE}) <= 1")
    assert shown.page.evaluate("Math.abs(canvas.width / canvas.height - 16 / 9) < 0.02")
    assert shown.page.evaluate("canvas.width < 1280")


def test_a_picture_whose_place_grows_is_painted_anew_without_a_newer_one(shown: Screen) -> None:
    before = shown.page.evaluate("canvas.width")
    shown.page.evaluate(
        "Object.assign(canvas.style, { position: 'fixed', width: '1600px', height: '900px' })"
    )
    shown.until("canvas.width === 1280")
    assert before < 1280
