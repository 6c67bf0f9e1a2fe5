"""`commandcenter camera …`: what is wrong with one camera, and which cameras there are."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from commandcenter.config import Config
from commandcenter.language import Language
from commandcenter.lists import BadList
from commandcenter.secret import SecretMissing, hide, redact
from commandcenter.video.advice import advise
from commandcenter.video.messages import Task
from commandcenter.video.probe import Look, Probe, probe
from commandcenter.video.roster import PRIVATE, SCHEMES, CameraRow, read_roster

SECONDS = 8.0
"""How long a stream is watched."""
_COLUMN = 14
_NO_ROW = "test"  # what a camera is called that is not of the list


class Refused(ValueError):
    """This cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Told:
    """Lines to print, and whether all is well: the exit status."""

    lines: Sequence[str]
    well: bool


def add_to(commands: Any) -> None:
    """The command and what it takes, for argparse."""
    camera = commands.add_parser("camera", help="test a camera, or find cameras")
    acts = camera.add_subparsers(dest="act", required=True)
    test = acts.add_parser("test", help="what is wrong with one camera")
    test.add_argument("url", nargs="?", default="", help="rtsp://… or http://…, without a password")
    test.add_argument("--id", default="", help="a camera of the list, instead of an address")
    test.add_argument("--seconds", type=float, default=SECONDS, help="to watch its stream")
    _add_login(test)
    discover = acts.add_parser("discover", help="ask the network for ONVIF cameras")
    discover.add_argument("--timeout", type=float, default=5.0, help="seconds to wait for answers")
    discover.add_argument("--out", type=Path, help="write the draft of a list here")
    _add_login(discover)


