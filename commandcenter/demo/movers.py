"""What moves before a camera: cars, motorcycles, boats, people, an aeroplane."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from commandcenter.demo.light import Colour, Light
from commandcenter.demo.paint import WIDTH, Picture

_BIG = 4  # sprites are drawn so much larger and made small, for soft edges
_MARGIN = 90.0  # pixels beyond the edges, where things turn up
_IN_THE_DARK = 0.59  # what moves at night passes under lamps
_PAINTS = ("#8c3f3a", "#c8c6be", "#3f5468", "#5a5f63", "#a5894f", "#4c6a54", "#d4d2ca")


@dataclass(frozen=True)
class Sprite:
    """A small picture with its transparency, 0 to 256."""

    colour: npt.NDArray[np.uint16]
    alpha: npt.NDArray[np.uint16]

    def stamp(self, picture: Picture, x: int, y: int) -> None:
        """Put it on a picture, by its upper left corner; what is outside is cut."""
        height, width = self.alpha.shape[:2]
        left, top = max(0, x), max(0, y)
        right, low = min(picture.shape[1], x + width), min(picture.shape[0], y + height)
        if left >= right or top >= low:
            return
        part = np.s_[top - y : low - y, left - x : right - x]
        under, alpha = picture[top:low, left:right], self.alpha[part]
        picture[top:low, left:right] = (
            under * (256 - alpha) + self.colour[part] * alpha >> 8
        ).astype(np.uint8)


@dataclass(frozen=True)
class Mover:
    """A sprite on its way: `speed` in pixels a second, negative to the left."""

    sprite: Sprite
    y: int
    speed: float
    phase: float

    def x(self, seconds: float) -> int:
        """Where it is; beyond one edge it comes in again at the other."""
        span = WIDTH + 2 * _MARGIN
        return int((self.phase + self.speed * seconds) % span - _MARGIN)


def movers(scene: str, camera: str, light: Light) -> list[Mover]:
    """What is on its way before this camera in this light, the farthest first."""
    chance = random.Random(f"{camera} moves")
    light = replace(light, day=max(light.day, _IN_THE_DARK))
    found = [
        Mover(
            _DRAWN[kind](light, chance, speed < 0, size),
            y,
            speed * chance.uniform(0.8, 1.25),
            chance.uniform(0, WIDTH + 2 * _MARGIN),
        )
        for kind, y, speed, size in _TRAFFIC[scene]
    ]
    return sorted(found, key=lambda mover: mover.y + mover.sprite.alpha.shape[0])


# What, upper edge, pixels a second, size.
_TRAFFIC: dict[str, Sequence[tuple[str, int, float, float]]] = {
    "road": (
        ("car", 172, -52, 0.9),
        ("car", 172, -46, 0.9),
        ("motorcycle", 178, -60, 0.9),
        ("motorcycle", 178, -64, 0.9),
        ("car", 214, 62, 1.25),
        ("truck", 200, 44, 1.25),
        ("motorcycle", 220, 74, 1.25),
    ),
    "harbour": (
        ("boat", 152, 9, 0.7),
        ("boat", 170, -13, 1.0),
        ("boat", 188, 16, 1.2),
        ("person", 228, 11, 1.3),
        ("person", 232, -9, 1.4),
    ),
    "river": (
        ("boat", 148, 12, 0.7),
        ("boat", 176, -18, 1.1),
        ("boat", 206, 22, 1.4),
        ("boat", 160, -14, 0.8),
    ),
    "market": (
        ("person", 168, 12, 1.0),
        ("person", 174, -10, 1.1),
        ("person", 186, 14, 1.3),
        ("person", 198, -13, 1.5),
        ("person", 206, 11, 1.6),
        ("person", 212, -16, 1.7),
        ("motorcycle", 216, 26, 1.3),
    ),
    "palace": (
        ("person", 166, 9, 0.8),
        ("person", 178, -11, 1.0),
        ("person", 200, 13, 1.4),
        ("person", 214, -12, 1.6),
        ("motorcycle", 224, 34, 1.3),
    ),
    "building": (
        ("person", 166, 10, 0.9),
        ("person", 174, -9, 1.0),
        ("car", 188, -34, 1.0),
        ("car", 216, 40, 1.3),
        ("motorcycle", 222, 46, 1.3),
    ),
    "airport": (("aeroplane", 172, 24, 1.2), ("truck", 214, -20, 0.8), ("car", 222, 30, 0.7)),
}


class _Drawing:
    """A sprite in the making; coordinates in pixels of the sprite before sizing."""

    def __init__(self, width: int, height: int, light: Light, size: float) -> None:
        self.light, self.size = light, size
        self.width, self.height = width, height
        self.image: Any = np.zeros((height * _BIG, width * _BIG, 4), np.uint8)

    def shape(self, colour: Colour, *points: tuple[float, float]) -> None:
        grid = (np.array(points) * _BIG).astype(np.int32)
        cv2.fillPoly(self.image, [grid], (*colour, 255), cv2.LINE_AA)

    def disc(self, colour: Colour, x: float, y: float, radius: float, alpha: int = 255) -> None:
        centre = int(x * _BIG), int(y * _BIG)
        cv2.circle(self.image, centre, int(radius * _BIG), (*colour, alpha), -1, cv2.LINE_AA)

    def finish(self, mirrored: bool) -> Sprite:
        size = max(2, round(self.width * self.size)), max(2, round(self.height * self.size))
        small = cv2.resize(self.image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        small = small[:, ::-1] if mirrored else small
        alpha = small[:, :, 3:] / 255
        colour = small[:, :, :3] / np.maximum(alpha, 0.01)  # resizing has mixed in black
        whole = np.clip(colour, 0, 255).astype(np.uint16)
        return Sprite(whole, (alpha * 256).astype(np.uint16))


def _car(light: Light, chance: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(60, 26, light, size)
    body, glass = light.on(chance.choice(_PAINTS)), light.on("#2f3a43")
    draw.shape(light.on("#33363a"), (4, 22), (56, 22), (54, 25), (6, 25))
    draw.shape(body, (2, 12), (12, 10), (52, 11), (58, 14), (58, 21), (2, 21))
    draw.shape(body, (11, 11), (19, 2), (39, 2), (48, 11))
    draw.shape(glass, (15, 10), (20, 4), (28, 4), (28, 10))
    draw.shape(glass, (30, 10), (30, 4), (38, 4), (44, 10))
    _wheels_and_lights(draw, (14, 46), 58, 15)
    return draw.finish(mirrored)


def _truck(light: Light, chance: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(78, 38, light, size)
    draw.shape(light.on("#5c5a50"), (2, 4), (52, 4), (52, 30), (2, 30))
    draw.shape(light.on(chance.choice(_PAINTS)), (54, 10), (68, 10), (75, 20), (75, 32), (54, 32))
    draw.shape(light.on("#2f3a43"), (60, 13), (67, 13), (72, 20), (60, 20))
    _wheels_and_lights(draw, (14, 24, 64), 75, 26)
    return draw.finish(mirrored)


def _motorcycle(light: Light, chance: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(30, 26, light, size)
    draw.shape(light.on("#2c2f33"), (6, 16), (22, 14), (25, 20), (8, 21))
    draw.shape(light.on(chance.choice(_PAINTS)), (10, 6), (16, 6), (18, 16), (9, 17))
    draw.disc(light.on("#b9b6ae"), 14.5, 3.6, 3.2)
    _wheels_and_lights(draw, (7, 23), 26, 15)
    return draw.finish(mirrored)


def _boat(light: Light, chance: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(76, 30, light, size)
    draw.shape(light.on("#cfd4d2", 0.3), (0, 26), (70, 26), (64, 28), (4, 28))
    draw.shape(
        light.on(chance.choice(("#6a4a3a", "#3f5866", "#58634a"))),
        (2, 17),
        (74, 13),
        (62, 26),
        (8, 26),
    )
    draw.shape(light.on("#b5ab96"), (14, 8), (46, 8), (46, 16), (14, 17))
    draw.shape(light.on("#6b4f45"), (10, 6), (50, 5), (50, 8), (10, 9))
    if light.dark:
        draw.disc((150, 215, 255), 66, 11, 2.2)
    return draw.finish(mirrored)


def _person(light: Light, chance: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(12, 30, light, size)
    cloth = light.on(chance.choice((*_PAINTS, "#6c5a86", "#7d8f5a")))
    draw.shape(light.on("#34383f"), (3, 17), (9, 17), (10, 29), (7, 29), (6, 20), (4, 29), (2, 29))
    draw.shape(cloth, (2, 8), (10, 8), (9.5, 19), (2.5, 19))
    draw.disc(light.on("#8b6b55"), 6, 4.2, 3.1)
    if light.dark:
        draw.disc((150, 215, 255), 10, 14, 1.6)  # a torch
    return draw.finish(mirrored)


def _aeroplane(light: Light, _: random.Random, mirrored: bool, size: float) -> Sprite:
    draw = _Drawing(88, 34, light, size)
    white = light.on("#d9dcdc")
    draw.shape(white, (6, 16), (14, 13), (76, 13), (85, 18), (78, 23), (14, 22))
    draw.shape(light.on("#8c3f3a"), (6, 16), (2, 1), (10, 1), (20, 14))
    draw.shape(light.on("#9ba3a6"), (36, 20), (50, 20), (34, 31), (28, 31))
    draw.shape(light.on("#39454e"), (76, 15), (81, 16.5), (76, 17))
    _wheels_and_lights(draw, (32, 70), 85, 18)
    return draw.finish(mirrored)


def _wheels_and_lights(draw: _Drawing, wheels: Sequence[float], front: float, high: float) -> None:
    for x in wheels:
        draw.disc(draw.light.on("#1d1f22"), x, draw.height - 4.5, 4)
    if draw.light.dark:
        draw.disc((170, 225, 255), front - 1, high, 2.4)
        draw.disc((60, 60, 200), 3, high, 1.8)


_DRAWN = {
    "car": _car,
    "truck": _truck,
    "motorcycle": _motorcycle,
    "boat": _boat,
    "person": _person,
    "aeroplane": _aeroplane,
}
