"""The lines of the Procfile: what each process is made of and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from starlette.routing import BaseRoute

from commandcenter.bus import Bus, BusDown, Pictures
from commandcenter.collector import Runner
from commandcenter.config import VAR, Config
from commandcenter.embedded import RedisKeeper
from commandcenter.feed import Desk, Feed
from commandcenter.language import Language
from commandcenter.records.database import Records, RecordsDown
from commandcenter.serving import serve_patiently
from commandcenter.tray import Tray

log = logging.getLogger(__name__)

RETRY = 2.0  # seconds between attempts to reach the records at start
COUNT_EVERY = 5.0  # seconds


def now() -> datetime:
    """The present, in UTC. The one clock that processes lend to everything else."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class House:
    """What every process lives in."""

    bus: Bus
    pictures: Pictures
    records: Records
    tray: Tray


@asynccontextmanager
async def open_house(config: Config, process: str) -> AsyncIterator[House]:
    """The bus, the pictures, the records and the tray for bad input, kept up as long as they are
    needed."""
    records = await open_records(config)
    tray = Tray(records, now)
    async with AsyncExitStack() as stack:
        stack.callback(records.close)
        keep = partial(_kept_up, stack)
        bus = Bus(config.redis_url or keep("redis"), reject=partial(tray.put, "bus"))
        stack.push_async_callback(bus.close)
        pictures = Pictures(config.pictures_url or keep("pictures", lasting=False))
        stack.push_async_callback(pictures.close)
        stack.push_async_callback(tray.drain)
        helpers = [asyncio.ensure_future(one) for one in (tray.run(), _count(tray, bus, process))]
        stack.push_async_callback(_end, helpers)
        yield House(bus=bus, pictures=pictures, records=records, tray=tray)


def _kept_up(stack: AsyncExitStack, name: str, *, lasting: bool = True) -> str:
    """The URL of an embedded Redis, which this process helps to keep up."""
    keeper = RedisKeeper(VAR / name, lasting=lasting)
    stack.push_async_callback(_end, [asyncio.ensure_future(keeper.run())])
    return keeper.url


async def open_records(config: Config) -> Records:
    """The records, migrated. Waits for a database that is not up yet, and says so once."""
    records = Records(config.records_url)
    told = False
    while True:
        try:
            await asyncio.to_thread(records.migrate)
        except RecordsDown as error:
            if not told:
                log.warning("waiting for the records: %s", error)
                told = True
            await asyncio.sleep(RETRY)
        else:
            return records


async def _count(tray: Tray, bus: Bus, process: str) -> None:
    """Tell the metrics how much bad input came, when some came."""
    told = 0
    while True:
        await asyncio.sleep(COUNT_EVERY)
        if tray.counts.total() == told:
            continue
        with suppress(BusDown):
            await bus.publish("system", [tray.reading(process)])
            told = tray.counts.total()


async def web(config: Config) -> None:
    """Pages, /live, snapshots, console, health."""
    from commandcenter.web.app import web_app
    from commandcenter.web.demo_links import end_demo
    from commandcenter.web.factors import seal_anew
    from commandcenter.web.listener import web_settings

    async with open_house(config, "web") as house:
        app = web_app(config, house.bus, house.pictures, house.records, now, house.tray.put)
        settings = web_settings(app, config.web)
        await seal_anew(house.records, config.sealer)
        if not config.access.demo_links:
            await end_demo(house.records, now)
        await _until_told([serve_patiently(settings, "web")])


async def feeds(config: Config) -> None:
    """Everything that is polled, and the intake that devices and webhooks push to."""
    await _collect(config, "feeds")


async def cameras(config: Config) -> None:
    """The cameras, in workers of their own that can be killed."""
    await _collect(config, "cameras")


async def watch(config: Config) -> None:
    """Judges readings against rules; opens and closes incidents."""
    from commandcenter.incidents.watch import Settings, Watcher

    settings = Settings(
        terms=config.incidents.terms,
        recheck=config.incidents.recheck,
        keep_pictures_days=config.incidents.keep_pictures_days,
        zone=config.zone,
    )
    async with open_house(config, "watch") as house:
        origins = {name: feed.origin for name, feed in config.feeds.items()}
        watcher = Watcher(
            house.bus, house.records, config.rules, origins, now, settings, pictures=house.pictures
        )
        await _until_told([watcher.run()])


async def notify(config: Config) -> None:
    """Messages to those on duty. A slow gateway disturbs nobody else here."""
    from commandcenter.notify.notifier import Notifier
    from commandcenter.notify.roster import Roster

    roster = Roster(
        zone=config.zone,
        notify=config.notify,
        channels=config.channels,
        duties=config.duties,
        escalations=config.escalations,
    )
    say = Language(config.region.language, config.zone)
    watched = {name for name, feed in config.feeds.items() if feed.process == "cameras"}
    cameras = {name: patience for name, patience in config.patience.items() if name in watched}
    async with open_house(config, "notify") as house:
        notifier = Notifier(house.records, house.bus, roster, say, now, cameras=cameras)
        await _until_told([notifier.run()])


async def _collect(config: Config, process: str) -> None:
    async with open_house(config, process) as house:
        mine = [feed for feed in config.feeds.values() if feed.process == process]
        runners = [_runner(feed, config, house) for feed in mine]
        if process == "feeds":
            for remark in config.remarks:
                house.tray.put("lists", "offices", remark)
        routes = [route for r in runners for route in r.feed.routes(r.desk)]
        work: list[Awaitable[None]] = [runner.run() for runner in runners]
        if routes:
            work.append(_serve_intake(config, routes, house.tray))
        try:
            await _until_told(work)
        finally:
            for runner in runners:
                await runner.feed.close()


def _runner(feed: Feed, config: Config, house: House) -> Runner:
    desk = Desk(
        now=now,
        zone=config.zone,
        offices=config.offices,
        records=house.records,
        reject=lambda *_, **__: None,
        wake=lambda: None,
        language=config.region.language,
        pictures=house.pictures,
    )
    runner = Runner(feed, desk, house.bus)
    desk.wake = runner.wake
    desk.reject = partial(runner.reject, house.tray.put)
    return runner


async def _serve_intake(config: Config, routes: Sequence[BaseRoute], tray: Tray) -> None:
    from commandcenter.intake import intake_app, intake_settings

    app = intake_app(routes, partial(tray.put, "intake"))
    settings = intake_settings(app, config.intake.host, config.intake.port)
    await serve_patiently(settings, "intake")


async def _until_told(work: Iterable[Awaitable[None]]) -> None:
    """Do the work until SIGTERM or SIGINT. Work that fails ends the process: whoever keeps it
    starts it anew."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.ensure_future(one) for one in work]
    tasks.append(asyncio.ensure_future(_wait(stop)))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    await _end(pending)
    for task in done:
        task.result()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _end(tasks: Iterable[asyncio.Future[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


PROCESSES: dict[str, Callable[[Config], Awaitable[None]]] = {
    "web": web,
    "feeds": feeds,
    "cameras": cameras,
    "watch": watch,
    "notify": notify,
}
