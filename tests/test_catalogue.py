"""The documentation that is made from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from commandcenter.catalogue import catalogue
from commandcenter.plugins import types


@pytest.mark.asvs("2.1.1")
def test_the_options_in_the_documentation_are_those_of_the_code() -> None:
    written = Path("docs/options.md").read_text(encoding="utf-8")
    assert written == catalogue(), "run: commandcenter options > docs/options.md"


def test_every_panel_and_feed_is_in_the_catalogue() -> None:
    told = catalogue()
    for name in types("panels") + types("feeds"):
        assert f"### {name}\n" in told
