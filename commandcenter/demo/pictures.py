"""The picture of a camera at an instant: background, what moves, its name, a clock, some noise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from commandcenter.demo.light import Light
from commandcenter.demo.mishaps import Kind
from commandcenter.demo.movers import Mover, Sprite, movers
from commandcenter.demo.paint import HEIGHT, WIDTH, Picture
from commandcenter.demo.region import DemoCamera
from commandcenter.demo.scenes import background
from commandcenter.demo.workday import ZONE

_LIGHT_LASTS = 300  # seconds until the background is painted anew


@dataclass
class View:
    """What one camera sees."""

    camera: DemoCamera
    painted: int = -1
    ground: Picture = field(default_factory=lambda: np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    moving: list[Mover] = field(default_factory=list)

    def picture(self, now: datetime, spoilt: Kind | None = None) -> Picture:
        """The picture of this instant in planar YUV 4:2:0, as encoders take it; `spoilt`: the
        camera is covered, or was moved."""
        seconds = now.timestamp()
        self._repaint(now)
        picture = self.ground.copy()
        for mover in self.moving:
            mover.sprite.stamp(picture, mover.x(seconds), mover.y)
        picture = _spoil(picture, spoilt)
        label(self.camera.name, 16).stamp(picture, 6, 4)
        clock = label(f"{now.astimezone(ZONE):%d-%m-%Y %H:%M:%S} WIB", 15)
        clock.stamp(picture, WIDTH - clock.alpha.shape[1] - 6, HEIGHT - 25)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8)
        grain = _grain()[int(seconds * 4) % 5]
        cv2.add(planes[:HEIGHT], grain, planes[:HEIGHT], dtype=cv2.CV_8U)
        return planes

    def _repaint(self, now: datetime) -> None:
        # Not all cameras at the same moment.
        turn = int(now.timestamp() + zlib.crc32(self.camera.id.encode()) % 300) // _LIGHT_LASTS
        if turn == self.painted:
            return
        light = Light.at(now.astimezone(ZONE))
        self.painted = turn
        self.ground = background(self.camera.scene, self.camera.id, light)
        self.moving = movers(self.camera.scene, self.camera.id, light)


def _spoil(picture: Picture, how: Kind | None) -> Picture:
    if how is Kind.CAMERA_COVERED:  # by a leaf right before the lens
        blurred = cv2.GaussianBlur(picture, (0, 0), WIDTH / 8)
        return np.asarray(blurred // 4 + np.array((24, 62, 40), np.uint8), np.uint8)
    if how is Kind.CAMERA_MOVED:  # by the wind: it looks to the side and up
        return np.roll(picture, (HEIGHT // 4, WIDTH // 3), (0, 1))
    return picture


@lru_cache(maxsize=128)
def label(text: str, size: int) -> Sprite:
    """White letters with a dark edge, `size` pixels high."""
    ink = np.zeros((size + 8, len(text) * size, 3), np.uint8)
    end, _ = cv2.putText(ink, text, (4, size), (255, 255, 255), cv2.FontFace("sans"), size, 600)
    letters = ink[:, : end[0] + 5, :1].astype(np.float32) / 255
    edge = cv2.GaussianBlur(letters, (5, 5), 1.1)[:, :, None]
    alpha = np.clip(np.maximum(letters, edge * 0.85), 0, 1)
    return Sprite((letters * 245).astype(np.uint16).repeat(3, 2), (alpha * 256).astype(np.uint16))


@lru_cache(maxsize=1)
def _grain() -> npt.NDArray[np.int8]:
    """Five pictures of a sensor's noise."""
    noise = np.random.default_rng(0).normal(0, 1.6, (5, HEIGHT, WIDTH))
    return noise.astype(np.int8)
