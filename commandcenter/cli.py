"""The command line: one subcommand a process, and what helps to set them up."""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import json
import logging
import os
import resource
import sys
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commandcenter import camera_cli
from commandcenter.account_cli import Refused, act, add_to, first_link, lost_factors
from commandcenter.config import VAR, BadConfig, Config, read_config
from commandcenter.feed import Feed
from commandcenter.heartbeat import beating
from commandcenter.interpreter import warning_here
from commandcenter.language import Language
from commandcenter.lists import BadList
from commandcenter.logs import set_up_logs
from commandcenter.private import begin_private, tighten

_FILES = 65_536  # as LimitNOFILE= in setup/systemd; each browser and each device takes one
log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry of `commandcenter`. 0 when all is well, 1 when config.toml or a start is not."""
    told = _parser().parse_args(arguments)
    begin_private()
    try:
        config = read_config(told.config)
    except BadConfig as error:
        print(*error.mistakes, sep="\n", file=sys.stderr)
        return 1
    command: Any = _ACTS.get(told.command)
    return int((command or _process)(config, told))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="commandcenter", description=__doc__)
    parser.add_argument(
        "--config", type=Path, default=Path("config.toml"), help="default: config.toml"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything: Redis if it is embedded, and all processes")
    commands.add_parser("web", help="pages, live push, snapshots, console, health")
    commands.add_parser("feeds", help="pollers, and the intake for devices and webhooks")
    commands.add_parser("cameras", help="stills from the cameras")
    commands.add_parser("watch", help="rules and incidents")
    commands.add_parser("notify", help="messages to those on duty")
    commands.add_parser("check", help="name every mistake in config.toml")
    links = commands.add_parser("links", help="where to look")
    links.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("options", help="every panel and feed with its options, as Markdown")
    rejects = commands.add_parser("rejects", help="bad input that was kept aside, newest first")
    rejects.add_argument("--limit", type=int, default=20)
    audit = commands.add_parser("audit", help="whether a log was tampered with")
    audit.add_argument("act", choices=["verify"])
    audit.add_argument("--seen", default="", help="the end of a log, as it was told earlier")
    add_to(commands)
    camera_cli.add_to(commands)
    channel = commands.add_parser("channel", help="test a [[channel]]: send a message now")
    channel.add_argument("act", choices=["test"])
    channel.add_argument("name")
    return parser


def _process(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.processes import PROCESSES

    _set_up(told.command)
    _run_loop(PROCESSES[told.command](config))
    return 0


def _set_up(process: str) -> None:
    """What each process does before its work."""
    set_up_logs(process)
    if foreign := tighten(VAR):
        log.warning("%s: others may read %d things that are not ours (chown them)", VAR, foreign)
    if process in ("run", "web") and (told := warning_here()):  # once
        log.warning("%s", told)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _run(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.processes import now
    from commandcenter.records.database import RecordsDown
    from commandcenter.redis_server import RedisMissing
    from commandcenter.run import run_all

    _set_up("run")
    print(_text(links(config)), flush=True)
    try:
        with _records(config) as connection:
            link = None if config.access.demo_links else first_link(connection, config, now())
    except RecordsDown as error:
        link = f"(a link to make one comes when the records answer: {error})"
    if link:
        print(f"\nThere is no administrator yet. This link makes one, once:\n  {link}", flush=True)
    try:
        _run_loop(run_all(config, told.config))
    except RedisMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run_loop(work: Awaitable[None]) -> None:
    import uvloop

    faulthandler.enable()  # on SIGABRT, a watchdog's last signal, it writes down where it hangs
    uvloop.run(beating(work, os.environ))


def _check(config: Config, _: argparse.Namespace) -> int:
    from commandcenter.records.database import look

    mistakes = [*config.remarks]
    mistakes += [told for feed in config.feeds.values() for told in _mistakes(feed, config)]
    mistakes += look(config.records_url, lambda there: lost_factors(there, config)) or ()
    if mistakes:
        print(*mistakes, sep="\n", file=sys.stderr)
        return 1
    if told := warning_here():
        print(told, file=sys.stderr)
    print(
        f"config.toml is well: {len(config.walls)} wall(s), {len(config.panels)} panels, "
        f"{len(config.feeds)} feeds, {len(config.rules)} rules, {len(config.offices)} offices"
    )
    return 0


def _mistakes(feed: Feed, config: Config) -> Sequence[str]:
    try:
        feed.check(config.offices)
    except BadList as error:
        return [f"[feed.{feed.name}] {told}" for told in error.mistakes]
    return ()


def _links(config: Config, told: argparse.Namespace) -> int:
    found = links(config)
    print(json.dumps(found, indent=2) if told.json else _text(found))
    return 0


def links(config: Config) -> dict[str, str]:
    """Name -> address of everything there is to look at."""
    host = config.web.host if config.web.host not in ("0.0.0.0", "::") else config.web.names[0]  # noqa: S104
    base = f"http://{host}:{config.web.port}"
    if config.access.demo_links:
        from commandcenter.web.demo_links import demo_links

        return demo_links(base) | {"a new display": f"{base}/wall"}
    return {
        "sign in": f"{base}/sign-in",
        "walls": f"{base}/",
        "a new display": f"{base}/wall",
        "displays": f"{base}/screens",
        "console": f"{base}/console",
        "health": f"{base}/readyz",
        "metrics": f"{base}/metrics",
        "intake": f"http://{config.intake.host}:{config.intake.port}",
    }


def _text(found: dict[str, str]) -> str:
    width = max(len(name) for name in found)
    return "\n".join(f"  {name:<{width}}  {address}" for name, address in found.items())


def _audit(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.records import audit, chain

    logs = {"incidents": chain.verify, "audit": audit.verify}
    with _records(config) as connection:
        verdicts = {name: verify(connection, "") for name, verify in logs.items()}
        if told.seen:
            seen = [verify(connection, told.seen) for verify in logs.values()]
    mistakes = [f"{name} {m}" for name, verdict in verdicts.items() for m in verdict.mistakes]
    if told.seen and all(verdict.mistakes for verdict in seen):
        mistakes.append(f"no row of a log has the hash {told.seen}")
    for name, verdict in verdicts.items():
        print(f"{name}: {verdict.head.length} steps; its end is {verdict.head.hash}")
    if mistakes:
        print(*mistakes, sep="\n", file=sys.stderr)
        return 1
    print("The logs are sound. Note their ends down: `audit verify --seen` finds one again later.")
    return 0


def _account(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.processes import now

    try:
        with _records(config) as connection:
            print(*act(connection, config, told, now()), sep="\n")
    except Refused as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _camera(config: Config, told: argparse.Namespace) -> int:
    try:
        found = camera_cli.act(config, told)
    except camera_cli.Refused as error:
        print(error, file=sys.stderr)
        return 1
    print(*found.lines, sep="\n")
    return 0 if found.well else 1


def _channel(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.notify.gateway import try_channel
    from commandcenter.processes import now

    channel = next((one for one in config.channels if one.name == told.name), None)
    if channel is None:
        there = ", ".join(one.name for one in config.channels) or "none"
        print(f"there is no [[channel]] {told.name!r}; there are {there}", file=sys.stderr)
        return 1
    say = Language(config.region.language, config.zone)
    why = asyncio.run(try_channel(channel, say, now()))
    print(why or f"{channel.name}: sent", file=sys.stderr if why else sys.stdout)
    return 1 if why else 0


@contextmanager
def _records(config: Config) -> Iterator[Any]:
    """A connection to the records, migrated."""
    from commandcenter.records.database import Records

    records = Records(config.records_url)
    records.migrate()
    with records.engine.begin() as connection:
        yield connection
    records.close()


def _rejects(config: Config, told: argparse.Namespace) -> int:
    from commandcenter.records.rejects import latest

    with _records(config) as connection:
        for row in latest(connection, told.limit):
            print(f"{row.at:%Y-%m-%d %H:%M:%S}Z  {row.feed}  {row.source}  {row.reason}")
            print(f"    {row.body[:200]!r} ({row.size} bytes)")
    return 0


def _options(_: Config, __: argparse.Namespace) -> int:
    from commandcenter.catalogue import catalogue

    print(catalogue(), end="")
    return 0


_ACTS = {
    "account": _account,
    "audit": _audit,
    "camera": _camera,
    "channel": _channel,
    "check": _check,
    "links": _links,
    "options": _options,
    "rejects": _rejects,
    "run": _run,
    "session": _account,
}
