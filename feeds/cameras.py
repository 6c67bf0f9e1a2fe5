"""Cameras (CCTV): the latest picture of every camera, and honestly how each one is doing.

RTSP streams (H.264, H.265) and JPEG snapshots over HTTP are read in worker processes; this feed
deals out the cameras of its list, keeps their pictures and tells their states.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from commandcenter.bus import BusDown
from commandcenter.bus.pictures import Pictures
from commandcenter.feed import Desk, Feed, NotSeen, SourceDown
from commandcenter.kept_list import KeptList
from commandcenter.lists import BadList, Office, check_offices
from commandcenter.reading import Reading
from commandcenter.secret import SecretMissing
from commandcenter.video.keyframes import SHORTEN
from commandcenter.video.messages import Picture, Report, Task
from commandcenter.video.refusals import Refusals
from commandcenter.video.roster import PRIVATE, CameraRow, network, read_roster
from commandcenter.video.supervisor import Supervisor
from commandcenter.vocabulary import Camera, CameraState

LOOKS_EVERY = 1.0  # seconds between asking who looks at a camera
COUNTED = timedelta(minutes=1)  # over which bytes are counted
MISSED = 3  # intervals without a picture make a camera late
_COMING = ("live", "frozen", "dark", "covered", "defocused", "moved")  # its pictures come


@dataclass
class Seen:
    """What is known of a camera beside what is told."""

    task: Task | None = None
    received: deque[tuple[datetime, int]] = field(default_factory=deque)

    def bytes_per_second(self, now: datetime, more: int) -> float:
        """What it cost over the last minute, with `more` bytes that came just now."""
        self.received.append((now, more))
        while self.received[0][0] < now - COUNTED:
            self.received.popleft()
        return round(sum(n for _, n in self.received) / COUNTED.total_seconds(), 1)


@dataclass(kw_only=True)
class Cameras(Feed):
    """Cameras, by RTSP or JPEG snapshots: their latest pictures and their states."""

    process: ClassVar[str] = "cameras"

    cameras: Path
    """The list: CSV or XLSX with id, name, url; owner, user, password, latitude, longitude, office,
    behind, link, mask, seen_by, way, every. docs/cameras.md tells what they mean."""
    every: float = 5.0
    """Seconds from one picture of a camera to the next; the list may say otherwise for one."""
    late_after: float = 15.0
    stale_after: float = 90.0
    networks: tuple[Annotated[str, AfterValidator(network)], ...] = PRIVATE
    """Where cameras may be: every other address is refused, also where a name or a redirect leads
    there. This machine itself must be named: 127.0.0.0/8, or its own address with /32."""
    links: Mapping[str, Annotated[int, Field(gt=0)]] = field(default_factory=dict)
    """Links with a budget in kbit/s, by the names in the list's column link: { radio = 2000 }."""
    burst: Annotated[float, Field(gt=0, le=5)] = 3.0
    """Pictures a second of a camera that somebody has opened."""
    per_worker: Annotated[int, Field(ge=1)] = 16
    """Cameras that share a worker process (and wait for a moment if it dies)."""
    small: Annotated[int, Field(ge=64)] = 480
    """Width in pixels of pictures in grids."""
    large: Annotated[int, Field(ge=64)] = 1280
    """Width in pixels of pictures that fill a screen."""
    quality: Annotated[int, Field(ge=10, le=100)] = 75
    """JPEG quality of the pictures."""
    open_timeout: Annotated[float, Field(gt=0)] = 5.0
    read_timeout: Annotated[float, Field(gt=0)] = 20.0
    """Longest silence of a stream."""
    keyframe_timeout: Annotated[float, Field(gt=0)] = 60.0
    """Longest wait for a keyframe while a stream runs."""
    frozen_after: Annotated[float, Field(gt=0)] = 10.0
    """A picture that has not changed for so long, and for two intervals, is frozen."""
    verify_tls: bool = True
    """Whether https cameras must have a trusted certificate."""
    keep_seconds: Annotated[int, Field(gt=0)] = 86400
    """How long the last picture of a camera is kept."""
    history: Path = Path("var/cameras")
    """Folder in which is remembered how each camera usually looks, and what it refused."""

    def __post_init__(self) -> None:
        self._supervisor: Supervisor | None = None
        self._listener: asyncio.Task[None] | None = None
        self._rows: dict[str, CameraRow] = {}
        self._list = KeptList(self.cameras, "id", partial(read_roster, links=self.links))
        self._told: dict[str, Camera] = {}
        self._seen: dict[str, Seen] = {}
        self._refusals = Refusals(self.history / "refused.json")
        self._opened: frozenset[str] = frozenset()
        self._asked: Counter[str] = Counter()
        self._told_at = datetime.min.replace(tzinfo=UTC)

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        """What came from the workers since the last look; the first one starts them."""
        for reading in await self._renew_list(desk):
            yield reading
        supervisor = self._start(desk)
        self._try_again(desk.now())
        tasks, locked = self._tasks()
        await supervisor.watch(tasks)
        for camera, detail in locked.items():
            if self._told[camera]["detail"] != detail:
                yield self._tell(camera, desk.now(), state="unauthorized", detail=detail)
        for report in supervisor.take():
            if report.camera in self._told:
                take = partial(self._take, desk)
                async for _, told in desk.each(take, {report.camera: report}):
                    if not isinstance(told, NotSeen):
                        yield told
        for camera in self._grown_late(desk.now()):
            yield self._tell(camera, desk.now(), state="late", detail="gambar terlambat datang")
        self._note(desk)
        if supervisor.trouble:
            raise SourceDown(f"pembaca kamera tidak dapat dijalankan: {supervisor.trouble}")
        if not self._rows:
            raise SourceDown(f"daftar kamera kosong; isi {self.cameras}")
        if desk.now() - self._told_at >= timedelta(seconds=self.late_after / 2):
            yield self._tell(next(iter(self._rows)), desk.now())  # quiet, and still looked at

    def check(self, offices: Sequence[Office]) -> None:
        rows = read_roster(self.cameras, self.links).faultless()
        check_offices(self.cameras, (row.office for row in rows), offices)

    async def close(self) -> None:
        """End the worker processes. The runner calls it when the feed is no longer read."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        if self._supervisor is not None:
            await self._supervisor.close()
            self._supervisor = None

    def _start(self, desk: Desk) -> Supervisor:
        if self._supervisor is None:
            links = {name: kilobits * 125.0 for name, kilobits in self.links.items()}
            self._supervisor = Supervisor(per_worker=self.per_worker, news=desk.wake, links=links)
        if self._listener is None and desk.pictures is not None:
            self._listener = asyncio.create_task(self._listen(desk, desk.pictures))
        return self._supervisor

    async def _listen(self, desk: Desk, pictures: Pictures) -> None:
        """Hear who has opened a camera, and who asks for another attempt at one."""
        while True:
            with suppress(BusDown):
                opened, asked = frozenset(await pictures.looked_at()), await pictures.asked()
                for camera in asked:
                    self._refusals.forget(camera)
                if asked:  # known on disk now: the wish outlives this process, and counts once
                    await pictures.heard(asked)
                self._asked.update(asked)
                if asked or opened != self._opened:
                    self._opened = opened
                    desk.wake()
            await asyncio.sleep(LOOKS_EVERY)

    # --- the list ---------------------------------------------------------------------------------

    async def _renew_list(self, desk: Desk) -> list[Reading]:
        """Read the list if it is new."""
        try:
            rows = await self._list.current(desk)
        except BadList as error:
            raise SourceDown(f"daftar kamera tidak dapat dipakai: {error}") from error
        return [] if rows is self._rows else await self._adopt(desk, rows)

    async def _adopt(self, desk: Desk, rows: dict[str, CameraRow]) -> list[Reading]:
        """Take over a list: what is new starts, what is gone is forgotten, with its pictures."""
        gone = [camera for camera in self._rows if camera not in rows]
        begun = [c for c, row in rows.items() if self._rows.get(c) != row]
        places = {camera: place for place, camera in enumerate(rows)}
        moved = [
            c for c, told in self._told.items() if places.get(c, told["place"]) != told["place"]
        ]
        self._rows, now = rows, desk.now()
        for camera in gone:
            del self._told[camera], self._seen[camera]
            if desk.pictures is not None:
                with suppress(BusDown):
                    await desk.pictures.forget(camera)
        for camera in begun:
            last = self._told.get(camera)
            self._seen.setdefault(camera, Seen())
            self._told[camera] = self._starting(rows[camera], places[camera], last, now)
        for camera in moved:
            self._told[camera]["place"] = places[camera]
        return [self.reading(f"camera/{camera}", None, now) for camera in gone] + [
            self._tell(camera, now) for camera in dict.fromkeys(begun + moved)
        ]

    def _starting(self, row: CameraRow, place: int, last: Camera | None, now: datetime) -> Camera:
        """A camera that has not been heard of; the last picture of its former self stays."""
        return Camera(
            name=row.name,
            owner=row.owner,
            behind=row.behind,
            office=row.office,
            latitude=row.latitude,
            longitude=row.longitude,
            seen_by=list(row.seen_by),
            place=place,
            state="starting",
            detail="",
            since=now.isoformat(),
            captured_at=last["captured_at"] if last else None,
            changed_at=last["changed_at"] if last else None,
            picture=last["picture"] if last else None,
            width=last["width"] if last else None,
            height=last["height"] if last else None,
            patience=self._patience(row),
            way=row.way_at(self._interval(row)),
            bytes_per_second=None,
        )

    # --- what is to be done -----------------------------------------------------------------------

    def _tasks(self) -> tuple[list[Task], dict[str, str]]:
        """What the workers are to do, and what to say of cameras whose password is missing."""
        tasks, locked = [], {}
        for camera, row in self._rows.items():
            try:
                tasks.append(self._task(row))
            except SecretMissing as missing:
                locked[camera] = f"kata sandi kamera belum tersedia: {missing}"
        return tasks, locked

    def _task(self, row: CameraRow) -> Task:
        seen, kilobits = self._seen[row.id], self.links.get(row.link)
        told = Task(
            camera=row.id,
            url=row.url,
            user=row.user,
            password=row.password.reveal() if row.password is not None else "",
            way=row.way_at(self._interval(row)),
            every=self._interval(row),
            burst=self.burst if row.id in self._opened and not row.link else 0.0,
            small=self.small,
            large=self.large,
            quality=self.quality,
            masks=row.mask,
            networks=self.networks,
            link=row.link,
            rate=kilobits * 125.0 if kilobits else 0.0,
            open_timeout=self.open_timeout,
            read_timeout=self.read_timeout,
            keyframe_timeout=self.keyframe_timeout,
            frozen_after=max(self.frozen_after, 2 * self._interval(row)),
            verify_tls=self.verify_tls,
            history=str(self.history),
            asked=self._asked[row.id],
        )
        if seen.task != told:  # `refused` does not count here: scrypt is for what is new only
            seen.task = replace(told, refused=self._refusals.has(told))
        return seen.task

    def _interval(self, row: CameraRow) -> float:
        return row.every if row.every is not None else self.every

    def _try_again(self, now: datetime) -> None:
        """Have passwords offered again that were taken before and whose time has come."""
        for camera, seen in self._seen.items():
            at = self._refusals.next_at(seen.task) if seen.task is not None else None
            if at is not None and at <= now:
                self._refusals.try_again(camera, now)
                self._asked[camera] += 1

    # --- what came of it --------------------------------------------------------------------------

    async def _take(self, desk: Desk, report: Report) -> Reading:
        """Keep the picture of a report, put aside what it rejects, and tell its state."""
        told, seen = self._told[report.camera], self._seen[report.camera]
        if report.rejected:
            desk.reject(report.camera, report.detail, report.rejected)
        detail = report.detail
        if report.state == "unauthorized" and seen.task is not None:
            self._refusals.add(seen.task, report.at)
            detail += self._taken_before(seen.task, desk)
        if report.picture is not None:
            if seen.task is not None:
                self._refusals.accept(seen.task, report.at)
            await self._keep(desk, report.camera, report.picture)
        told["patience"] = self._patience(self._rows[report.camera], report)
        told["bytes_per_second"] = seen.bytes_per_second(desk.now(), report.received)
        state = report.state or told["state"]
        if state == "live":
            state, detail = self._of_keyframes(report)
        return self._tell(report.camera, report.at, state=state, detail=detail)

    def _taken_before(self, task: Task, desk: Desk) -> str:
        """Of a refused password: until when it was accepted, and when it is tried again."""
        until, again = self._refusals.accepted_until(task), self._refusals.next_at(task)
        if until is None or again is None:
            return ""
        return f"; diterima sampai {_clock(until, desk)}, dicoba lagi {_clock(again, desk)}"

    async def _keep(self, desk: Desk, camera: str, picture: Picture) -> None:
        """A picture that could not be kept is not told either: the one before stays, ageing."""
        told = self._told[camera]
        if desk.pictures is not None:
            ttl = timedelta(seconds=self.keep_seconds)
            try:
                told["picture"] = await desk.pictures.keep(
                    camera, picture.small, picture.large, picture.captured_at, ttl
                )
            except BusDown:
                return
        told["captured_at"] = picture.captured_at.isoformat()
        told["changed_at"] = picture.changed_at.isoformat()
        told["width"], told["height"] = picture.width, picture.height

    def _grown_late(self, now: datetime) -> list[str]:
        """Cameras whose pictures should come and have not for too long."""
        return [camera for camera in self._rows if self._is_late(camera, now)]

    def _is_late(self, camera: str, now: datetime) -> bool:
        told = self._told[camera]
        if told["state"] not in _COMING:
            return False
        last = told["captured_at"] or told["since"]  # its pictures come, and none could be kept
        return datetime.fromisoformat(last) < now - timedelta(seconds=told["patience"])

    def _patience(self, row: CameraRow, heard: Report | None = None) -> float:
        """Seconds after which a picture is late. One of a stream cannot be newer than its last
        keyframe; as long as nobody knows how seldom they come, they may be seldom."""
        interval = self._interval(row)
        usual = max(self.late_after, MISSED * interval)
        if heard is None or row.way_at(interval) == "http":
            return usual
        every = heard.keyframe_every or self.keyframe_timeout
        return max(usual, every * 1.25 + interval)

    def _of_keyframes(self, report: Report) -> tuple[CameraState, str]:
        """What is told of a camera that works: why its pictures are old, where they are. With
        keyframes that are further apart than anybody should wait it is late, for as long as it is
        set so."""
        every = report.keyframe_every
        why = f"keyframe tiap {every:.0f} detik; {SHORTEN}"
        if every > self.keyframe_timeout:
            return "late", why
        return "live", report.detail or (why if every > self.late_after else "")

    def _tell(self, camera: str, at: datetime, **changes: str) -> Reading:
        told = self._told[camera]
        if changes.get("state", told["state"]) != told["state"]:
            told["since"] = at.isoformat()
        told.update(changes)  # type: ignore[typeddict-item]
        self._told_at = at
        return self.reading(f"camera/{camera}", dict(told), at)

    def _note(self, desk: Desk) -> None:
        counted = Counter(told["state"] for told in self._told.values())
        desk.note["cameras"] = dict(sorted(counted.items()))
        if self._supervisor is not None:
            desk.note["workers"] = [asdict(worker) for worker in self._supervisor.view()]


def _clock(at: datetime, desk: Desk) -> str:
    """09:42 WIB; with its day, where that is another one."""
    local, today = at.astimezone(desk.zone), desk.now().astimezone(desk.zone).date()
    return f"{local:%H:%M %Z}" if local.date() == today else f"{local:%d-%m %H:%M %Z}"
