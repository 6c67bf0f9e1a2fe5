"""JPEGs as cameras send them: whole ones are shown, half ones are told."""

from __future__ import annotations

import struct
from typing import Any

import cv2
import numpy as np
import pytest

from commandcenter.video import jpeg
from commandcenter.video.messages import CameraFault

END = b"\xff\xd9"


def made(*options: int, grey: bool = False) -> bytes:
    """A picture of noise, white at its top, so that no part of it is like another."""
    rng = np.random.default_rng(7)
    frame = rng.integers(0, 255, (120, 200) if grey else (120, 200, 3), np.uint8)
    frame[:20] = 250
    return cv2.imencode(".jpg", frame, list(options))[1].tobytes()


def turned(picture: bytes, orientation: int) -> bytes:
    """With an EXIF orientation (CIPA DC-008 4.6.4)."""
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x112, 3, 1, orientation, 0, 0)
    segment = b"Exif\0\0" + tiff
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + picture[2:]


PLAIN = made()
PROGRESSIVE = made(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
RESTARTS = made(cv2.IMWRITE_JPEG_RST_INTERVAL, 4)


@pytest.mark.parametrize("whole", [PLAIN, PROGRESSIVE, RESTARTS, made(grey=True)])
@pytest.mark.parametrize("behind", [b"", b"dhav\x59\x19\x01\x00", bytes(5000), PLAIN])
def test_what_stands_behind_the_end_is_ignored(whole: bytes, behind: bytes) -> None:
    """rroller/dahua#658: eight bytes after the end. A second picture: MPO."""
    assert np.array_equal(jpeg.read(whole + behind), jpeg.read(whole))


@pytest.mark.parametrize("whole", [PLAIN, PROGRESSIVE, RESTARTS, made(grey=True)])
@pytest.mark.parametrize("behind", [b"", b"\xff", bytes(8)])
def test_a_picture_that_lacks_only_its_end_is_shown(whole: bytes, behind: bytes) -> None:
    """brendan-duncan/image#230, jacksonliam/mjpg-streamer#236."""
    shown = jpeg.read(whole.removesuffix(END) + behind)
    assert np.array_equal(shown, jpeg.read(whole))


@pytest.mark.parametrize("whole", [PLAIN, PROGRESSIVE, RESTARTS, made(grey=True)])
@pytest.mark.parametrize("part", [0.3, 0.55, 0.9, 0.99])
def test_a_part_of_a_picture_is_told(whole: bytes, part: float) -> None:
    with pytest.raises(CameraFault, match=r"terpotong|rusak"):
        jpeg.read(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_half_a_picture_with_an_end_is_told_however_it_is_turned(orientation: int) -> None:
    half = turned(PLAIN[: len(PLAIN) // 2] + END, orientation)
    with pytest.raises(CameraFault, match="terpotong"):
        jpeg.read(half)


@pytest.mark.parametrize(("orientation", "top"), [(3, np.s_[-9:]), (6, np.s_[:, -9:])])
def test_a_picture_is_turned_upright(orientation: int, top: Any) -> None:
    shown = jpeg.read(turned(PLAIN, orientation))
    assert shown[top].mean() > 230


def test_a_picture_with_an_edge_of_one_colour_is_whole() -> None:
    frame = np.zeros((90, 160, 3), np.uint8)
    frame[20:60, 20:90] = 200
    assert jpeg.read(cv2.imencode(".jpg", frame)[1].tobytes()).shape == (90, 160, 3)


@pytest.mark.parametrize("junk", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff" + bytes(99), b"<html>"])
def test_what_is_no_picture_is_told(junk: bytes) -> None:
    with pytest.raises(CameraFault, match="rusak"):
        jpeg.read(junk)
