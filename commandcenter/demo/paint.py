"""A canvas of twice the size, so that edges come out soft; coordinates are those of the picture."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import sin
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from commandcenter.demo.light import Colour, Light, bgr

WIDTH, HEIGHT = 480, 270
Picture = npt.NDArray[np.uint8]
_SCALE, _FRACTION = 2, 4  # supersampling; bits behind the binary point of OpenCV's coordinates


class Paint:
    """Draws one background in one light; every camera has its own houses and trees."""

    def __init__(self, light: Light, camera: str) -> None:
        self.light = light
        self.camera = camera
        self.chance = random.Random(camera)
        self.canvas: Picture = np.zeros((HEIGHT * _SCALE, WIDTH * _SCALE, 3), np.uint8)

    def finish(self) -> Picture:
        """The picture in its own size."""
        small = cv2.resize(self.canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    def shape(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        """A filled polygon."""
        grid = np.array(points) * _SCALE * 2**_FRACTION
        cv2.fillPoly(self.canvas, [grid.astype(np.int32)], colour, cv2.LINE_AA, _FRACTION)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled rectangle, by its upper left corner."""
        right, low = x + width, y + height
        self.shape(((x, y), (right, y), (right, low), (x, low)), colour)

    def thing(self, x: float, y: float, width: float, height: float, hexa: str, far: float) -> None:
        """A box of a material under the light."""
        self.box(x, y, width, height, self.light.on(hexa, far))

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: Colour) -> None:
        """A thin line: cables, railings, masts."""
        a, b = (tuple(int(v * _SCALE) for v in point) for point in (start, end))
        cv2.line(self.canvas, a, b, colour, 2, cv2.LINE_AA)

    def ellipse(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """A filled ellipse, by its centre and half axes."""
        centre, axes = (int(x * _SCALE), int(y * _SCALE)), (int(width * 2), int(height * 2))
        cv2.ellipse(self.canvas, centre, axes, 0, 0, 360, colour, -1, cv2.LINE_AA)

    def sky(self, horizon: float) -> None:
        """From zenith to horizon, with a few thin clouds by day and stars by night."""
        rows = int(horizon * _SCALE)
        share = np.linspace(0, 1, rows)[:, None] ** 1.3
        ramp = self.light.zenith * (1 - share) + self.light.horizon * share
        self.canvas[:rows] = ramp[:, None, ::-1].astype(np.uint8)
        self.canvas[rows:] = self.light.on("#5c6a58", 0.45)
        self._stars(horizon) if self.light.day < 0.45 else self._clouds(rows)

    def glow(self, x: float, y: float, radius: float, rgb: Sequence[float]) -> None:
        """Light that is added around a point: lamps, the sun, their mirror on water."""
        left, right = (int(max(0, min(WIDTH, x + r)) * _SCALE) for r in (-radius, radius))
        top, low = (int(max(0, min(HEIGHT, y + r)) * _SCALE) for r in (-radius, radius))
        if left >= right or top >= low:
            return
        across = (np.arange(left, right) / _SCALE - x)[None, :] / radius
        down = (np.arange(top, low) / _SCALE - y)[:, None] / radius
        fall = np.clip(1 - np.sqrt(across**2 + down**2), 0, 1) ** 2
        part = self.canvas[top:low, left:right]
        bright = part + fall[:, :, None] * np.array(rgb)[::-1]
        self.canvas[top:low, left:right] = np.clip(bright, 0, 255).astype(np.uint8)

    def trees(self, base: float, height: float, far: float) -> None:
        """A line of trees along the horizon."""
        phase = self.chance.uniform(0, 9)
        ridge = [
            (x, base - height * (0.6 + 0.2 * sin(x / 23 + phase) + 0.2 * sin(x / 7 + 2 * phase)))
            for x in range(0, WIDTH + 6, 6)
        ]
        self.shape([(0, base + 1), *ridge, (WIDTH, base + 1)], self.light.on("#3c5240", far))

    def palm(self, x: float, base: float, height: float) -> None:
        """A coconut palm."""
        lean = self.chance.uniform(-0.12, 0.12) * height
        top = (x + lean, base - height)
        dark = self.light.on("#2d3a33", 0.12)
        self.shape(((x - 1.6, base), (x + 1.6, base), (top[0] + 0.8, top[1]), top), dark)
        for reach, drop in ((-15, 5), (-12, -3), (-5, -9), (6, -9), (13, -2), (15, 6)):
            tip = (top[0] + reach * height / 60, top[1] + drop * height / 60)
            bend = (top[0] + reach * height / 110, top[1] + (drop - 9) * height / 60)
            self.shape((top, bend, tip), dark)

    def lamp(self, x: float, base: float, height: float) -> None:
        """A street lamp; lit when it is dark."""
        pole = self.light.on("#55606b", 0.1)
        self.box(x - 0.7, base - height, 1.4, height, pole)
        self.line((x, base - height), (x + 11, base - height - 3), pole)
        if self.light.dark:
            self.glow(x + 11, base - height - 2, 34, (150, 118, 62))
            self.glow(x + 11, base, 42, (46, 36, 18))

    def windows(self, x: float, y: float, columns: int, rows: int, far: float) -> None:
        """A grid of windows, 9 by 11 apart; some are lit in the evening."""
        for number in range(columns * rows):
            lit = self.light.dark and self.chance.random() < 0.45
            colour = bgr(np.array((214.0, 176.0, 106.0))) if lit else self.light.on("#38454f", far)
            row, column = divmod(number, columns)
            self.box(x + column * 9, y + row * 11, 5, 6, colour)

    def ground(self, top: float, near: str, far: str) -> None:
        """A plane from the horizon to the lower edge."""
        self._ramp(top, HEIGHT, self.light.on(far, 0.25), self.light.on(near))

    def water(self, top: float, low: float = HEIGHT) -> None:
        """Water that mirrors the sky, with ripples that grow towards us."""
        mirrored = self.light.horizon * 0.72 + np.array((0.0, 6.0, 8.0))
        deep = (self.light.zenith * 0.45 + np.array((20.0, 42.0, 48.0)) * self.light.day) * 0.9
        self._ramp(top, low, bgr(mirrored), bgr(deep))
        for _ in range(70):
            y = top + (low - top) * self.chance.random() ** 1.6
            x, reach = self.chance.uniform(0, WIDTH), 4 + 26 * (y - top) / (low - top)
            tone = bgr(mirrored * self.chance.uniform(0.8, 0.98))
            self.box(x, y, reach * self.chance.uniform(0.5, 1.5), 0.7, tone)

    def _ramp(self, top: float, low: float, far: Colour, near: Colour) -> None:
        first, last = int(top * _SCALE), int(low * _SCALE)
        share = np.linspace(0, 1, last - first)[:, None] ** 0.7
        rows = np.array(far) * (1 - share) + np.array(near) * share
        self.canvas[first:last] = rows[:, None].astype(np.uint8)

    def _clouds(self, rows: int) -> None:
        veil: Any = np.zeros((rows, WIDTH * _SCALE), np.float32)
        for _ in range(6):
            x, y = self.chance.randrange(WIDTH * _SCALE), self.chance.randrange(rows // 8, rows)
            axes = self.chance.randrange(60, 190), self.chance.randrange(5, 16)
            cv2.ellipse(veil, (x, y), axes, 0, 0, 360, self.chance.uniform(0.15, 0.4), -1)
        veil = cv2.blur(cv2.blur(veil, (81, 21)), (81, 21))[:, :, None]
        white = np.array(self.light.on("#fff8f0", 0.35))
        sky = self.canvas[:rows] * (1 - veil) + white * veil
        self.canvas[:rows] = sky.astype(np.uint8)

    def _stars(self, horizon: float) -> None:
        for _ in range(40):
            x, y = self.chance.uniform(0, WIDTH), self.chance.uniform(0, horizon * 0.8)
            self.glow(x, y, 1.3, [self.chance.uniform(30, 110)] * 3)
