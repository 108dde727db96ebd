"""What workers ask of the supervisor: what all have counted, that all take new settings, what is left of limits."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from lockgate.cli.workers.channel import Channel, Gone, Serve
from lockgate.cli.workers.held_limits import HeldLimits
from lockgate.cli.workers.messages import (
    Count,
    Drop,
    Gather,
    Gathered,
    Last,
    Leaving,
    Part,
    Prepare,
    Prepared,
    Ready,
    Reload,
    Settle,
    Show,
    TakeOver,
    What,
    encode,
)
from lockgate.cli.workers.slot import Slot
from lockgate.cli.workers.sums import summed
from lockgate.reloaded import Reloaded
from lockgate_ports.errors import LockgateError, SettingsError

_log = logging.getLogger("lockgate.workers")
T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds that a worker has for its part of a page, or to let new settings serve that it has open."""


class Switchboard:
    """Connects the workers in `slots`."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.restarts = 0
        self.files: Mapping[str, str] | None = None
        """The texts of the settings that serve."""
        self.watch = False
        """They are to be watched."""
        self._turn = asyncio.Lock()
        self._limits = HeldLimits()
        self._kept = b""

    def serve(self, slot: Slot) -> Serve:
        """What is done of all that the worker there asks."""

        def serve(what: What) -> bytes | Awaitable[bytes]:
            match what:
                case Count():
                    return encode(self._limits.claim(slot.number, what))
                case Settle():
                    self._limits.settle(slot.number, what)
                case Gather():
                    return _encoded(self._gathered(what))
                case Reload():
                    return _encoded(self.reload(what.actor))
                case Leaving():
                    slot.ready = False
                    slot.close_sockets()
                case Last():
                    slot.text = what.text
                case _:
                    raise SettingsError(f"a worker asked for {type(what).__name__}, which is for workers")
            return b""

        return serve

    async def joined(self, slot: Slot, ready: Ready, files: Mapping[str, str] | None) -> None:
        """A worker serves, with these settings; while it opened, others may have come. Raises as `Slot.start` does."""
        async with self._turn:
            if files is None:
                self.files, self.watch = ready.files, ready.watch
            elif files is not self.files:
                await _of(slot).ask(Prepare(self.files), Prepared)
                await _of(slot).ask(TakeOver(Reloaded(ok=True, at=time.time(), actor="start"), first=False), bool)
            slot.ready = True

    def bury(self, slot: Slot) -> None:
        """Its worker is gone: what it counted stays, what it held is given back."""
        self._kept = summed([], summed([(slot.number, slot.text)], self._kept))
        slot.text = b""
        self._limits.bury(slot.number)

    async def reload(self, actor: str) -> Reloaded:
        """One worker opens the new settings, then all do, then all let them serve; or none does. Raises
        SettingsError."""
        async with self._turn:
            team = [slot for slot in self.slots if slot.ready]
            try:
                prepared = await self._prepare(team)
            except LockgateError as error:
                told = Reloaded(ok=False, at=time.time(), actor=actor, error=error.message)
                await _all(team, Drop, told)
                raise SettingsError(error.message) if isinstance(error, Gone) else error from None
            self.files, self.watch = prepared.files, prepared.watch
            told = Reloaded(ok=True, at=time.time(), actor=actor)
            await _all(team, TakeOver, told)
            return told

    async def say_hello(self, slot: Slot, url: str) -> None:
        """The worker there asks a question, and shows what comes of it."""
        try:
            await _of(slot).ask(Show("hello", url.encode()), bytes)
        except LockgateError as error:
            _log.error("hello failed: %s", error.message)

    async def _prepare(self, team: list[Slot]) -> Prepared:
        if not team:
            _log.error("new settings were asked for while no worker served; those from before stay")
            raise SettingsError("no worker serves just now; try again")
        first, *rest = team
        prepared = await _of(first).ask(Prepare(), Prepared)
        asked = (_of(slot).ask(Prepare(prepared.files), Prepared) for slot in rest)
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            # One that died meanwhile begins with what serves by then.
            if isinstance(answer, BaseException) and not isinstance(answer, Gone):
                raise answer
        return prepared

    async def _gathered(self, asked: Gather) -> Gathered:
        slots = [slot for slot in self.slots if slot.ready]
        show = Show(asked.page, asked.body)
        answers = await asyncio.gather(*(_part(slot, show) for slot in slots))
        parts = {slot.number: answer for slot, answer in zip(slots, answers, strict=True) if answer is not None}
        if asked.page == "metrics":
            for slot in self.slots:
                slot.text = parts.setdefault(slot.number, slot.text)
        told = tuple(Part(number, body) for number, body in sorted(parts.items()))
        return Gathered(told, len(self.slots), self._kept if asked.page == "metrics" else b"", self.restarts)


async def _part(slot: Slot, show: Show) -> bytes | None:
    """None where it has none in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await _of(slot).ask(show, bytes)
    except (LockgateError, TimeoutError) as error:
        _log.warning("worker %d did not tell its part of %s: %s", slot.number, show.page, type(error).__name__)
        return None


async def _all(team: list[Slot], what: type[TakeOver | Drop], told: Reloaded) -> None:
    async def tell(slot: Slot) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await _of(slot).ask(what(told, first=slot is team[0]), bool)
        except (LockgateError, TimeoutError) as error:
            _log.error("worker %d did not answer what became of new settings: %s", slot.number, type(error).__name__)

    await asyncio.gather(*(tell(slot) for slot in team))


def _of(slot: Slot) -> Channel:
    if slot.channel is None:
        raise Gone(f"worker {slot.number} is not started")
    return slot.channel


async def _encoded(answer: Awaitable[Any]) -> bytes:
    return encode(await answer)
