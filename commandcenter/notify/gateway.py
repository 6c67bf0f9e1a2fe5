"""The gateways: Telegram, WhatsApp, e-mail, webhooks and the rest, through the apprise library."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from commandcenter.language import Language
from commandcenter.notify.messages import Letter
from commandcenter.notify.settings import Channel
from commandcenter.secret import SecretMissing, redact

_TYPES = {"bad": "failure", "warn": "warning", "good": "success", "none": "info"}
_LONGEST_WHY = 280
_PARTS = re.compile(r"[:/?&=#@,]+")


class Gateway:
    """Sends letters. Calling it sends one: "" when the gateway took it, else why not."""

    def __init__(self, say: Language) -> None:
        self.say = say
        library = logging.getLogger("apprise")  # what it says may name tokens; we tell its results
        library.propagate = False
        library.addHandler(logging.NullHandler())

    async def __call__(self, channel: Channel, letter: Letter) -> str:
        try:
            url = channel.url.reveal()
        except SecretMissing as error:
            return self.say("The channel's address is missing: {why}", why=str(error))
        work = _in_thread(lambda: self._send(url, letter))
        try:
            why = await asyncio.wait_for(work, channel.time_limit)
        except TimeoutError:
            return self.say("No answer within {n} s", n=round(channel.time_limit))
        except Exception as error:  # a library of a hundred gateways: whatever it is, tell it
            why = f"{type(error).__name__}: {error}"
        return hidden(why, url)[:_LONGEST_WHY]

    def _send(self, url: str, letter: Letter) -> str:
        import apprise

        with suppress(TypeError, ValueError):
            gateway = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
            if gateway is not None:
                return self._give(gateway, letter)
        return self.say("The channel's address is not one that Apprise knows")

    def _give(self, gateway: Any, letter: Letter) -> str:
        import apprise

        if gateway.overflow_mode == apprise.OverflowMode.UPSTREAM:
            gateway.overflow_mode = apprise.OverflowMode.SPLIT  # else too long a text is refused
        sender = apprise.Apprise(asset=gateway.asset)
        sender.add(gateway)
        result = sender.notify(
            body=letter.body,
            title=letter.title,
            notify_type=_TYPES[letter.mood],
            body_format=apprise.NotifyFormat.TEXT,
        )
        if result:
            return ""
        told = "; ".join(entry.message.strip() for entry in result.logs())
        return told or self.say("The gateway refused, without saying why")


async def try_channel(
    channel: Channel,
    say: Language,
    at: datetime,
    send: Callable[[Channel, Letter], Any] | None = None,
) -> str:
    """Send a test message now, past quiet hours and caps: "" when the gateway took it, else why
    not, in the region's language and without secrets."""
    letter = Letter(
        title=say("Test of channel {name}", name=channel.name),
        body=say("This is a test, {clock}. Nothing has happened.", clock=say.moment(at)),
    )
    return str(await (send or Gateway(say))(channel, letter))


def hidden(text: str, url: str) -> str:
    """A sentence of the library without anything of the channel's address: in Apprise's URLs a
    token may stand anywhere, also where a host should."""
    for part in sorted(_parts(url), key=len, reverse=True):
        text = text.replace(part, "***")
    return redact(text)


def _parts(url: str) -> Iterator[str]:
    """What of an address must not be shown: all but its scheme and short words."""
    _, _, rest = url.partition("://")
    for part in _PARTS.split(rest):
        yield from (one for one in (part, unquote(part)) if len(one) >= 4)


def _asset() -> Any:
    import apprise

    return apprise.AppriseAsset(
        app_id="commandcenter",
        app_desc="commandcenter",
        async_mode=False,
        service_timeout=0,  # the time limit is ours: apprise's own threads are few and shared
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
    )


async def _in_thread(work: Callable[[], str]) -> str:
    """Do it in a thread of its own, which holds up neither another channel nor our end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def settle(result: str, error: Exception | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    def run() -> None:
        result, failure = "", None
        try:
            result = work()
        except Exception as error:
            failure = error
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="gateway", daemon=True).start()
    return await answer
