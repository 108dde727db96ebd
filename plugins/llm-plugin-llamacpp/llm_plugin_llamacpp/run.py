"""One call in the engine: it works in a thread, and what it says is read on the event loop."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec
from msgspec import Struct

from llm_plugin_llamacpp.engine import Engine

_ERROR = b'{"error"'


class Refusal(Struct, frozen=True):
    """An error in OpenAI's envelope, as the engine writes it."""

    code: int
    message: str
    type: str


class _Envelope(Struct, frozen=True):
    error: Refusal


class Run:
    """`work` in a thread; all else on the loop it was made on.

    Events wait in memory without a bound of their own: an answer is never longer than the context, and a client that
    reads slowly shall not hold the slot.
    """

    def __init__(self, engine: Engine, body: bytes, on_over: Callable[["Run"], None]) -> None:
        self._engine = engine
        self._body = body
        self._on_over = on_over
        self._loop = asyncio.get_running_loop()
        self._events: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._stop = False
        self.over = False
        """The engine has let go of the call."""
        self.refused: bytes | None = None
        """The error that ended it, as JSON."""

    @property
    def stopped(self) -> bool:
        """It was told to stop; what it has said may not be all."""
        return self._stop

    def stop(self) -> None:
        """Generating ends at the next token, or at the next batch of the prompt."""
        self._stop = True

    async def news(self) -> list[bytes]:
        """The events since the last time, once there are some; none when it is over and all were read."""
        while not self._events and not self.over:
            self._news.clear()
            await self._news.wait()
        said: list[bytes] = []
        while self._events:
            said.append(self._events.popleft())
        return said

    def work(self) -> None:
        """Runs the call to its end, in the calling thread."""
        try:
            self._engine.answer(self._body, self._take)
        except (ValueError, RuntimeError) as error:
            # Raised for what it cannot read in the request; trouble of its own comes as an event.
            self.refused = _refusal(400, str(error), "invalid_request_error")
        except MemoryError:
            self.refused = _refusal(503, "out of memory", "unavailable_error")
        finally:
            self._tell(self._ended)

    def _take(self, event: bytes) -> bool:
        if event.startswith(_ERROR):
            self.refused = event
            return True
        self._events.append(event)
        self._tell(self._news.set)
        return self._stop

    def _tell(self, what: Callable[[], object]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:
            # The loop is closed: nobody is left to read the answer.
            self._stop = True

    def _ended(self) -> None:
        self.over = True
        self._news.set()
        self._on_over(self)


def _refusal(code: int, message: str, kind: str) -> bytes:
    return msgspec.json.encode(_Envelope(Refusal(code, message, kind)))


def status_of(refused: bytes) -> int:
    """The HTTP status that the engine means."""
    with suppress(msgspec.DecodeError):
        code = _READ.decode(refused).error.code
        if 400 <= code < 600:
            return code
    return 500


_READ = msgspec.json.Decoder(_Envelope)
