"""The films of the cameras: made once, kept in var/benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cameras.footage import Codec

FOLDER = Path("var/benchmarks/films")
CODECS: tuple[Codec, ...] = ("h264", "h265")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What a stream is like; a keyframe every two seconds."""

    name: str
    width: int
    height: int
    kbit: int
    rate: int = 25
    seconds: int = 60
    times: int = 6
    """How often the film is repeated in its file."""

    def make(self) -> None:
        """Its two files, unless they are there already."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        for codec in CODECS:
            path = FOLDER / f"{self.name}-{codec}.{codec}.mp4"
            if not path.exists():
                self._make(codec, path)

    def path(self, number: int) -> str:
        """Of camera `number` on the server: every other one is H.265."""
        return f"file/{self.name}-{CODECS[number % 2]}"

    def _make(self, codec: Codec, path: Path) -> None:
        from tests.cameras.footage import film, write

        made = film(
            codec,
            self.width,
            self.height,
            seconds=self.seconds,
            rate=self.rate,
            every=2 * self.rate,
            kbit=self.kbit,
        )
        half = path.with_suffix(".part")
        write(made, half, self.times)
        half.rename(path)


MAIN = Quality(name="main", width=1920, height=1080, kbit=4000)
SUB = Quality(name="sub", width=640, height=360, kbit=512)
TOY = Quality(name="toy", width=320, height=180, kbit=200, rate=10, seconds=20, times=3)
