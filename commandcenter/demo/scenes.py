"""What the cameras look at. Each scene paints its still background; what moves is in movers.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from commandcenter.demo.light import Light
from commandcenter.demo.paint import HEIGHT, WIDTH, Paint, Picture


def background(scene: str, camera: str, light: Light) -> Picture:
    """The still part of a camera's picture. Raises KeyError for a scene that nobody painted."""
    paint = Paint(light, camera)
    SCENES[scene](paint)
    return paint.finish()


def road(paint: Paint) -> None:
    """A town street from the side: shop-houses, lamps, two lanes."""
    paint.sky(118)
    paint.trees(128, 34, 0.55)
    _shop_houses(paint, 132)
    paint.ground(132, "#5d6358", "#79806f")
    if paint.camera.startswith("bundaran"):
        _monument(paint, 244, 150)
    _lanes(paint)
    for x in (50, 200, 350):
        paint.lamp(x, 166, 78)
    if not paint.camera.startswith("simpang"):
        paint.palm(448, 166, 92)


def harbour(paint: Paint) -> None:
    """Open water with ships at a quay; a beach has palms instead of cranes."""
    paint.sky(122)
    paint.trees(124, 12, 0.65)
    paint.water(124)
    if paint.camera.startswith("pantai"):
        paint.shape([(0, 226), (170, 236), (480, 214), (480, 270), (0, 270)], _sand(paint))
        for x, height in ((52, 118), (86, 96), (420, 112)):
            paint.palm(x, 238, height)
        return
    _crane(paint, 360)
    _crane(paint, 412)
    _ship(paint, 300, 148, 1.0)
    _ship(paint, 96, 138, 0.6)
    paint.shape([(0, 226), (WIDTH, 214), (WIDTH, HEIGHT), (0, HEIGHT)], paint.light.on("#6b6459"))
    for x in range(12, WIDTH, 52):
        paint.thing(x, 219 - x / 40, 5, 14, "#38352f", 0.0)
    paint.lamp(60, 236, 86)


def river(paint: Paint) -> None:
    """A broad river before stilt houses; some cameras stand at the bridge."""
    paint.sky(108)
    paint.trees(122, 34, 0.5)
    paint.water(122)
    for x in range(8, WIDTH, 58):
        _stilt_house(paint, x + paint.chance.uniform(-6, 6), 126)
    if paint.camera.startswith("jembatan"):
        _bridge(paint)
    paint.shape([(0, 246), (190, 250), (190, 258), (0, 258)], paint.light.on("#5a4c3e"))
    for x in range(10, 190, 30):
        paint.thing(x, 254, 3, 16, "#40362c", 0.0)


def market(paint: Paint) -> None:
    """Stalls under awnings along a wet street."""
    paint.sky(96)
    paint.trees(104, 26, 0.55)
    paint.thing(40, 62, 400, 64, "#8b8373", 0.25)
    paint.shape([(24, 66), (240, 36), (456, 66)], paint.light.on("#6c4a40", 0.2))
    paint.ground(124, "#66625a", "#8a857a")
    cloth = ["#a4574c", "#5d7f8c", "#b08a4e", "#60795a", "#8a6a86", "#4f6d8f"]
    paint.chance.shuffle(cloth)
    for number, colour in enumerate(cloth):
        _stall(paint, 6 + number * 79, 150, colour)
    for x in (120, 280, 440):
        paint.lamp(x, 150, 70)


def palace(paint: Paint) -> None:
    """A wooden palace with steep roofs behind a lawn; a park has a fountain before it."""
    paint.sky(128)
    paint.trees(140, 44, 0.5)
    paint.ground(140, "#5b7048", "#7d8c62")
    for x, width, peak in ((126, 84, 70), (270, 84, 70), (184, 112, 44)):
        _steep_roof(paint, x, 108, width, peak)
    paint.shape([(212, 152), (268, 152), (330, 270), (150, 270)], paint.light.on("#a89b84"))
    if paint.camera.startswith("taman"):
        paint.ellipse(240, 196, 58, 12, paint.light.on("#8f9a9c"))
        paint.ellipse(240, 195, 50, 9, paint.light.on("#7fa3b3", 0.2))
    for x, height in ((44, 96), (98, 74), (392, 78), (444, 98)):
        paint.palm(x, 172, height)
    for x in (140, 330):
        paint.lamp(x, 190, 62)


