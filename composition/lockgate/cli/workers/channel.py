"""Two processes that ask each other over a Unix socket, any number of things at a time."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from itertools import count
from socket import socket
from typing import TypeVar, cast

import msgspec

from lockgate.cli.workers.messages import Answer, Ask, Refusal, What, decode_message, encode
from lockgate.settings.faults import SettingsFaults
from lockgate_ports.errors import LockgateError, SettingsError

_log = logging.getLogger("lockgate.workers")
_LENGTH = 4
T = TypeVar("T")

Serve = Callable[[What], bytes | Awaitable[bytes]]
"""Does what is asked. What needs no waiting is answered at once, in the order in which it was asked. Raises
LockgateError."""


class Gone(LockgateError):
    """The other end is away."""


class Channel(asyncio.Protocol):
    """One end, made by `over`."""

    _transport: asyncio.Transport

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._come = bytearray()
        self._leaving: list[bytes] = []
        self._over = self._loop.create_future()

    @classmethod
    async def over(cls, end: socket, serve: Serve) -> "Channel":
        """Over one end of a pair of sockets, which it closes in the end."""
        _, channel = await asyncio.get_running_loop().create_unix_connection(lambda: cls(serve), sock=end)
        return channel

    async def closed(self) -> None:
        """Returns when the other end is away, and all that it said was heard."""
        await asyncio.shield(self._over)

    def begin(self, what: What) -> asyncio.Future[bytes]:
        """Asks; what it gives is done when the answer is there, or fails as `ask` does."""
        waiting = self._loop.create_future()
        if self._over.done():
            waiting.set_exception(_gone())
        else:
            number = next(self._ids)
            self._asked[number] = waiting
            self._send(Ask(number, what))
        return waiting

    async def ask(self, what: What, kind: type[T]) -> T:
        """The answer. Raises Gone, and SettingsError as the other end did."""
        return msgspec.msgpack.decode(await self.begin(what), type=kind)

    def tell(self, what: What) -> None:
        """Asks for no answer; nobody hears it where the other end is away."""
        self._send(Ask(0, what))

    def close(self) -> None:
        """When what was said has left."""
        self._flush()
        self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The other end may be spoken to."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Messages, split anywhere."""
        self._come += data
        at, come = 0, self._come
        while len(come) >= at + _LENGTH:
            end = at + _LENGTH + int.from_bytes(come[at : at + _LENGTH])
            if len(come) < end:
                break
            message = decode_message(bytes(come[at + _LENGTH : end]))
            at = end
            if isinstance(message, Ask):
                self._answer(message)
            else:
                self._answered(message)
        del come[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody answers any more."""
        self._over.set_result(None)
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(_gone())
        self._asked.clear()

    def _answer(self, asked: Ask) -> None:
        try:
            answer = self._serve(asked.what)
        except LockgateError as error:
            self._reply(Answer(asked.id, refusal=_refusal(error)))
            return
        if isinstance(answer, bytes):
            self._reply(Answer(asked.id, answer))
        else:
            task = self._loop.create_task(self._wait(asked.id, answer))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    def _answered(self, answer: Answer) -> None:
        waiting = self._asked.pop(answer.id, None)
        if waiting is None or waiting.done():
            return  # whoever asked has left
        if answer.refusal is None:
            waiting.set_result(answer.body)
        else:
            waiting.set_exception(_error(answer.refusal))

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
        if answer.id:
            self._send(answer)

    def _send(self, message: Ask | Answer) -> None:
        """With all else that is said in this turn of the loop: a system call costs more than a message."""
        if not self._leaving:
            self._loop.call_soon(self._flush)
        data = encode(message)
        self._leaving += (len(data).to_bytes(_LENGTH), data)

    def _flush(self) -> None:
        if self._leaving and not self._transport.is_closing():
            self._transport.write(b"".join(self._leaving))
        self._leaving.clear()


def _gone() -> Gone:
    return Gone("the worker at the other end is gone")


def _refusal(error: LockgateError) -> Refusal:
    return Refusal(error.message, tuple(error.faults) if isinstance(error, SettingsFaults) else None)


def _error(refusal: Refusal) -> SettingsError:
    return SettingsError(refusal.message) if refusal.faults is None else SettingsFaults(refusal.faults)
