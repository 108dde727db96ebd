"""The deployments of one gateway, one after the other: the next is opened beside the one that serves, which is closed
when its last call has ended."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from lockgate.audited import note_reload
from lockgate.deployment import Deployment
from lockgate.loading import Source
from lockgate.parts import Parts
from lockgate.plugins import Plugins
from lockgate.reloaded import Reloaded
from lockgate.settings import Settings
from lockgate_ports.errors import LockgateError, SettingsError

_log = logging.getLogger("lockgate.reload")

Deploy = Callable[[Source, Parts], AbstractAsyncContextManager[Deployment]]
"""Opens a deployment with those parts for the time of a block. Raises SettingsError."""


class Following(NamedTuple):
    """A deployment that is open beside the one that serves, and what lets it serve instead."""

    settings: Settings
    take_over: Callable[[], None]


class Succession:
    """`current` serves."""

    def __init__(self, deploy: Deploy, source: Source) -> None:
        self._deploy = deploy
        self._source = source
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()
        self._reloading: set[asyncio.Task[Reloaded]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self.current: Deployment
        self.loaded: tuple[Settings, Plugins] | None = None
        """What `current` was opened from; None before the first."""
        self.last: Reloaded | None = None
        self.prepare: list[Callable[[Deployment], Callable[[], None]]] = []
        """Each is called with the next deployment before it serves, may raise, and gives what makes the change."""
        self.heard: list[Callable[[Reloaded], None]] = []
        """Each is told what became of new settings."""

    async def begin(self) -> None:
        """Opens the first one. Raises SettingsError."""
        self._open, self.current = await self._opened(self._source, Parts())
        self.loaded = self.current.settings, self.current.plugins
        self.current.begin()

    async def reload(self, source: Source, actor: str) -> Reloaded:
        """Takes new settings; None: whatever the last source says by now. A fault is raised as SettingsError, and the
        deployment that serves goes on. Whoever stops waiting does not stop it."""
        reloading = asyncio.create_task(self._reload(source, actor))
        self._reloading.add(reloading)
        reloading.add_done_callback(self._reloading.discard)
        return await asyncio.shield(reloading)

    async def _reload(self, source: Source, actor: str) -> Reloaded:
        try:
            async with self.following(source) as following:
                following.take_over()
                told = await self.tell(Reloaded(ok=True, at=time.time(), actor=actor))
        except LockgateError as error:
            await self.tell(Reloaded(ok=False, at=time.time(), actor=actor, error=error.message))
            raise
        if source is not None:
            self._source = source
        return told

    @asynccontextmanager
    async def following(self, source: Source) -> AsyncGenerator[Following, None]:
        """The next deployment, open beside the one that serves for the time of a block, in which no other is opened.
        Where it does not take over, it is closed again. Raises SettingsError.
        """
        async with self._turn:
            try:
                scope, following = await self._opened(
                    self._source if source is None else source, self.current.parts.successor()
                )
                try:
                    changes = [prepare(following) for prepare in self.prepare]
                except BaseException:
                    await scope.aclose()
                    raise
            except LockgateError:
                raise
            except Exception as error:
                # What a plugin raises may hold what must not show: its message stays out.
                raise SettingsError(f"an internal error: {type(error).__qualname__}") from error
            spare = [scope]

            def take_over() -> None:
                # Nothing waits here and nothing fails: there is one moment in which all changes.
                before, self.current = self.current, following
                self.loaded = following.settings, following.plugins
                following.begin()
                for change in changes:
                    change()
                over, self._open = self._open, spare.pop()
                closing = asyncio.create_task(_close(before, over))
                self._closing.add(closing)
                closing.add_done_callback(self._closing.discard)

            try:
                yield Following(following.settings, take_over)
            finally:
                for unused in spare:
                    await unused.aclose()

    async def _opened(self, source: Source, parts: Parts) -> tuple[AsyncExitStack, Deployment]:
        scope = AsyncExitStack()
        return scope, await scope.enter_async_context(self._deploy(source, parts))

    async def tell(self, told: Reloaded, *, noted: bool = True) -> Reloaded:
        """What became of new settings, to whoever hears of it; `noted`: to the log and the ledger as well."""
        self.last = told
        for hear in self.heard:
            hear(told)
        if not noted:
            return told
        if told.ok:
            _log.info("new settings serve from now on (%s)", told.actor)
        else:
            _log.error("the new settings are refused, those from before go on serving: %s", told.error)
        try:
            await note_reload(self.current.ledger, told.actor, self.current.settings, told.error)
        except LockgateError as error:
            _log.error("the ledger did not keep that settings were reloaded: %s", error.message)
        return told

    async def aclose(self) -> None:
        """Closes all, those too in which calls are running."""
        for task in (under_way := [*self._reloading, *self._closing]):
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        await self._open.aclose()


async def _close(deployment: Deployment, scope: AsyncExitStack) -> None:
    try:
        await deployment.drained()
    finally:
        await scope.aclose()