def building(paint: Paint) -> None:
    """A public building with a forecourt and a flag."""
    paint.sky(126)
    paint.trees(136, 30, 0.55)
    paint.thing(70, 74, 340, 76, "#b9b4a6", 0.12)
    paint.shape([(56, 76), (110, 46), (370, 46), (424, 76)], paint.light.on("#75483e", 0.12))
    paint.windows(84, 84, 35, 5, 0.1)
    paint.thing(196, 104, 88, 48, "#cfc9ba", 0.05)
    for x in range(200, 290, 19):
        paint.thing(x, 108, 5, 44, "#e4dfd2", 0.0)
    paint.ground(150, "#6d6f70", "#8a8c8a")
    _flag(paint, 128, 196)
    for x in range(24, WIDTH, 54):
        paint.shape(
            [(x, 190), (x + 1.5, 190), (x - 9, 214), (x - 11, 214)], paint.light.on("#b9bab5")
        )
    for x in (40, 430):
        paint.lamp(x, 182, 80)


def airport(paint: Paint) -> None:
    """A runway before a small terminal and its tower."""
    paint.sky(136)
    paint.trees(146, 20, 0.6)
    paint.thing(60, 116, 190, 34, "#a9b0b3", 0.2)
    paint.shape([(50, 118), (155, 98), (262, 118)], paint.light.on("#6a5a4d", 0.2))
    paint.windows(66, 128, 20, 1, 0.1)
    paint.thing(318, 84, 14, 66, "#b5b6b1", 0.2)
    paint.shape([(308, 68), (342, 68), (336, 86), (314, 86)], paint.light.on("#44606e", 0.1))
    paint.ground(148, "#5f7350", "#808c66")
    paint.shape([(0, 176), (WIDTH, 168), (WIDTH, 226), (0, 246)], paint.light.on("#54585b"))
    for x in range(10, WIDTH, 60):
        paint.box(x, 206 - x / 32, 30, 2.2, paint.light.on("#cfd0c8"))
        if paint.light.dark:
            paint.glow(x, 248 - x / 24, 9, (70, 110, 170))


SCENES: Mapping[str, Callable[[Paint], None]] = {
    scene.__name__: scene for scene in (road, harbour, river, market, palace, building, airport)
}


