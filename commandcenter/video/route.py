"""How FFmpeg reaches a stream: at the camera's own address, or through a relay on this machine
where the link has a budget, the camera speaks TLS, or FFmpeg does not understand what it says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from commandcenter.video.addresses import Resolved
from commandcenter.video.interpreter import Interpreter
from commandcenter.video.messages import CameraFault, Task
from commandcenter.video.relay import Relay, RelayThread
from commandcenter.video.rtsp import Description, describe, refused
from commandcenter.video.tls import Tls


@dataclass(frozen=True, slots=True)
class Route:
    """What is to be opened, and the relay that it leads through, if it does."""

    task: Task
    relay: Relay | None = None
    interpreters: list[Interpreter] = field(default_factory=list)
    """Of the last connection through the relay, where somebody interprets."""

    def refusal(self) -> CameraFault | None:
        """What the camera refused of the last connection, where that is known."""
        told = self.interpreters[-1].refusal if self.interpreters else None
        if told is None:
            return None
        return refused(told.status, offered=told.offered, stale=told.stale)


async def ask(task: Task, where: Resolved) -> Description:
    """What the camera says of its stream. Raises CameraFault."""
    url = task.filled(where.url)
    return await describe(url, task.user, task.password, task.open_timeout, secured(task, where))


@contextmanager
def lead(relays: RelayThread, task: Task, where: Resolved, *, interpreted: bool) -> Iterator[Route]:
    """The route to a camera for as long as the block lasts; `interpreted`: FFmpeg does not
    understand it by itself."""
    opened = replace(task, url=task.filled(where.url))
    tls = secured(task, where)
    speaks = interpreted or tls is not None
    if not (task.rate or speaks):
        yield Route(opened)
        return
    parts = urlsplit(opened.url)

    interpreters: list[Interpreter] = []

    def interpret(port: int) -> Interpreter:
        theirs = f"{parts.scheme}://{parts.netloc}"
        ours = f"rtsp://127.0.0.1:{port}"
        interpreters[:] = [Interpreter(ours, theirs, task.user, task.password)]
        return interpreters[-1]

    relay = Relay(
        where.address, where.port, task.rate, changes=interpret if speaks else None, tls=tls
    )
    with relays.relay(relay):
        at = urlunsplit(parts._replace(scheme="rtsp", netloc=f"127.0.0.1:{relay.port}"))
        if speaks:
            opened = replace(opened, user="", password="")
        yield Route(replace(opened, url=at), relay, interpreters)


def secured(task: Task, where: Resolved) -> Tls | None:
    """TLS for rtsps, and whose certificate is expected."""
    return Tls(where.host, task.verify_tls) if task.url.startswith("rtsps:") else None
