"""One answer, line by line, as canonical events; a whole answer is one long line."""

import zlib
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_ollama.answer_wire import WireAnswer, WireCall
from llm_plugin_ollama.wire import CHAT
from lockgate_ports.carried import said
from lockgate_ports.chat import FinishReason
from lockgate_ports.events import Event, Finish, MediaDelta, Start, TextDelta, ThinkingDelta, ToolCallDelta, UsageReport
from lockgate_ports.parts import Image, InlineSource
from lockgate_ports.usage import Usage

_WORDS: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class AnswerReader:
    """`read` lines in order; `finished` is True after the one that says `done`."""

    def __init__(self) -> None:
        self.finished = False
        self._numbers: dict[str, int] = {}
        self._calls = 0
        self._images = 0
        self._started = False

    def read(self, wire: WireAnswer) -> list[Event]:
        """The events of one line."""
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(Start(None, wire.model, _seconds(wire.created_at)))
        message = wire.message
        if message is not None:
            if message.thinking:
                events.append(ThinkingDelta(message.thinking, self._number("thinking"), native=CHAT))
            logprobs = Raw(msgspec.json.encode({"content": wire.logprobs})) if wire.logprobs else None
            if message.content or logprobs is not None:
                events.append(TextDelta(message.content or "", self._number("text"), logprobs=logprobs))
            for image in message.images or ():
                self._images += 1
                part = self._number(f"image {self._images}")
                events.append(MediaDelta(Image(InlineSource(image)), part))
            events += [self._call(call, wire.created_at) for call in message.tool_calls or ()]
        if wire.done:
            self.finished = True
            events.append(Finish(reason_of(wire, calls=self._calls > 0), 0, wire.done_reason))
            usage = usage_of(wire)
            if usage is not None:
                events.append(UsageReport(usage))
        return events

    def _call(self, call: WireCall, when: Any) -> Event:
        """Calls come whole. An id that is made up differs from those of other answers, too."""
        self._calls += 1
        function = call.function
        name = (function.name or "") if function is not None else ""
        arguments = bytes(function.arguments) if function is not None and said(function.arguments) else b"{}"
        made_up = f"call_{zlib.crc32(f'{when}{name}'.encode() + arguments):08x}_{self._calls}"
        part = self._number(f"call {self._calls}")
        return ToolCallDelta(part, id=call.id or made_up, name=name, arguments=arguments.decode())

    def _number(self, key: str) -> int:
        return self._numbers.setdefault(key, len(self._numbers))


def reason_of(wire: WireAnswer, *, calls: bool) -> FinishReason | None:
    """Our word; None for one we do not know. Servers that give no reason ended by themselves."""
    reason = _WORDS.get(wire.done_reason or "stop")
    return "tool_calls" if calls and reason == "stop" else reason


def usage_of(wire: WireAnswer) -> Usage | None:
    """None where the server counted nothing."""
    given, made = wire.prompt_eval_count, wire.eval_count
    return None if given is None and made is None else Usage(input_tokens=given, output_tokens=made)


def _seconds(when: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(when).timestamp())
    except (TypeError, ValueError):
        return None
