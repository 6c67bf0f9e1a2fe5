"""What an operator told a display to show, instead of its wall's rotation or beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

LONGEST_MESSAGE = 280

_Name = Annotated[str, Field(max_length=120)]


@dataclass(frozen=True, kw_only=True)
class Control:
    """All of it lasts until it is told otherwise, also over restarts."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="ignore")

    scene: _Name = ""
    """The scene that is held; "" lets the scenes take turns."""
    panel: _Name = ""
    """A panel that fills the screen."""
    thing: _Name = ""
    """One thing of that panel that fills the screen: a camera."""
    dark: bool = False
    message: Annotated[str, Field(max_length=LONGEST_MESSAGE)] = ""
    muted: bool = False

    def told(self) -> dict[str, Any]:
        """As it is kept in the records."""
        return asdict(self)


_CONTROL = TypeAdapter(Control)


def control_of(told: Mapping[str, Any]) -> Control:
    """What the records keep; what they keep wrongly counts as nothing told."""
    try:
        return _CONTROL.validate_python(dict(told))
    except ValidationError:
        return Control()
