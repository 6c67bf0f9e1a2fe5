"""The lines of the Procfile: what each process is made of and how it ends."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial

import uvicorn
from starlette.routing import BaseRoute

from commandcenter.bus import Bus
from commandcenter.collector import Runner, Tray
from commandcenter.config import VAR, Config
from commandcenter.embedded import RedisKeeper
from commandcenter.feed import Desk, Feed
from commandcenter.records.database import Records, RecordsDown

log = logging.getLogger(__name__)

RETRY = 2.0  # seconds between attempts to reach the records, or to open the intake, at start


def now() -> datetime:
    """The present, in UTC. The one clock that processes lend to everything else."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_bus(config: Config) -> AsyncIterator[Bus]:
    """The bus: the operator's Redis, or the embedded one, which this process helps to keep up."""
    async with AsyncExitStack() as stack:
        url = config.redis_url
        if not url:
            keeper = RedisKeeper(VAR / "redis")
            url = keeper.url
            task = asyncio.create_task(keeper.run())
            stack.push_async_callback(_end, [task])
        bus = Bus(url)
        stack.push_async_callback(bus.close)
        yield bus


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


async def web(config: Config) -> None:
    """Pages, /live, snapshots, console, health."""
    from commandcenter.web.app import web_app
    from commandcenter.web.wire import LiveProtocol

    records = await open_records(config)
    async with open_bus(config) as bus:
        app = web_app(config, bus, records, now)
        settings = uvicorn.Config(
            app,
            host=config.web.host,
            port=config.web.port,
            ws=LiveProtocol,
            ws_max_size=65_536,
            # Compressing each browser's stream costs 2.8 times the CPU and 7 times the memory.
            ws_per_message_deflate=False,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=2,
        )
        await uvicorn.Server(settings).serve()
    records.close()


async def feeds(config: Config) -> None:
    """Everything that is polled, and the intake that devices and webhooks push to."""
    await _collect(config, "feeds")


async def cameras(config: Config) -> None:
    """The cameras, in workers of their own that can be killed."""
    await _collect(config, "cameras")


async def watch(config: Config) -> None:
    """Judges readings against rules; opens and closes incidents."""
    from commandcenter.incidents.watch import Watcher

    records = await open_records(config)
    async with open_bus(config) as bus:
        origins = {name: feed.origin for name, feed in config.feeds.items()}
        watcher = Watcher(bus, records, config.rules, origins, now)
        await _until_told([watcher.run()])
    records.close()


async def _collect(config: Config, process: str) -> None:
    records = await open_records(config)
    async with open_bus(config) as bus:
        tray = Tray(records, now)
        mine = [feed for feed in config.feeds.values() if feed.process == process]
        runners = [_runner(feed, config, bus, records, tray) for feed in mine]
        routes = [route for r in runners for route in r.feed.routes(r.desk)]
        work: list[Awaitable[None]] = [tray.run(), *(runner.run() for runner in runners)]
        if routes:
            work.append(_serve_intake(config, routes, tray))
        try:
            await _until_told(work)
        finally:
            for runner in runners:
                await runner.feed.close()
    records.close()


def _runner(feed: Feed, config: Config, bus: Bus, records: Records, tray: Tray) -> Runner:
    desk = Desk(
        now=now,
        zone=config.zone,
        offices=config.offices,
        records=records,
        reject=lambda *_, **__: None,
        wake=lambda: None,
        keep_picture=lambda camera, jpeg, at, ttl: bus.keep_picture(
            camera, jpeg, at, ttl if isinstance(ttl, timedelta) else timedelta(seconds=ttl)
        ),
    )
    runner = Runner(feed, desk, bus)
    desk.wake = runner.wake
    desk.reject = partial(runner.reject, tray.put)
    return runner


async def _serve_intake(config: Config, routes: Sequence[BaseRoute], tray: Tray) -> None:
    """Serve; while somebody else has the port, tell it once and try again: polling goes on."""
    from commandcenter.intake import AddressTaken, intake_app, serve

    app, told = intake_app(routes, partial(tray.put, "intake")), False
    while True:
        try:
            return await serve(app, config.intake.host, config.intake.port)
        except AddressTaken as error:
            if not told:
                log.error("%s", error)
            told = True
            await asyncio.sleep(RETRY)


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
    await _end(list(pending))
    for task in done:
        task.result()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _end(tasks: list[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)


PROCESSES: dict[str, Callable[[Config], Awaitable[None]]] = {
    "web": web,
    "feeds": feeds,
    "cameras": cameras,
    "watch": watch,
}
