"""New settings in a worker: opened when the supervisor says so, and let serve when all workers have opened them."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from lockgate.cli.reloading import keep
from lockgate.cli.workers.messages import Drop, Prepare, Prepared, TakeOver, encode
from lockgate.gateway import Gateway
from lockgate.history import texts
from lockgate.loading import Source
from lockgate.settings import Texts
from lockgate.succession import Following

_DONE = encode(True)


class Succeeding:
    """Holds the next engine open from `prepare` until it is told what becomes of it."""

    def __init__(self, gateway: Gateway, path: Path | None) -> None:
        self._gateway = gateway
        self._path = path
        self._held = AsyncExitStack()
        self._following: Following | None = None
        self._source: Source = None

    async def prepare(self, asked: Prepare) -> bytes:
        """Opens it. Raises SettingsError."""
        self._source = source_of(self._path, asked.files)
        self._following = await self._held.enter_async_context(self._gateway.following(self._source))
        return encode(Prepared(texts_of(self._source), self._following.settings.reload.watch))

    async def take_over(self, asked: TakeOver) -> bytes:
        """It serves."""
        if self._following is not None:
            self._following.take_over()
        await self._let_go()
        await self._gateway.reloaded(asked.told, noted=asked.first)
        if asked.first and self._path is not None:
            keep(self._gateway, self._path, asked.told.actor, texts_of(self._source))
        return _DONE

    async def drop(self, asked: Drop) -> bytes:
        """It is closed, if it is open."""
        await self._let_go()
        await self._gateway.reloaded(asked.told, noted=asked.first)
        return _DONE

    async def _let_go(self) -> None:
        self._following = None
        await self._held.aclose()


def source_of(path: Path | None, files: Mapping[str, str] | None) -> Source:
    """The texts that are given, else those that stand there now; the path itself where they cannot be had: whoever
    reads it says why."""
    if path is None:
        return None
    if files is None:
        try:
            files = texts(path)
        except (OSError, UnicodeError):
            return path
    return Texts(str(path), files) if files else path


def texts_of(source: Source) -> Mapping[str, str] | None:
    """Those of `source_of`."""
    return source.files if isinstance(source, Texts) else None
