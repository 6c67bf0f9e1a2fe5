"""Cameras (CCTV): the latest picture of every stream, and honestly how each one is doing.

RTSP streams (H.264, H.265) and JPEG snapshots over HTTP are read in worker processes; this feed
deals out the cameras of its list, keeps their pictures and tells their states.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from commandcenter.feed import Desk, Feed, SourceDown
from commandcenter.lists import BadList, Office, read_list
from commandcenter.reading import Reading
from commandcenter.secret import Secret, SecretMissing
from commandcenter.video.messages import Report, Task
from commandcenter.video.supervisor import Supervisor
from commandcenter.vocabulary import Camera


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("rtsp", "http", "https") or not parts.hostname:
        raise ValueError("must be an address like rtsp://10.0.0.5/stream or http://…/picture.jpg")
    if "@" in parts.netloc:
        raise ValueError("must not carry a password; put it into the columns user and password")
    return url


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraRow:
    """A camera: a row of the list. `password` says where it is: "env:NAME" or "file:path"."""

    id: str
    name: str
    url: Annotated[str, AfterValidator(_address)]
    owner: str = ""
    user: str = ""
    password: Secret | None = None
    latitude: float | None = None
    longitude: float | None = None
    behind: str = ""  # id of the network device it hangs on


@dataclass(kw_only=True)
class Cameras(Feed):
    """Cameras, by RTSP or JPEG snapshots: their latest pictures and their states."""

    process: ClassVar[str] = "cameras"

    cameras: Path
    """The list: CSV or XLSX with id, name, url; owner, user, password, latitude, longitude, behind
    (id of the network device it hangs on)."""
    every: float = 5.0
    """Seconds from one kept picture of a camera to the next."""
    late_after: float = 15.0
    stale_after: float = 90.0
    per_worker: Annotated[int, Field(ge=1)] = 8
    """Cameras that share a worker process (and fall silent together for a moment if it dies)."""
    width: Annotated[int, Field(ge=64)] = 640
    """Pixels to which pictures are reduced."""
    quality: Annotated[int, Field(ge=10, le=100)] = 75
    """JPEG quality of the pictures."""
    open_timeout: Annotated[float, Field(gt=0)] = 5.0
    read_timeout: Annotated[float, Field(gt=0)] = 20.0
    """Longest wait for the next keyframe: must be longer than the cameras' GOP."""
    frozen_after: Annotated[float, Field(gt=0)] = 20.0
    """A picture that has not changed for so long is frozen."""
    unauthorized_pause: Annotated[float, Field(gt=0)] = 3600.0
    """Rest after a refused password; cameras lock out who keeps trying."""
    verify_tls: bool = True
    """Whether https cameras must have a trusted certificate."""
    keep_seconds: Annotated[int, Field(gt=0)] = 86400
    """How long the last picture of a camera is kept."""

    def __post_init__(self) -> None:
        self._supervisor: Supervisor | None = None
        self._rows: dict[str, CameraRow] = {}
        self._stamp: tuple[int, int] | None = None
        self._told: dict[str, Camera] = {}

    async def read(self, desk: Desk) -> AsyncGenerator[Reading, None]:
        """What came from the workers since the last look; the first one starts them."""
        for reading in self._renew_list(desk):
            yield reading
        if self._supervisor is None:
            self._supervisor = Supervisor(per_worker=self.per_worker, news=desk.wake)
        tasks, locked = self._tasks()
        await self._supervisor.watch(tasks)
        for camera, detail in locked.items():
            if self._told[camera]["detail"] != detail:
                yield self._tell(camera, desk.now(), state="unauthorized", detail=detail)
        for report in self._supervisor.take():
            yield await self._take(desk, report)
        for camera in self._grown_late(desk.now()):
            yield self._tell(camera, desk.now(), state="late", detail="gambar terlambat datang")
        self._note(desk)
        if self._supervisor.trouble:
            raise SourceDown(f"pembaca kamera tidak dapat dijalankan: {self._supervisor.trouble}")

    def check(self, offices: Sequence[Office]) -> None:  # noqa: ARG002
        _unique(self.cameras)

    async def close(self) -> None:
        """End the worker processes. The runner calls it when the feed is no longer read."""
        if self._supervisor is not None:
            await self._supervisor.close()
            self._supervisor = None

    def _renew_list(self, desk: Desk) -> list[Reading]:
        """Read the list if it is new; a wrong new one is put aside, the last good one stays."""
        try:
            stat = self.cameras.stat()
            if self._stamp == (stat.st_mtime_ns, stat.st_size):
                return []
            self._stamp = (stat.st_mtime_ns, stat.st_size)
            rows = {row.id: row for row in _unique(self.cameras)}
        except (OSError, BadList) as error:
            why = f"{self.cameras}: {error.strerror}" if isinstance(error, OSError) else str(error)
            if not self._rows:
                self._stamp = None
                raise SourceDown(f"daftar kamera tidak dapat dipakai: {why}") from error
            desk.reject(str(self.cameras), why)
            return []
        return self._adopt(rows, desk.now())

    def _adopt(self, rows: dict[str, CameraRow], now: datetime) -> list[Reading]:
        """Take over a list: what is new starts, what is gone is forgotten."""
        gone = [camera for camera in self._rows if camera not in rows]
        begun = [c for c, row in rows.items() if self._rows.get(c) != row]
        places = {camera: place for place, camera in enumerate(rows)}
        moved = [
            c for c, told in self._told.items() if places.get(c, told["place"]) != told["place"]
        ]
        self._rows = rows
        for camera in gone:
            del self._told[camera]
        for camera in begun:
            last = self._told.get(camera)
            self._told[camera] = _starting(rows[camera], places[camera], last)
        for camera in moved:
            self._told[camera]["place"] = places[camera]
        return [self.reading(f"camera/{camera}", None, now) for camera in gone] + [
            self._tell(camera, now) for camera in dict.fromkeys(begun + moved)
        ]

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
        return Task(
            camera=row.id,
            url=row.url,
            user=row.user,
            password=row.password.reveal() if row.password is not None else "",
            every=self.every,
            width=self.width,
            quality=self.quality,
            open_timeout=self.open_timeout,
            read_timeout=self.read_timeout,
            frozen_after=self.frozen_after,
            unauthorized_pause=self.unauthorized_pause,
            verify_tls=self.verify_tls,
        )

    async def _take(self, desk: Desk, report: Report) -> Reading:
        """Keep the picture of a report, put aside what it rejects, and tell its state."""
        told = self._told[report.camera]
        if report.rejected:
            desk.reject(report.camera, report.detail, report.rejected)
        if report.picture is not None:
            picture = report.picture
            if desk.keep_picture is not None:
                told["picture"] = await desk.keep_picture(
                    report.camera, picture.jpeg, picture.captured_at, self.keep_seconds
                )
            told["captured_at"] = picture.captured_at.isoformat()
            told["changed_at"] = picture.changed_at.isoformat()
            told["width"], told["height"] = picture.width, picture.height
        state = report.state or "starting"
        return self._tell(report.camera, report.at, state=state, detail=report.detail)

    def _grown_late(self, now: datetime) -> list[str]:
        """Cameras that still count as live but have sent nothing for too long."""
        oldest = now - timedelta(seconds=self.late_after)
        return [
            camera
            for camera, told in self._told.items()
            if told["state"] in ("live", "frozen")
            and told["captured_at"] is not None
            and datetime.fromisoformat(told["captured_at"]) < oldest
        ]

    def _tell(self, camera: str, at: datetime, **changes: str) -> Reading:
        self._told[camera].update(changes)  # type: ignore[typeddict-item]
        return self.reading(f"camera/{camera}", dict(self._told[camera]), at)

    def _note(self, desk: Desk) -> None:
        counted = Counter(told["state"] for told in self._told.values())
        desk.note["cameras"] = ", ".join(f"{n} {state}" for state, n in sorted(counted.items()))
        if self._supervisor is not None:
            desk.note["workers"] = str(len(self._supervisor.pids))


def _unique(path: Path) -> list[CameraRow]:
    """The rows of the list. Raises BadList, also when two cameras have one id."""
    rows = read_list(path, CameraRow)
    twice = [name for name, n in Counter(row.id for row in rows).items() if n > 1]
    if twice:
        raise BadList([f"{path}: column id: {name} stands there more than once" for name in twice])
    return rows


def _starting(row: CameraRow, place: int, last: Camera | None) -> Camera:
    """A camera that has not been heard of; the last picture of its former self stays."""
    return Camera(
        name=row.name,
        owner=row.owner,
        behind=row.behind,
        place=place,
        state="starting",
        detail="",
        captured_at=last["captured_at"] if last else None,
        changed_at=last["changed_at"] if last else None,
        picture=last["picture"] if last else None,
        width=last["width"] if last else None,
        height=last["height"] if last else None,
    )
