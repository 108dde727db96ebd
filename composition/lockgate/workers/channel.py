"""Two processes that ask each other over a Unix socket, any number of things at a time."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from itertools import count
from socket import socket
from typing import TypeVar

import msgspec

from lockgate.settings.faults import SettingsFaults
from lockgate.workers.messages import Answer, Ask, Refusal, What, decode_message, encode
from lockgate_ports.errors import LockgateError, SettingsError

_log = logging.getLogger("lockgate.workers")
T = TypeVar("T")

Serve = Callable[[What], bytes | Awaitable[bytes]]
"""Does what is asked. What needs no waiting is answered at once, in the order in which it was asked. Raises
LockgateError."""


class Gone(LockgateError):
    """The other end is away."""


class Channel:
    """One end. `run` it for as long as it shall live."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, serve: Serve) -> None:
        self._reader = reader
        self._writer = writer
        self._serve = serve
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._gone = False

    @classmethod
    async def over(cls, end: socket, serve: Serve) -> "Channel":
        """Over one end of a pair of sockets, which it closes in the end."""
        reader, writer = await asyncio.open_unix_connection(sock=end)
        return cls(reader, writer, serve)

    async def run(self) -> None:
        """Takes what comes until the other end is away."""
        try:
            while True:
                length = int.from_bytes(await self._reader.readexactly(4))
                self._take(decode_message(await self._reader.readexactly(length)))
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            self._gone = True
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(Gone("the worker at the other end is gone"))
            self._writer.close()

    async def ask(self, what: What, kind: type[T]) -> T:
        """The answer. Raises Gone, and SettingsError as the other end did."""
        if self._gone:
            raise Gone("the worker at the other end is gone")
        number = next(self._ids)
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        self._send(Ask(number, what))
        try:
            body = await waiting
        finally:
            del self._asked[number]
        return msgspec.msgpack.decode(body, type=kind)

    def tell(self, what: What) -> None:
        """Asks for no answer; nobody hears it where the other end is away."""
        if not self._gone:
            self._send(Ask(0, what))

    async def flush(self) -> None:
        """Returns when what was said has left."""
        try:
            await self._writer.drain()
        except OSError:
            return  # nobody is there who could hear it

    def _send(self, message: Ask | Answer) -> None:
        data = encode(message)
        self._writer.write(len(data).to_bytes(4) + data)

    def _take(self, message: Ask | Answer) -> None:
        if isinstance(message, Ask):
            try:
                answer = self._serve(message.what)
            except LockgateError as error:
                self._reply(Answer(message.id, refusal=_refusal(error)))
            else:
                if isinstance(answer, bytes):
                    self._reply(Answer(message.id, answer))
                else:
                    task = asyncio.ensure_future(self._wait(message.id, answer))
                    self._serving.add(task)
                    task.add_done_callback(self._serving.discard)
            return
        waiting = self._asked.get(message.id)
        if waiting is None or waiting.done():
            return  # whoever asked has left
        if message.refusal is None:
            waiting.set_result(message.body)
        else:
            waiting.set_exception(_error(message.refusal))

    async def _wait(self, number: int, answer: Awaitable[bytes]) -> None:
        try:
            self._reply(Answer(number, await answer))
        except LockgateError as error:
            self._reply(Answer(number, refusal=_refusal(error)))
        except Exception as error:  # noqa: BLE001  whoever asked must not wait for ever
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error("internal error: %s\n%s", type(error).__qualname__, frames)
            self._reply(Answer(number, refusal=Refusal(f"an internal error: {type(error).__qualname__}")))

    def _reply(self, answer: Answer) -> None:
        if answer.id and not self._gone:
            self._send(answer)


def _refusal(error: LockgateError) -> Refusal:
    return Refusal(error.message, tuple(error.faults) if isinstance(error, SettingsFaults) else None)


def _error(refusal: Refusal) -> SettingsError:
    return SettingsError(refusal.message) if refusal.faults is None else SettingsFaults(refusal.faults)
