"""Every scene of config.toml, and every panel by itself, on every screen from 1024×768 to a video
wall and upright, from no office to a thousand: nothing scrolls, nothing is cut off, nothing is too
small to be read, no card lies on another, and every office is shown or counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import RedisProcess
from tests.web.conftest import Site
from tests.web.look import Shown, scenes, shipped, shown_to, site_of

SIZES = (
    (1024, 768),
    (1180, 820),
    (1280, 720),
    (1920, 1080),
    (3440, 1376),
    (3840, 2160),
    (7680, 2160),
    (1080, 1920),
    (2160, 3840),
)
MOST = {"incidents": 300, "complaints": 300, "cctv": 24, "cameras": 24}  # of tests/web/samples.py


@pytest.fixture(scope="module")
def site(module_redis: RedisProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the walls and panels that we ship."""
    with site_of(shipped(), tmp_path_factory.mktemp("site"), module_redis.url) as found:
        yield found


@pytest.fixture(
    scope="module",
    params=[0, 61, pytest.param(1000, marks=pytest.mark.long)],
    ids=lambda n: f"{n} offices",
)
def shown(request: pytest.FixtureRequest, site: Site, chromium: Browser) -> Iterator[Shown]:
    """In rising order, for nothing is ever forgotten."""
    with shown_to(chromium, site, request.param) as shown:
        yield shown


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_scene_is_whole_legible_and_without_a_scroll_bar(
    shown: Shown, size: tuple[int, int]
) -> None:
    shown.resize(*size)
    faults = {}
    for scene, style in scenes().items():
        shown.show(scene, style)
        seen = shown.look()
        faults[scene] = [*seen["faults"], *_uncounted(seen["counted"], shown.offices)]
    assert {scene: found for scene, found in faults.items() if found} == {}


def _says_so(told: Mapping[str, Any]) -> bool:
    """Cameras turn pages instead."""
    page = re.fullmatch(r"halaman \d+ dari \d+", told["says"])
    return page is not None or told["says"] == f"dan {told['hidden']} lainnya"


def _uncounted(counted: Mapping[str, Any], offices: int) -> Iterator[str]:
    """What is neither shown nor counted, or counted wrongly."""
    for what, (count, told) in counted.items():
        if offices and count != min(offices, MOST.get(what, offices)):
            yield f"{what}: {count} of {offices}"
        if told["hidden"] and not _says_so(told):
            yield f"{what}: {told['hidden']} hidden, and it says {told['says']!r}"
        if told["hidden"] and not told["shown"]:
            yield f"{what}: not one is shown"
