"""Every display that was ever paired, as this process knows it: asked at each request, so kept in
memory; changed in the records first, and read from them again in case another process did."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from commandcenter.digest import digest
from commandcenter.records import displays as rows
from commandcenter.records import pairing
from commandcenter.records.database import Records, RecordsDown
from commandcenter.records.displays import Act, Display, Kept, NoDisplay

__all__ = ["Display", "Displays", "NoDisplay", "NoSuchCode"]

log = logging.getLogger(__name__)

Found = TypeVar("Found", bound=Display | None)

READ_EVERY = 30.0  # seconds: how late another process' change is seen
TRY_EVERY = 2.0  # seconds, while the records are down
NOTE_EVERY = timedelta(minutes=1)  # how often a display that is here is written down
GUESTS = "guests"


class NoSuchCode(LookupError):
    """No display shows this code. Its text is a sentence for `say`."""

    def __init__(self) -> None:
        super().__init__("No display shows this code, or its time is over; look at the display")


class Displays:
    """All displays. What changes them raises RecordsDown when nothing was written, and NoDisplay;
    afterwards each of `listeners` is called."""

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self.records, self.now = records, now
        self.loaded = asyncio.Event()
        """Set when the records were read once. Before that nobody can say who is paired."""
        self.listeners: list[Callable[[], None]] = []
        self._kept = Kept(displays={}, presets={}, settings={})
        self._by_hash: dict[str, Display] = {}
        self._noted_at: dict[int, datetime] = {}
        self._acting = asyncio.Lock()
        self._acts = 0

    # --- what is known ------------------------------------------------------------------------

    def by_token(self, token: str) -> Display | None:
        """The display that may come in with this token. Equal hashes are looked up, not compared
        with a stranger's guess, so the time it takes tells nothing."""
        found = self._whose(token)
        return found if found is not None and found.revoked_at is None else None

    def revoked_at(self, token: str) -> datetime | None:
        """Since when the display of this token is revoked, if it is."""
        found = self._whose(token)
        return found.revoked_at if found is not None else None

    def get(self, display_id: int) -> Display | None:
        """A display by its number, also a revoked one."""
        return self._kept.displays.get(display_id)

    def all(self) -> list[Display]:
        """Every display that was ever paired, oldest first."""
        return list(self._kept.displays.values())

    def presets(self) -> Mapping[str, dict[str, Any]]:
        """The settings of each preset, by its name."""
        return self._kept.presets

    @property
    def guests(self) -> bool:
        """Whether there are guests in the room."""
        return bool(self._kept.settings.get(GUESTS, False))

    def _whose(self, token: str) -> Display | None:
        return self._by_hash.get(digest(token)) if token else None

    # --- what people do -----------------------------------------------------------------------

    async def pair(
        self, code: str, name: str, room: str, wall: str, who: str, source_address: str
    ) -> Display:
        """An operator entered the code that a new display shows. Raises NoSuchCode."""
        act = self._act(who, source_address)
        where = {"name": name, "room": room, "wall": wall}
        found = await self._do(pairing.claim_code, act, code, **where)
        if found is None:
            raise NoSuchCode
        return found

    async def change(
        self,
        display_id: int,
        *,
        who: str,
        address: str,
        name: str | None = None,
        room: str | None = None,
        wall: str | None = None,
    ) -> Display:
        """Rename a display, or move it to another room or wall."""
        told = {"name": name, "room": room, "wall": wall}
        act = self._act(who, address)
        return await self._do(rows.change, act, display_id, **told)

    async def revoke(self, display_id: int, who: str, address: str) -> Display:
        """Its token opens nothing from now on."""
        act = self._act(who, address)
        return await self._do(rows.revoke, act, display_id)

    async def control(
        self,
        display_id: int,
        control: dict[str, Any],
        who: str,
        address: str,
        step: str,
        note: str = "",
    ) -> Display:
        """What an operator wants a display to show; `step` names it in the log."""
        act = self._act(who, address)
        words = {"step": step, "note": note}
        return await self._do(rows.set_control, act, display_id, control, **words)

    async def arrange(
        self,
        wanted: Mapping[int, Mapping[str, Any]],
        who: str,
        address: str,
        step: str,
        note: str = "",
    ) -> None:
        """Give several displays their "wall" and "control" at once: all of them or none."""
        act = self._act(who, address)
        async with self._acting:
            changed = await self.records.write(rows.arrange, act, wanted, step=step, note=note)
            displays = {**self._kept.displays, **{d.id: d for d in changed}}
            self._know(replace(self._kept, displays=displays))

    async def save_preset(
        self, name: str, settings: dict[str, Any], who: str, address: str
    ) -> None:
        """Keep a preset under its name, also in place of an older one."""
        act = self._act(who, address)
        async with self._acting:
            presets = await self.records.write(rows.save_preset, act, name, settings)
            self._know(replace(self._kept, presets=presets))

    async def delete_preset(self, name: str, who: str, address: str) -> None:
        """Forget a preset."""
        act = self._act(who, address)
        async with self._acting:
            presets = await self.records.write(rows.delete_preset, act, name)
            self._know(replace(self._kept, presets=presets))

    async def set_guests(self, guests: bool, who: str, address: str) -> None:
        """Guests have come into the room, or have gone."""
        act = self._act(who, address)
        async with self._acting:
            await self.records.write(rows.put_setting, act, GUESTS, guests)
            self._know(replace(self._kept, settings={**self._kept.settings, GUESTS: guests}))

    # --- what displays do ---------------------------------------------------------------------

    async def collect(self, secret: str, address: str) -> str | None:
        """The token of the display that asked with `secret`; None while nobody entered its code.
        Raises NoAsking and AskingExpired (commandcenter.records.pairing)."""
        if not await self.records.read(pairing.claimed, secret, self.now()):
            return None
        async with self._acting:
            token, found = await self.records.write(
                pairing.collect, secret, self.now(), source_address=address
            )
            self._take(found)
        return token

    async def heard(
        self, display_id: int, address: str, width: int, height: int, user_agent: str = ""
    ) -> None:
        """A display is here with its token. Written down once a minute; while the records are
        down it is not, which harms nobody."""
        now, known = self.now(), self.get(display_id)
        noted_at = self._noted_at.get(display_id)
        if known is None or (noted_at is not None and now - noted_at < NOTE_EVERY):
            return
        self._noted_at[display_id] = now
        told = {"address": address, "width": width, "height": height, "user_agent": user_agent}
        try:
            await self.records.write(rows.seen, display_id, now, **told)  # type: ignore[arg-type]
        except RecordsDown as error:
            log.debug("display %d is here; not noted: %s", display_id, error)

    # --- memory -------------------------------------------------------------------------------

    async def load(self) -> None:
        """Read everything from the records. Raises RecordsDown."""
        while True:
            acts = self._acts
            kept = await self.records.read(rows.kept)
            if acts == self._acts:  # else somebody acted meanwhile, and this may be from before
                break
        if kept != self._kept:
            self._know(kept)
        self.loaded.set()

    async def keep(self) -> None:
        """Read again for ever; what goes wrong is told once."""
        fallen = ""
        while True:
            try:
                await self.load()
                if fallen:
                    log.info("the displays can be read again")
                fallen = ""
            except Exception as error:  # a fault of ours must not end it, either
                if str(error) != fallen:
                    log.error("the displays cannot be read: %s", error)
                fallen = str(error) or repr(error)
            await asyncio.sleep(TRY_EVERY if fallen else READ_EVERY)

    def _act(self, who: str, address: str) -> Act:
        return Act(who=who, at=self.now(), source_address=address)

    async def _do(self, act: Callable[..., Found], /, *args: Any, **kw: Any) -> Found:
        async with self._acting:  # so that memory takes the changes in the records' order
            changed = await self.records.write(act, *args, **kw)
            if changed is not None:
                self._take(changed)
        return changed

    def _take(self, changed: Display) -> None:
        self._know(replace(self._kept, displays={**self._kept.displays, changed.id: changed}))

    def _know(self, kept: Kept) -> None:
        self._acts += 1
        self._kept = kept
        self._by_hash = {d.token_hash: d for d in kept.displays.values() if d.token_hash}
        for listener in self.listeners:
            listener()
