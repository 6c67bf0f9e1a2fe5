"""The plugin: listens through the whole session, in every process of it, and searches at its end.

tests/conftest.py names it: `pytest_plugins = ("tests.leaks.plugin",)`. A leak fails the session.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.leaks import ears
from tests.leaks.registry import THIS, files_of, secrets_of, without_parameters
from tests.leaks.search import Leak, search

KEPT = ("log", "*.log", "*.db", "*.db-wal")  # files in pytest's folders that our programs write
SAID = 9  # the exit status: not that of a failed test, which may be given a second chance
_FOLDER = pytest.StashKey[Path]()
_LEAKS = pytest.StashKey[list[Leak]]()
_SEARCHED = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """In the process that began the session, and in every worker of xdist."""
    folder = Path(_of_worker(config) or tempfile.mkdtemp(prefix="said-"))
    config.stash[_FOLDER] = folder
    THIS.open(folder)
    ears.listen()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of xdist writes into the same folder."""
    node.workerinput["leaks"] = str(node.config.stash[_FOLDER])


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test and its children wrote to standard output and error."""
    if report.when == "teardown":
        for name, text in report.sections:
            if "log" not in name:
                THIS.told(f"{name} of {without_parameters(report.nodeid)}", text)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Every worker has ended when the process that began the session comes here."""
    THIS.close()
    config = session.config
    if _of_worker(config):
        return
    folder = config.stash[_FOLDER]
    files, secrets = (
        [*folder.glob("*.said"), *_written(config), *files_of(folder)],
        secrets_of(folder),
    )
    config.stash[_LEAKS] = search(secrets, files)
    size = sum(path.stat().st_size for path in files if path.is_file()) / 1e6
    config.stash[_SEARCHED] = (
        f"{len(secrets)} secrets looked for in {size:.0f} MB of {len(files)} files"
    )
    shutil.rmtree(folder)
    if config.stash[_LEAKS]:
        session.exitstatus = SAID


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Which secret was said where; never the secret."""
    leaks = config.stash.get(_LEAKS, [])
    terminalreporter.line(config.stash.get(_SEARCHED, ""))
    if leaks:
        terminalreporter.section(f"{len(leaks)} secrets were said", red=True)
        for leak in leaks:
            terminalreporter.line(str(leak))


def _of_worker(config: pytest.Config) -> str:
    return str(getattr(config, "workerinput", {}).get("leaks", ""))


def _written(config: pytest.Config) -> Iterator[Path]:
    """In pytest's own folders; those of the workers lie within."""
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
    for pattern in KEPT:
        yield from base.rglob(pattern)
