"""Stills of every shape, and masks under which nothing can be seen."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commandcenter.video.capture import Frame
from commandcenter.video.masks import burn, read_masks
from commandcenter.video.messages import CameraFault, Polygon, Task
from commandcenter.video.stills import make, shrink

GREY = 48


def camera(mask: str = "") -> Task:
    return Task(camera="x", url="rtsp://127.0.0.1/x", masks=read_masks(mask))


def pixels(jpeg: bytes) -> Frame:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, np.uint8)


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height of a JPEG."""
    tall, wide = pixels(jpeg).shape[:2]
    return wide, tall


def white(*shape: int) -> Frame:
    return np.full(shape, 255, np.uint8)


@pytest.mark.parametrize(
    ("shape", "small", "large"),
    [
        ((1080, 1920, 3), (480, 270), (1280, 720)),
        ((2160, 3840, 3), (480, 270), (1280, 720)),
        ((1536, 2048, 3), (480, 360), (1280, 960)),
        ((1920, 1080, 3), (480, 853), (1080, 1920)),  # a camera that stands on its side
        ((288, 352, 3), (352, 288), (352, 288)),  # never enlarged
        ((577, 705), (480, 393), (705, 577)),  # grey
        ((720, 1280, 4), (480, 270), (1280, 720)),
        ((720, 1280, 1), (480, 270), (1280, 720)),
        ((9000, 1, 3), (1, 960), (1, 2560)),
        ((1, 9000, 3), (480, 1), (1280, 1)),
        ((1, 1, 3), (1, 1), (1, 1)),
    ],
)
def test_a_still_comes_in_two_sizes_of_any_frame(
    shape: tuple[int, ...], small: tuple[int, int], large: tuple[int, int]
) -> None:
    made = make(white(*shape), camera())
    assert (size(made[0]), size(made[1])) == (small, large)


def test_a_frame_without_pixels_is_no_still() -> None:
    with pytest.raises(CameraFault, match="kosong"):
        make(np.empty((0, 640, 3), np.uint8), camera())


def test_fine_stripes_are_averaged_and_not_skipped() -> None:
    stripes = np.zeros((1080, 1920, 3), np.uint8)
    stripes[:, ::2] = 254
    assert abs(int(shrink(stripes, 480).mean()) - 127) <= 1
    assert int(np.ptp(shrink(stripes, 480))) <= 2


def test_the_mask_is_in_both_stills() -> None:
    for jpeg in make(white(1080, 1920, 3), camera("0.5,0 1,0 1,1 0.5,1")):
        picture = pixels(jpeg)
        half = picture.shape[1] // 2
        assert picture[:, half + 4 :].max() < GREY + 12
        assert picture[:, : half - 8].min() > 240


part = st.floats(0, 1)
corners = st.lists(st.tuples(part, part), min_size=3, max_size=6)


@given(corners, st.integers(1, 90), st.integers(1, 160), st.sampled_from([(), (1,), (3,), (4,)]))
@settings(max_examples=150, deadline=None)
def test_nothing_of_what_is_masked_survives(
    polygon: list[tuple[float, float]], tall: int, wide: int, channels: tuple[int, ...]
) -> None:
    try:
        masks = read_masks(" ".join(f"{x!r},{y!r}" for x, y in polygon))
    except ValueError:
        return  # corners in a wrong order are refused
    frame = white(tall, wide, *channels)
    burn(frame, masks)
    for row in range(tall):
        for column in range(wide):
            if touches(masks[0], (column + 0.5) / wide, (row + 0.5) / tall):
                assert (frame[row, column] != 255).any() or channels == (4,)


def touches(polygon: Polygon, x: float, y: float) -> bool:
    """Whether a point lies inside: by the crossings of a ray to the right."""
    pairs = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    inside = False
    for (x1, y1), (x2, y2) in pairs:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def test_masks_that_overlap_leave_no_hole() -> None:
    frame = white(100, 100, 3)
    burn(frame, read_masks("0,0 1,0 1,1 0,1; 0.2,0.2 0.8,0.2 0.8,0.8 0.2,0.8"))
    assert frame.max() == GREY


def test_a_frame_that_is_part_of_another_is_masked_in_place() -> None:
    whole = white(100, 200, 3)
    burn(whole[:, ::2], read_masks("0,0 1,0 1,1 0,1"))
    assert whole[:, ::2].max() == GREY
    assert whole[:, 1::2].min() == 255


def test_masks_are_read_as_they_are_written_in_the_list() -> None:
    read = read_masks("0,0 0.2,0 0.2,0.1;  0.5,0.5 1,0.5 1,1 0.5,1;")
    assert read[0] == ((0, 0), (0.2, 0), (0.2, 0.1))
    assert len(read) == 2
    assert read_masks("") == read_masks(" ; ") == ()


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("0,0 1,1", "mask 1 has 2 corners; it needs at least 3"),
        ("0,0 0,0 1,1 0,0", "mask 1 has 2 corners"),
        ("0,0 1,0 1,1; 0,0 1,0 2,1", "mask 2: '2,1' lies outside of the picture"),
        ("0,0 1,0 nan,1", "'nan,1' lies outside"),
        ("0,0 1,0 1;1", "mask 1: '1' is not a corner; write x,y as in 0.25,0.5"),
        ("0,0 1,0 1,1,1", "'1,1,1' is not a corner"),
        ("0,0 a,0 1,1", "'a,0' is not a corner"),
        ("0,0 1,1 1,0 0,1", "mask 1: its edges cross"),
    ],
)
def test_a_wrong_mask_says_what_is_wrong_with_it(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=re.escape(mistake)):
        read_masks(text)
