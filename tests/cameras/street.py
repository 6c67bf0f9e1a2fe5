"""A street as a camera over it sees it, painted with numpy: each seed is another street.

    street = Street(seed=3)
    frame = street.look(light=0.2, lamps=True, cars=2, noise=3, moment=7)

Everything that happens in it is an argument, so that a test says in a line what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from commandcenter.video.capture import Frame

Floats = NDArray[np.float32]
Point = tuple[int, int]


@dataclass
class Street:
    """Houses along a road with trees, lamp posts and, if asked for, all that passes by."""

    seed: int = 0
    width: int = 480
    height: int = 270
    day: Floats = field(init=False, repr=False)
    glow: Floats = field(init=False, repr=False)
    """Light of the lamps: what of the street it shows, and how warm."""

    def __post_init__(self) -> None:
        dice = np.random.default_rng(self.seed)
        self.horizon = int(self.height * dice.uniform(0.3, 0.5))
        self.vanishing = int(self.width * dice.uniform(0.3, 0.7))
        self.day = self._paint(dice)
        self.glow = self._lamps(dice)

    def look(
        self,
        *,
        light: float = 1.0,
        lamps: bool = False,
        cars: int = 0,
        headlights: bool = False,
        lorry: float = 0.0,
        rain: float = 0.0,
        shadow: bool = False,
        grey: bool = False,
        noise: float = 1.5,
        clock: str = "",
        blur: float = 0.0,
        turned: float = 0.0,
        covered: float = 0.0,
        moment: int = 0,
    ) -> Frame:
        """What the camera sees. `light`: 1 at noon, 0 without any; `noise`: sigma in grey levels;
        `blur`: sigma in pixels; `lorry`, `covered`: the part of the picture's width that it takes;
        `turned`: by what part of the picture's width the camera has been turned."""
        dice = np.random.default_rng((self.seed, moment))
        scene = np.asarray(self.day * light, np.float32)
        scene = np.asarray(scene + self.glow, np.float32) if lamps else scene
        scene = _turn(scene, turned, self.seed) if turned else scene.copy()
        if shadow:
            scene *= _cloud(scene.shape, dice)
        for _ in range(cars):
            self._car(scene, dice, light, headlights)
        if lorry:
            _lorry(scene, dice, lorry, light)
        if rain:
            scene = _rain(scene, dice, rain)
        if covered:
            _cover(scene, self.seed, covered, max(light, 0.25))
        if blur:
            scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), blur), np.float32)
        if grey:
            scene[:] = scene.mean(axis=2, keepdims=True)
        frame = _sense(scene, noise, dice)
        if clock:
            stamp(frame, clock)
        return frame

    def _paint(self, dice: np.random.Generator) -> Floats:
        canvas = np.zeros((self.height, self.width, 3), np.float32)
        ramp = np.linspace(215, 175, self.height, dtype=np.float32)[:, None]
        canvas[:] = np.dstack([ramp + 15, ramp, ramp - 15])
        canvas[self.horizon :] = dice.uniform(70, 120)
        self._houses(canvas, dice)
        self._road(canvas, dice)
        for _ in range(int(dice.integers(2, 7))):
            self._tree(canvas, dice)
        for _ in range(int(dice.integers(1, 4))):
            x = int(dice.uniform(0.05, 0.95) * self.width)
            top = int(self.horizon * dice.uniform(0.1, 0.6))
            foot = int(self.height * dice.uniform(0.6, 0.95))
            cv2.line(canvas, (x, top), (x, foot), (40, 40, 42), max(2, self.width // 160))
        grain = dice.normal(0, 1, canvas.shape[:2]).astype(np.float32)
        texture = 5 * cv2.GaussianBlur(grain, (0, 0), 1.2) + 30 * cv2.GaussianBlur(grain, (0, 0), 6)
        texture[: self.horizon] *= 0.25
        return np.clip(canvas + texture[..., None], 3, 250).astype(np.float32)

    def _houses(self, canvas: Floats, dice: np.random.Generator) -> None:
        left = -20
        while left < self.width:
            wide = int(self.width * dice.uniform(0.07, 0.2))
            top = int(self.horizon * dice.uniform(0.2, 0.9))
            foot = int(self.horizon + self.height * dice.uniform(0.02, 0.12))
            wall = dice.uniform(90, 210, 3)
            cv2.rectangle(canvas, (left, top), (left + wide, foot), wall.tolist(), -1)
            cv2.rectangle(canvas, (left, top), (left + wide, top + 4), (wall * 0.5).tolist(), -1)
            step = max(8, self.width // int(dice.integers(24, 44)))
            for x in range(left + 5, left + wide - step // 2, step):
                for y in range(top + 9, foot - step // 2, step):
                    pane = (wall * dice.uniform(0.25, 0.6)).tolist()
                    cv2.rectangle(canvas, (x, y), (x + step // 2, y + step // 2), pane, -1)
            left += wide + int(dice.uniform(0, 0.04) * self.width)

    def _road(self, canvas: Floats, dice: np.random.Generator) -> None:
        centre, foot = self.vanishing, self.height
        spread = int(self.width * dice.uniform(0.3, 0.5))
        near = np.array([[centre - 8, self.horizon], [centre + 8, self.horizon]])
        far = np.array([[centre + spread, foot], [centre - spread, foot]])
        cv2.fillPoly(canvas, [np.vstack([near, far])], (72, 70, 70))
        for side in (-1, 1):
            edge = (centre + side * spread, foot)
            cv2.line(canvas, (centre + side * 8, self.horizon), edge, (190, 195, 195), 3)
        for part in np.linspace(0.1, 0.9, 6):
            y, size = int(self.horizon + part * (foot - self.horizon)), int(4 + 14 * part)
            cv2.line(canvas, (centre, y), (centre, y + size), (210, 210, 210), int(1 + 4 * part))

    def _tree(self, canvas: Floats, dice: np.random.Generator) -> None:
        x, y = int(dice.uniform(0, self.width)), int(self.horizon * dice.uniform(0.7, 1.2))
        size = self.height * dice.uniform(0.05, 0.12)
        for _ in range(40):
            at = (int(x + dice.normal(0, size)), int(y + dice.normal(0, size)))
            leaf = (dice.uniform(20, 60), dice.uniform(60, 120), dice.uniform(20, 70))
            cv2.circle(canvas, at, int(size / 4), leaf, -1)

    def _lamps(self, dice: np.random.Generator) -> Floats:
        glow = np.zeros((self.height, self.width), np.float32)
        for _ in range(int(dice.integers(2, 6))):
            x = int(dice.uniform(0.03, 0.97) * self.width)
            y = int(self.height * dice.uniform(0.2, 0.6))
            cv2.circle(glow, (x, y), self.width // 12, 0.5, -1)
        shine = cv2.GaussianBlur(glow, (0, 0), self.width / 16)
        bulbs = cv2.GaussianBlur((glow > 0.4).astype(np.float32), (0, 0), self.width / 40)
        lit = self.day * shine[..., None] * np.array([0.5, 0.8, 1.0], np.float32)
        return np.asarray(lit + 40 * bulbs[..., None] ** 8, np.float32)

    def _car(self, scene: Floats, dice: np.random.Generator, light: float, lit: bool) -> None:
        part = dice.uniform(0.1, 1.0)
        y = int(self.horizon + part * (self.height - self.horizon) * 0.95)
        x = int(self.vanishing + dice.uniform(-0.35, 0.35) * part * self.width)
        tall, wide = int(6 + 50 * part), int(9 + 90 * part)
        paint = dice.uniform(20, 230, 3) * max(light, 0.05)
        cv2.rectangle(scene, (x, y - tall), (x + wide, y), paint.tolist(), -1)
        glass = ((x + wide // 8, y - tall + tall // 8), (x + wide - wide // 8, y - tall // 2))
        cv2.rectangle(scene, *glass, (paint * 0.3).tolist(), -1)
        if lit:
            beam = np.zeros(scene.shape[:2], np.float32)
            for lamp in (x + wide // 6, x + wide - wide // 6):
                cv2.circle(beam, (lamp, y - tall // 4), max(2, tall // 5), 900.0, -1)
            scene += cv2.GaussianBlur(beam, (0, 0), 3 + 12 * part)[..., None]


def _lorry(scene: Floats, dice: np.random.Generator, part: float, light: float) -> None:
    tall, wide = scene.shape[:2]
    left = int(dice.uniform(0, 1 - part) * wide)
    right, top, foot = left + int(part * wide), int(tall * 0.05), int(tall * 0.95)
    paint = dice.uniform(40, 220, 3) * max(light, 0.1)
    cv2.rectangle(scene, (left, top), (right, foot), paint.tolist(), -1)
    for y in np.linspace(top + 20, foot - 20, 6).astype(int):
        cv2.line(scene, (left, int(y)), (right, int(y)), (paint * 0.7).tolist(), 2)
    for x in (left + (right - left) // 5, right - (right - left) // 5):
        cv2.circle(scene, (x, foot), tall // 14, (15, 15, 15), -1)


def _cloud(shape: tuple[int, ...], dice: np.random.Generator) -> Floats:
    mask = np.ones(shape[:2], np.float32)
    at = (int(dice.uniform(0, shape[1])), int(dice.uniform(0.3, 1) * shape[0]))
    cv2.ellipse(mask, at, (shape[1] // 3, shape[0] // 4), 20, 0, 360, 0.5, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 12)[..., None], np.float32)


def _rain(scene: Floats, dice: np.random.Generator, rain: float) -> Floats:
    """Streaks, wet air that takes contrast away, drops on the glass."""
    tall, wide = scene.shape[:2]
    grey = float(scene.mean())
    scene = np.asarray(scene + (grey - scene) * 0.35 * rain, np.float32)
    streaks = np.zeros((tall, wide), np.float32)
    for _ in range(int(500 * rain)):
        x, y = int(dice.uniform(0, wide)), int(dice.uniform(0, tall))
        cv2.line(streaks, (x, y), (x + 3, y + int(dice.uniform(8, 24))), 45.0, 1)
    for _ in range(int(6 * rain)):
        x, y, size = (int(dice.uniform(0, n)) for n in (wide, tall, tall / 8))
        part = scene[y : y + size + 2, x : x + size + 2]
        part[:] = cv2.GaussianBlur(part, (0, 0), 3)
    return np.asarray(scene + streaks[..., None] * (0.3 + grey / 200), np.float32)


def _cover(scene: Floats, seed: int, part: float, light: float) -> None:
    """A bag, a hand, paint: one tone with a soft fold or two, from one side."""
    dice = np.random.default_rng((seed, 77))
    tall, wide = scene.shape[:2]
    folds = cv2.resize(dice.normal(0, 6, (3, 4)).astype(np.float32), (wide, tall))
    sheet = dice.uniform(20, 240, 3).astype(np.float32) * light + folds[..., None] * light
    edge = int(part * wide)
    scene[:, :edge] = sheet[:, :edge]


def _turn(scene: Floats, part: float, seed: int) -> Floats:
    """The camera looks aside: what comes in at the edge belongs to another street."""
    tall, wide = scene.shape[:2]
    shift = min(wide, int(abs(part) * wide))
    level = float(scene.mean())
    beside = Street(seed + 1000, wide, tall).day
    beside = beside * (level / float(beside.mean()))
    both = np.hstack([scene, beside]) if part > 0 else np.hstack([beside, scene])
    start = shift if part > 0 else wide - shift
    drop = int(tall * part * 0.3)  # nobody turns it exactly level
    return np.asarray(np.roll(both[:, start : start + wide], drop, axis=0), np.float32)


def _sense(scene: Floats, noise: float, dice: np.random.Generator) -> Frame:
    if noise:
        scene += noise * dice.standard_normal(scene.shape[:2], np.float32)[..., None]
    return np.asarray(np.clip(np.rint(scene, out=scene), 0, 255, out=scene), np.uint8)


def stamp(frame: Frame, text: str, corner: str = "top") -> None:
    """Burn a text in, white with a black edge, as cameras do."""
    tall, wide = frame.shape[:2]
    scale = tall / 720
    at = (wide // 50, tall // 18) if corner == "top" else (int(wide * 0.62), tall - tall // 40)
    for colour, thick in (((0, 0, 0), 5), ((255, 255, 255), 2)):
        face = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(frame, text, at, face, scale, colour, max(1, round(thick * scale)))


@dataclass
class Encoder:
    """Encodes frames at a bit rate and decodes their keyframes: what a camera's stream makes of
    them. `keep`: every how many frames a keyframe comes."""

    codec: str = "libx264"
    kilobits: int = 500
    keep: int = 10
    rate: int = 5
    preset: str = "veryfast"

    def keyframes(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The decoded keyframes of a stream of these frames."""
        encoder: Any = None
        decoder: Any = av.CodecContext.create("h264" if "264" in self.codec else "hevc", "r")
        for n, frame in enumerate(frames):
            encoder = encoder or self._open(frame)
            picture = av.VideoFrame.from_ndarray(frame, format="bgr24")
            picture = picture.reformat(format="yuv420p")
            picture.pts = n
            yield from _decode(decoder, encoder.encode(picture))
        yield from _decode(decoder, encoder.encode(None))

    def _open(self, frame: Frame) -> Any:
        codec: Any = av.CodecContext.create(self.codec, "w")
        codec.height, codec.width = frame.shape[:2]
        codec.pix_fmt, codec.thread_count = "yuv420p", 1
        codec.framerate, codec.time_base = self.rate, Fraction(1, self.rate)
        codec.bit_rate = self.kilobits * 1000
        limits = f"vbv-maxrate={self.kilobits}:vbv-bufsize={self.kilobits}"
        group = f"keyint={self.keep}:min-keyint={self.keep}:scenecut=0:log-level=0:{limits}"
        kind = "x264-params"
        if "265" in self.codec:  # with more threads it makes other bits each time
            kind, group = "x265-params", f"{group}:pools=none:frame-threads=1"
        codec.options = {"preset": self.preset, "tune": "zerolatency", kind: group}
        return codec


def _decode(decoder: Any, packets: Any) -> Iterator[Frame]:
    for packet in packets:
        if packet.is_keyframe:
            for picture in decoder.decode(av.Packet(bytes(packet))):
                yield picture.to_ndarray(format="bgr24")
