"""A stream for a client of this very dialect: events go on as they came, and are only glanced at."""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_anthropic.answer_wire import text
from llm_plugin_anthropic.error_in import error_inside
from llm_plugin_anthropic.finish import reason_of
from llm_plugin_anthropic.usage import WireUsage, merged, usage_of
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.events import Failure, Finish, ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent
from lockgate_ports.sse_relay import odd


class _Block(Struct, gc=False):
    type: str = ""


class _Delta(Struct, gc=False):
    stop_reason: Any = None


class _Message(Struct, gc=False):
    usage: WireUsage | None = None


class _Glanced(Struct, gc=False):
    type: str = ""
    content_block: _Block | None = None
    delta: _Delta | None = None
    message: _Message | None = None
    usage: WireUsage | None = None


_EVENT = msgspec.json.Decoder(_Glanced)


class RelayGlance:
    """One `Relayed` an event, `message_stop` as well."""

    def __init__(self) -> None:
        self._usage: WireUsage | None = None
        self._calls = False
        self._finished = False
        self.over = False

    def read(self, event: SseEvent) -> ReadEvent:
        """The event, and what was told by it."""
        data = event.data
        if event.event == "error":
            return self._fail(data)
        try:
            wire = _EVENT.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return Skipped()
        except msgspec.ValidationError:
            return odd(event)
        except BROKEN:
            return Skipped()
        match wire.type:
            case "content_block_delta":
                return Relayed(event.raw, content=True)
            case "content_block_start":
                kind = wire.content_block.type if wire.content_block is not None else ""
                self._calls = self._calls or kind == "tool_use"
                return Relayed(event.raw, content=kind not in ("text", "thinking"))
            case "message_start":
                self._usage = merged(self._usage, wire.message.usage if wire.message is not None else None)
                return Relayed(event.raw, usage=usage_of(self._usage))
            case "message_delta":
                self._usage = merged(self._usage, wire.usage)
                word = text(wire.delta.stop_reason) if wire.delta is not None else None
                finishes = self._finish(word) if word is not None else ()
                return Relayed(event.raw, finishes=finishes, usage=usage_of(self._usage))
            case "message_stop":
                self.over = True
                return Relayed(event.raw, finishes=self._finish(None))
            case "error":
                return self._fail(data)
            case _:
                return Relayed(event.raw)

    def _finish(self, word: str | None) -> tuple[Finish, ...]:
        if self._finished:
            return ()
        self._finished = True
        return (Finish(reason_of(word, calls=self._calls), native_reason=word),)

    def _fail(self, data: bytes) -> Failure:
        self.over = True
        return Failure(error_inside(data))
