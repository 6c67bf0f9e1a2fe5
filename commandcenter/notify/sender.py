"""The sender of one channel: hands what is due to its gateway until the gateway has taken it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from commandcenter.language import Language
from commandcenter.notify.discretion import Discretion
from commandcenter.notify.links import HOLDS, AckLink, sign
from commandcenter.notify.messages import Letter, joined, number_of, recovered, signed, single
from commandcenter.notify.pacing import MINUTE, back_off, last_words, next_sending
from commandcenter.notify.roster import Roster
from commandcenter.notify.settings import Channel
from commandcenter.records import outbox
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.incidents import IncidentRow, incidents_of
from commandcenter.records.outbox import ENDED, Message
from commandcenter.secret import SecretMissing, redact

log = logging.getLogger(__name__)

Send: TypeAlias = Callable[[Channel, Letter], Awaitable[str]]
"""Hands a letter to a channel's gateway: "" when it was taken, else why not."""


@dataclass(kw_only=True)
class Sender:
    """Sends for one channel, one thing after the other. `jitter` gives a number from 0 to 1."""

    channel: Channel
    records: Records
    roster: Roster
    discretion: Discretion
    say: Language
    now: Callable[[], datetime]
    send: Send
    jitter: Callable[[], float]
    error: str = ""
    """Why the latest message was not taken; "" when it was."""
    since: datetime | None = None
    """Since when it has been so; None: nothing was sent yet."""
    failures: int = 0
    rest_until: datetime | None = None

    async def deliver(self) -> bool:
        """Send what is due now, as one message; whether the gateway took it. Raises RecordsDown."""
        if self.rest_until is not None and self.now() < self.rest_until:
            return False
        messages = await self._next()
        if not messages:
            return False
        letter = await self._letter(messages)
        await self.records.write(outbox.begin, [message.id for message in messages])
        self.rest_until = self.now() + back_off(1, self.jitter())  # should a fault of ours end this
        why = await self._send(letter)
        await self._note(self._refused if why else self._taken, messages, why)
        return not why

    async def _send(self, letter: Letter) -> str:
        try:
            return await self.send(self.channel, letter)
        except Exception as error:
            return redact(f"{type(error).__name__}: {error}")

    async def _next(self) -> list[Message]:
        now, name = self.now(), self.channel.name
        waiting = await self.records.read(outbox.waiting, name)
        if not waiting:
            return []
        recent = await self.records.read(outbox.recently_sent, name, now - MINUTE)
        return next_sending(self.channel, waiting, recent, self.roster, now)

    # ------------------------------------------------------------------ what it says

    async def _letter(self, messages: Sequence[Message]) -> Letter:
        found = await self.records.read(incidents_of, {one.incident_id for one in messages})
        rows = {row.id: row for row in found}
        newest = last_words(messages)
        if len(newest) > 1:
            link = self.roster.notify.link
            letter = joined(self.say, messages, rows, f"{link.rstrip('/')}/console" if link else "")
        else:
            letter = self._single(newest[0], rows.get(newest[0].incident_id))
        return signed(letter, messages)

    def _single(self, message: Message, row: IncidentRow | None) -> Letter:
        letter = single(self.say, message, row, self._acknowledge(message, row))
        over = row is not None and row.resolved_at is not None and message.kind not in ENDED
        if row is None or row.resolved_at is None or not over or "resolved" in self.channel.steps:
            return letter
        told = self.discretion.told(self.channel, row)
        title = recovered(self.say, told.title, row.opened_at, row.resolved_at)
        return Letter(title=title, body=letter.body, mood="good")

    def _acknowledge(self, message: Message, row: IncidentRow | None) -> str:
        """The line with the link that acknowledges, where it is allowed and of use. It is made
        now, so the outbox keeps none."""
        notify, now = self.roster.notify, self.now()
        if not self.channel.acknowledge_link or notify.secret is None:
            return ""
        if row is None or row.state != "open" or message.kind in ENDED:
            return ""
        if self.discretion.hides(self.channel, row):
            return ""  # its page tells all
        who = self.roster.person(self.channel, now)
        link = AckLink(incident=row.id, version=row.version, who=who, expires_at=now + HOLDS)
        try:
            token = sign(link, notify.secret.reveal())
        except SecretMissing as error:
            log.warning("[notify] secret: %s; messages carry no link to acknowledge", error)
            return ""
        return self.say("Acknowledge: {link}", link=f"{notify.link.rstrip('/')}/a/{token}")

    # ------------------------------------------------------------------ what became of it

    async def _note(
        self, note: Callable[..., Awaitable[None]], messages: Sequence[Message], why: str
    ) -> None:
        """What the gateway said is noted, however long the records are away: else it would go out
        again."""
        while True:
            try:
                return await note(messages, why)
            except RecordsDown as error:
                log.error("channel %s: cannot note what was sent: %s", self.channel.name, error)
                await asyncio.sleep(1)

    async def _taken(self, messages: Sequence[Message], _: str) -> None:
        await self.records.write(outbox.sent, self.channel.name, self.now())
        told = (self.channel.name, number_of(messages), len(messages))
        log.info("channel %s: sent %s, %d events", *told)
        if self.failures > 1:  # it was the gateway, not the message: what rests may go now
            await self.records.write(outbox.bring_forward, self.channel.name, self.now())
        if self.error or self.since is None:
            self.since = self.now()
        self.error, self.failures, self.rest_until = "", 0, None

    async def _refused(self, messages: Sequence[Message], why: str) -> None:
        now, name = self.now(), self.channel.name
        rest = back_off(self.failures + 1, self.jitter())
        own = back_off(max(one.attempts for one in messages) + 1, self.jitter())
        await self.records.write(outbox.failed, name, why, now + own)
        await self._give_up(now)
        if not self.error:
            log.error("channel %s does not take messages, trying on: %s", name, why)
            self.since = now
        self.error, self.failures, self.rest_until = why, self.failures + 1, now + rest

    async def _give_up(self, now: datetime) -> None:
        """What waited too long is lost; the incidents' logs say so."""
        older = now - timedelta(seconds=self.roster.notify.give_up_after)
        waiting = await self.records.read(outbox.waiting, self.channel.name)
        if not any(message.created_at < older for message in waiting):
            return
        note = self.say("Message not delivered to channel {name}", name=self.channel.name)
        told: dict[str, Any] = {"older_than": older, "at": now, "note": note}
        count = await self.records.write(outbox.give_up, self.channel.name, **told)
        log.error("channel %s: gave up %d messages", self.channel.name, count)
