"""The run: everything started, the day lived, one fault after the other, samples in between."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from benchmarks.soak.chromium import BrowserGone, Chromium
from benchmarks.soak.claims import LIVE, Claims, Look
from benchmarks.soak.figures import NEVER, Findings, Sample
from benchmarks.soak.plan import LOSES, Cut, Day, Fault, Kind
from benchmarks.soak.proxy import HOST, Proxy
from benchmarks.soak.region import Region
from benchmarks.soak.servers import Redis, Web
from benchmarks.soak.teller import Teller
from benchmarks.soak.wall import CONFIG, PATH
from benchmarks.visitor import HEADER, TOKEN
from commandcenter.web.visitors import COOKIE

PROBE = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
TICK = 0.1  # seconds between two looks at the day's clock
BURST = 40  # events told at once at most, after the day stood still
SAMPLE_EVERY = 12.5  # seconds: ten minutes of the day
LEAST_SAMPLES = 40  # of a run that is a short one
SAMPLE_TAKES = 3.5  # seconds of calm that one needs
SETTLED = 600  # ms after which the page shows the state of rest
VISIT = 30.0  # seconds that a browser stays with the witness


@dataclass(eq=False)
class Soak:
    """One run in `folder`, with the faults of `faults` over the day `day`."""

    folder: Path
    day: Day
    faults: tuple[Fault, ...]
    seed: int
    program: str
    say: Callable[[str], None]

    def __post_init__(self) -> None:
        self.redis = Redis(self.folder)
        self.web = Web(self.folder, "web", config=CONFIG, redis_url=self.redis.url)
        self.witness = Web(self.folder, "witness", config=CONFIG, redis_url=self.redis.url)
        self.proxy = Proxy(self.web.port)
        self.teller = Teller(self.redis.url)
        self.region = Region(random.Random(self.seed))
        self.chromium = Chromium(self.folder, self.program)
        self.claims = Claims(moment=self._moment, measured=True)
        self.found = Findings(self.claims)
        self.began = time.monotonic()
        self.resting = False
        self.fault: Fault | None = None

    async def run(self) -> Findings:
        """The whole of it. Raises BrowserGone and DidNotStart."""
        beside: list[asyncio.Task[None]] = []
        try:
            await self._start(beside)
            await self._live(beside)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await self._stop()
        self.found.longest_pause = self.teller.longest_pause
        return self.found

    @property
    def passed(self) -> float:
        """Seconds since the day began."""
        return time.monotonic() - self.began

    # --- from the first process to the last ------------------------------------------------------

    async def _start(self, beside: list[asyncio.Task[None]]) -> None:
        await self.redis.start()
        await asyncio.gather(self.web.start(), self.witness.start())
        await self.proxy.start()
        await self.teller.tell_past("network", self.region.past(datetime.now(UTC)))
        self.teller.tell(self.region.rest(datetime.now(UTC)))
        works: tuple[Coroutine[Any, Any, None], ...] = (
            self.teller.flush_for_ever(),
            self.teller.pulse_for_ever(),
            self._visit_the_witness(),
        )
        beside += [asyncio.create_task(work) for work in works]
        await self.chromium.start()
        await self._open()
        self.began = time.monotonic()
        beside.append(asyncio.create_task(self._tell_the_day()))

    async def _stop(self) -> None:
        await self.chromium.stop()
        await self.proxy.stop()
        await self.teller.close()
        for process in (self.web, self.witness, self.redis):
            await process.kill()

    async def _open(self) -> None:
        """The wall, with the probe in it and everything heard that it complains of."""
        chromium = self.chromium
        chromium.on("Runtime.bindingCalled", lambda told: self.claims.hear(told["payload"]))
        chromium.on("Runtime.exceptionThrown", self._threw)
        chromium.on("Runtime.consoleAPICalled", self._complained)
        chromium.on("Log.entryAdded", self._logged)
        chromium.on("Page.frameNavigated", self._navigated)
        chromium.on("Network.requestWillBeSent", lambda told: self._asked(told["request"]["url"]))
        chromium.on("Network.webSocketCreated", lambda told: self._asked(told["url"]))
        for domain in ("Page", "Runtime", "Log", "HeapProfiler"):
            await chromium.ask(f"{domain}.enable")
        await chromium.ask("Network.enable", maxTotalBufferSize=1, maxResourceBufferSize=1)
        await chromium.ask("Runtime.addBinding", name="soakTold")
        await chromium.ask("Page.addScriptToEvaluateOnNewDocument", source=PROBE)
        address = f"http://{HOST}:{self.proxy.port}"
        await chromium.ask("Network.setCookie", name=COOKIE, value=TOKEN, url=address)
        await chromium.ask("Page.navigate", url=f"http://{HOST}:{self.proxy.port}{PATH}")
        if await self.claims.until(lambda look: look.pulse > 0, NEVER) is None:
            raise BrowserGone("the wall shows no pulse; is there one in the picture?")
        self.found.reloads.clear()

    # --- beside everything -----------------------------------------------------------------------

    async def _tell_the_day(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            due = 0 if self.resting else min(BURST, self.day.due(self.passed) - self.found.updates)
            for _ in range(due):
                self.teller.tell(self.region.event(datetime.now(UTC), self.day.hour(self.passed)))
                self.found.updates += 1

    async def _visit_the_witness(self) -> None:
        """A browser that comes and goes, so that the witness draws, too."""
        address = f"ws://{HOST}:{self.witness.port}/live?page={PATH}"
        origin = Origin(f"http://{HOST}:{self.witness.port}")
        headers = {"Cookie": HEADER}
        how: Any = {"compression": None, "max_size": None, "additional_headers": headers}
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                async with (
                    connect(address, origin=origin, **how) as line,
                    asyncio.timeout(VISIT),
                ):
                    async for told in line:
                        if '"ask":true' in str(told):
                            await line.send("here")
            await asyncio.sleep(TICK)

    # --- one after the other ---------------------------------------------------------------------

    async def _live(self, beside: list[asyncio.Task[None]]) -> None:
        every = min(SAMPLE_EVERY, self.day.seconds / LEAST_SAMPLES)
        waiting, sample_at = deque(self.faults), every
        while self.passed < self.day.seconds:
            next_fall = waiting[0].at if waiting else self.day.seconds
            if waiting and self.passed >= next_fall:
                await self._suffer(waiting.popleft())
            elif self.passed >= sample_at and next_fall - self.passed > SAMPLE_TAKES:
                if await self._sample():
                    sample_at = self.passed + every
            else:
                await asyncio.sleep(TICK)
            await self._look_after(beside)
        while not await self._sample():
            await self._look_after(beside)

    async def _look_after(self, beside: list[asyncio.Task[None]]) -> None:
        """Whatever ends without being told to is a finding, or a fault of the soak itself."""
        for task in beside:
            if task.done():
                task.result()
        for process in (self.web, self.witness, self.redis):
            if process.ended:
                self.found.deaths.append(f"{process.ended} {self._moment()}")
                self.say(self.found.deaths[-1])
                await process.start()

    async def _suffer(self, fault: Fault) -> None:
        """A fall, and how long it takes from its end until the page shows what came after it."""
        self.fault = fault
        back = 1000 * await self._fall(fault)
        look = await self.claims.until(lambda it: it.connection == LIVE and it.pulse > back, NEVER)
        seconds = (look.at - back) / 1000 if look else NEVER
        self.found.recoveries.append((fault.kind, fault.how, seconds))
        self.say(f"{self.passed:7.1f}  {str(fault)[11:]}: back after {seconds:.2f} s")
        if fault.kind is Kind.SERVER:
            self.found.newborn.append(self.web.resident)
        self.fault = None

    async def _fall(self, fault: Fault) -> float:
        """Returns the moment of its end, in seconds since 1970."""
        if fault.kind is Kind.NETWORK:
            await self.proxy.cut(Cut(fault.how))
            await asyncio.sleep(fault.seconds)
            await self.proxy.mend()
            return time.time()
        process = self.web if fault.kind is Kind.SERVER else self.redis
        await process.kill()
        if fault.kind is Kind.REDIS:
            self.teller.redis_goes()
        if fault.how == LOSES:
            self.redis.forget()
        await asyncio.sleep(fault.seconds)
        return await process.start()

    async def _sample(self) -> bool:
        """The page at rest, its garbage collected. False: it did not rest, or changed its scene."""
        self.resting = True
        await self._settle()
        look = await self._settle()  # React keeps what it drew before the last drawing, too
        self.claims.measured = True
        sample = await self._measure(look.life) if look is not None else None
        self.resting = False
        for _ in range(2):  # the page comes to itself
            await self.claims.until(lambda _: True, SAMPLE_TAKES)
        self.claims.measured = False
        if sample is not None:
            self.found.samples.append(sample)
            self.say(f"{self.passed:7.1f}  {sample}")
        return sample is not None

    async def _settle(self) -> Look | None:
        """Until the page shows the state of rest."""
        self.teller.tell(self.region.rest(datetime.now(UTC)))
        settled = 1000 * time.time() + SETTLED
        return await self.claims.until(lambda it: it.pulse > settled, SAMPLE_TAKES)

    async def _measure(self, life: float) -> Sample | None:
        ask = self.chromium.ask
        for _ in range(2):  # what the first round lets go of, the second one frees
            await ask("HeapProfiler.collectGarbage")
        heap = (await ask("Runtime.getHeapUsage"))["usedSize"]
        before = await self.chromium.evaluate("window.soakLoose()")
        counters = await ask("Memory.getDOMCounters")
        if await self.chromium.evaluate("window.soakLoose()") != before:
            return None
        return Sample(
            share=self.passed / self.day.seconds,
            life=life,
            scene=before["scene"],
            updates=self.found.updates,
            drawings=self.claims.drawings,
            heap=heap,
            nodes=counters["nodes"] - before["nodes"],
            listeners=counters["jsEventListeners"],
            renderer=self.chromium.resident("renderer"),
            browser=self.chromium.resident(),
            witness=self.witness.resident,
        )

    # --- what the page complains of --------------------------------------------------------------

    def _moment(self) -> str:
        now = f"at {self.passed:.0f} s"
        return f"{now} during {self.fault.kind} {self.fault.how}" if self.fault else now

    def _threw(self, told: dict[str, Any]) -> None:
        detail = told["exceptionDetails"]
        self._error(detail.get("exception", {}).get("description", detail["text"]))

    def _complained(self, told: dict[str, Any]) -> None:
        if told["type"] in ("error", "warning", "assert"):
            self._error(" ".join(str(a.get("value", a.get("description"))) for a in told["args"]))

    def _logged(self, told: dict[str, Any]) -> None:
        """A request that fails while the server is away is no fault of the page."""
        entry = told["entry"]
        if entry["source"] == "network" or "WebSocket connection" in entry["text"]:
            self.found.failed_requests += 1
        elif entry["level"] in ("error", "warning"):
            self._error(entry["text"])

    def _error(self, text: str) -> None:
        self.found.errors[text.partition("\n")[0][:200]] += 1
        self.say(f"{self.passed:7.1f}  the page complains: {text}")

    def _navigated(self, told: dict[str, Any]) -> None:
        if "parentId" not in told["frame"]:
            self.found.reloads.append(self._moment())

    def _asked(self, url: str) -> None:
        here = f"{HOST}:{self.proxy.port}/"
        if not url.startswith((f"http://{here}", f"ws://{here}", "data:", "blob:")):
            self.found.foreign[url] += 1