def _shop_houses(paint: Paint, base: float) -> None:
    x = -10.0
    while x < WIDTH:
        width, height = paint.chance.choice((38, 47, 56)), paint.chance.uniform(34, 66)
        wall = paint.chance.choice(("#a39a86", "#8d938f", "#a88f7c", "#87907b", "#9a8b92"))
        paint.thing(x, base - height, width - 2, height + 8, wall, 0.22)
        paint.thing(x - 1, base - height - 4, width, 5, "#6b4f45", 0.2)
        paint.windows(x + 5, base - height + 6, int(width - 8) // 9, int(height - 18) // 11, 0.15)
        paint.thing(x + 3, base - 11, width - 8, 16, "#4a5158", 0.1)
        x += width


def _lanes(paint: Paint) -> None:
    paint.thing(0, 162, WIDTH, 6, "#8f8f88", 0.05)
    paint.thing(0, 168, WIDTH, 84, "#4b4f54", 0.0)
    paint.thing(0, 252, WIDTH, 5, "#94948c", 0.0)
    for x in range(6, WIDTH, 46):
        paint.thing(x, 208, 26, 2.4, "#c9c8bd", 0.0)


def _monument(paint: Paint, x: float, base: float) -> None:
    stone = paint.light.on("#b7ad97", 0.1)
    paint.ellipse(x, base + 8, 74, 9, paint.light.on("#5f7a4c"))
    paint.box(x - 22, base - 8, 44, 12, stone)
    paint.shape(
        [(x - 7, base - 8), (x + 7, base - 8), (x + 3, base - 92), (x - 3, base - 92)], stone
    )
    paint.ellipse(x, base - 96, 7, 7, paint.light.on("#c9a44e"))


def _ship(paint: Paint, x: float, y: float, size: float) -> None:
    hull = [(-70, 0), (78, -6), (66, 20), (-58, 20)]
    paint.shape([(x + a * size, y + b * size) for a, b in hull], paint.light.on("#5b3f3c", 0.15))
    house = [(-54, -28), (-18, -28), (-18, 0), (-54, 0)]
    paint.shape([(x + a * size, y + b * size) for a, b in house], paint.light.on("#cfcabd", 0.15))
    mast = paint.light.on("#4a4a4a", 0.2)
    paint.line((x + 20 * size, y), (x + 20 * size, y - 52 * size), mast)
    paint.line((x + 20 * size, y - 50 * size), (x + 62 * size, y - 8 * size), mast)
    for part in range(4):
        paint.thing(x + (-8 + part * 18) * size, y - 9 * size, 14 * size, 9 * size, "#7d6a52", 0.15)


def _crane(paint: Paint, x: float) -> None:
    steel = paint.light.on("#8a6f4a", 0.25)
    for foot in (-9, 9):
        paint.line((x + foot, 220), (x, 96), steel)
    paint.line((x - 46, 84), (x + 26, 100), steel)
    paint.line((x, 74), (x - 46, 84), steel)
    paint.line((x - 40, 86), (x - 40, 132), steel)


def _stilt_house(paint: Paint, x: float, base: float) -> None:
    wall = paint.chance.choice(("#7d6c58", "#6d7a78", "#86735f", "#6f6a74"))
    for foot in (2, 20, 38):
        paint.thing(x + foot, base, 2, 14, "#3d342c", 0.15)
    paint.thing(x, base - 20, 42, 22, wall, 0.2)
    roof = [(x - 4, base - 19), (x + 21, base - 34), (x + 46, base - 19)]
    paint.shape(roof, paint.light.on("#54423a", 0.2))
    paint.windows(x + 6, base - 15, 4, 1, 0.1)


def _bridge(paint: Paint) -> None:
    steel = paint.light.on("#77808a", 0.15)
    paint.shape([(0, 96), (WIDTH, 84), (WIDTH, 94), (0, 108)], steel)
    for x in range(-30, WIDTH, 62):
        paint.line((x, 98 - x / 40), (x + 31, 58 - x / 40), steel)
        paint.line((x + 31, 58 - x / 40), (x + 62, 98 - x / 40), steel)
    for x in (120, 340):
        paint.thing(x, 94, 11, 64, "#6b7075", 0.12)


def _stall(paint: Paint, x: float, base: float, cloth: str) -> None:
    paint.thing(x + 4, base - 26, 62, 40, "#4d4740", 0.05)
    paint.thing(x + 2, base, 66, 16, "#7a6a55", 0.0)
    high, low = base - 42, base - 22
    awning = [(x + 6, high), (x + 64, high), (x + 72, low), (x - 2, low)]
    paint.shape(awning, paint.light.on(cloth))
    for number in range(6):
        fruit = paint.chance.choice(("#b5843f", "#8f4a3c", "#6d8747", "#b9a75a"))
        paint.ellipse(x + 9 + number * 10, base - 1, 4.5, 3.5, paint.light.on(fruit))
    if paint.light.dark:
        paint.glow(x + 35, base - 16, 30, (120, 96, 52))


def _steep_roof(paint: Paint, x: float, eaves: float, width: float, peak: float) -> None:
    paint.thing(x + 6, eaves, width - 12, 46, "#b99b52", 0.1)
    for part in range(int(width - 18) // 12):
        paint.thing(x + 11 + part * 12, eaves + 10, 6, 30, "#6e5634", 0.05)
    left, right, middle = x - 8, x + width + 8, x + width / 2
    roof = [(left, eaves + 3), (middle - 9, peak), (middle + 9, peak), (right, eaves + 3)]
    paint.shape(roof, paint.light.on("#6f4f35", 0.12))


def _flag(paint: Paint, x: float, base: float) -> None:
    paint.box(x, base - 132, 1.6, 132, paint.light.on("#c9ccce"))
    paint.thing(x + 2, base - 130, 30, 10, "#b8423c", 0.0)
    paint.thing(x + 2, base - 120, 30, 10, "#e9e6df", 0.0)


def _sand(paint: Paint) -> tuple[int, int, int]:
    return paint.light.on("#c2ad86")