def _add_login(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", default="")
    parser.add_argument(
        "--password-env", default="", metavar="NAME", help="environment variable that holds it"
    )


def act(config: Config, told: argparse.Namespace) -> Told:
    """What add_to's parser understood. Raises Refused."""
    return {"test": test, "discover": discover}[told.act](config, told)


def test(config: Config, told: argparse.Namespace) -> Told:
    """Examine one camera. All is well when a picture was seen."""
    say = Language(config.region.language, config.zone)
    options = _options(config)
    task = _task(told, options)
    found = asyncio.run(probe(task, told.seconds))
    return Told(list(report(found, say, options.read_timeout)), found.look is not None)


def discover(config: Config, told: argparse.Namespace) -> Told:
    """Find ONVIF cameras, and write a draft of their list. All is well when one was found."""
    from commandcenter.video import onvif

    logging.basicConfig(level=logging.ERROR)  # before the library sets it to tell everything
    say = Language(config.region.language, config.zone)
    options = _options(config)
    known = [row.url for row in options.rows]
    login = onvif.Login(told.user, _password(told), told.password_env)
    found = asyncio.run(onvif.discover(login, options.networks, told.timeout))
    draft = onvif.draft(found, known, login)
    lines = [say("{n} ONVIF devices answered; {m} streams are new", n=len(found), m=len(draft))]
    lines += [f"  {redact(one.where)}  {line}" for one in found for line in one.told(say)]
    text = onvif.as_csv(draft)
    if told.out is None:
        lines += ["", *text.splitlines()]
    elif draft:
        _write(told.out, text)
        lines.append(say("the draft of the list is in {path}", path=told.out))
    return Told(lines, bool(found))


# --- one screen -----------------------------------------------------------------------------------


def report(found: Probe, say: Language, read_timeout: float) -> Iterator[str]:
    """What is known of a camera, a line a fact."""
    yield say("Camera {url}", url=_named(found.task))
    for name, fact in _facts(found, say):
        yield f"  {say(name):<{_COLUMN}} {fact}"
    if found.fault is not None:
        wrong = redact(hide(found.fault.detail, found.task.secrets))
        yield f"  {say('Wrong'):<{_COLUMN}} {wrong}"
        yield say("No picture was seen: {state}.", state=say(found.fault.state))
        return
    for number, advice in enumerate(advise(found, read_timeout)):
        before = "" if number else say("Advice")
        told = say(advice.text, **advice.values)
        yield f"  {before:<{_COLUMN}} {redact(hide(told, found.task.secrets))}"
    yield say("A picture was seen.")


def _named(task: Task) -> str:
    """One of the list by its id and its machine: its path may hold a password by any name."""
    parts = urlsplit(task.url)
    if task.camera != _NO_ROW:
        return f"{task.camera}, {parts.scheme}://{parts.netloc}"
    return redact(hide(task.url, task.secrets))


def _facts(found: Probe, say: Language) -> Iterator[tuple[str, str]]:
    if found.where is not None:
        yield "Address", say("{address}, allowed", address=found.where.address)
    if found.connected_in is not None:
        yield "Network", say("connected in {n} ms", n=_milliseconds(found.connected_in))
    if found.description is not None and found.answered_in is not None:
        told, server = found.description, found.description.server
        codec = {"H264": "H.264", "H265": "H.265"}[told.video.codec]
        answered = say("{codec}, in {n} ms", codec=codec, n=_milliseconds(found.answered_in))
        yield "RTSP", f"{answered}, {server}" if server else answered
        yield "Password", say("{how}: accepted", how=told.login) if told.login else say("not asked")
    if found.look is not None:
        yield from _seen(found.look, say)


def _seen(look: Look, say: Language) -> Iterator[tuple[str, str]]:
    size = f"{look.width} × {look.height}"
    fps = f", {say.number(look.fps, 1)} fps" if look.fps is not None else ""
    yield "Picture", size + fps
    if look.bytes_per_second is not None:
        yield "Bit rate", f"{say.number(look.bytes_per_second / 125)} kbit/s"
        every = look.keyframe_every
        often = say("one each {n} s", n=say.number(every, 1)) if every else say("only one was seen")
        yield "Keyframes", often
    else:
        yield "Size", f"{say.number(look.bytes / 1000)} kB"
    first = {"n": say.number(look.seconds, 1), "age": say.number(look.age, 1)}
    yield "Clock", say("first picture after {n} s, {age} s old", **first)
    seen = {"light": say.number(look.brightness), "edges": say.number(look.sharpness)}
    yield "To be seen", say("brightness {light} of 255, sharpness {edges}", **seen)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


# --- what is asked for ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Options:
    """Of the feed of cameras, where there is one; else its defaults."""

    networks: Sequence[str] = PRIVATE
    rows: Sequence[CameraRow] = ()
    every: float = 5.0
    open_timeout: float = 5.0
    read_timeout: float = 20.0
    verify_tls: bool = True


def _options(config: Config) -> Options:
    feeds = [feed for feed in config.feeds.values() if feed.process == "cameras"]
    if not feeds:
        return Options()
    feed = cast("Any", feeds[0])  # of feeds/cameras.py, which the core does not know
    try:
        rows = read_roster(feed.cameras, feed.links).usable()
    except (BadList, OSError) as error:
        raise Refused(str(error)) from error
    return Options(
        networks=feed.networks,
        rows=rows,
        every=feed.every,
        open_timeout=feed.open_timeout,
        read_timeout=feed.read_timeout,
        verify_tls=feed.verify_tls,
    )


def _task(told: argparse.Namespace, options: Options) -> Task:
    row = _row(told, options.rows)
    every = row.every or options.every
    return Task(
        camera=row.id,
        url=row.url,
        user=row.user,
        password=_password(told) or _of_list(row),
        way="http" if row.way_at(every) == "http" else "keep",
        every=every,
        networks=tuple(options.networks),
        open_timeout=options.open_timeout,
        read_timeout=options.read_timeout,
        keyframe_timeout=max(30.0, told.seconds),
        verify_tls=options.verify_tls,
    )


def _row(told: argparse.Namespace, rows: Sequence[CameraRow]) -> CameraRow:
    if bool(told.id) == bool(told.url):
        raise Refused("name one camera: an address, or --id of the list")
    if told.id:
        found = next((row for row in rows if row.id == told.id), None)
        if found is None:
            raise Refused(f"there is no camera {told.id!r} in the list")
        return found
    parts = urlsplit(told.url)
    if "@" in parts.netloc:
        raise Refused(
            "others can read a command line: leave the password out of the address, "
            "and give --user and --password-env NAME"
        )
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Refused("the address must be like rtsp://10.0.0.5/stream or http://…/picture.jpg")
    return CameraRow(id=_NO_ROW, name=_NO_ROW, url=parts.geturl(), user=told.user)


def _password(told: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> str:
    if not told.password_env:
        return ""
    if not environment.get(told.password_env):
        raise Refused(f"set the environment variable {told.password_env}")
    return environment[told.password_env]


def _of_list(row: CameraRow) -> str:
    try:
        return row.password.reveal() if row.password is not None else ""
    except SecretMissing as error:
        raise Refused(str(error)) from error


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise Refused(f"{path} is there already; it is not overwritten") from error
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from error
