"""What the running program keeps, and what each of its processes may."""

from __future__ import annotations

import resource
import stat
from collections.abc import Callable

import psutil

from tests.system.program import LINES
from tests.system.town import Town


def test_all_that_it_keeps_is_for_its_user_alone_and_its_processes_may_open_many_files(
    make_town: Callable[[], Town],
) -> None:
    program = make_town().program
    var = program.folder / "var"
    (var / "redis").mkdir(parents=True)
    (var / "telegram").write_text("secret")  # as they were left by an earlier version
    program.start("run")
    program.until_open()
    program.until((var / "records.db-wal").exists, "the records are written")
    open_to_others = [
        (str(path), oct(path.lstat().st_mode))
        for path in (var, *var.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    assert open_to_others == []
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for name in LINES:
        (process,) = program.named(name)
        assert process.rlimit(psutil.RLIMIT_NOFILE) == (min(hard, 65_536), hard)
        assert process.rlimit(psutil.RLIMIT_CORE)[0] == 0
