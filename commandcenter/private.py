"""What the program keeps is for its user alone: the records, pictures, keys, logs of Redis."""

from __future__ import annotations

import os
import resource
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

_OTHERS = 0o077  # whatever is not the owner's right


def begin_private() -> None:
    """From now on nobody else may read what this process makes; and when it crashes, it leaves no
    image of its memory, in which passwords stand."""
    os.umask(_OTHERS)
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def tighten(folder: Path) -> int:
    """Take the rights of everybody else from a folder and from all within, as earlier versions or
    a copy have left it. Links are not followed.

    Returns how many things are not ours and stay as they are.
    """
    paths = (
        Path(where, name)
        for where, _, files in os.walk(folder.resolve())  # from outside in
        for name in ("", *files)
    )
    return sum(not tighten_one(path) for path in paths)


def tighten_one(path: Path) -> bool:
    """The same for one thing, which need not be there. False: it is not ours."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & _OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def made_once(path: Path, fresh: Callable[[], str]) -> str:
    """The text of a file that only we can read; made now, with its folder, if it is not there yet.
    Of two processes that make one at once, both get the same. Raises OSError."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)  # whole or not at all, and never over another one
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text(encoding="utf-8").strip()
