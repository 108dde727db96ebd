"""A stream for a client: server-sent events, or one JSON array (Gemini API reference, streamGenerateContent)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_plugin_google.error_out import error_body
from llm_plugin_google.finish import written
from llm_plugin_google.logprobs import write_logprobs
from llm_plugin_google.media import shows
from llm_plugin_google.models import NAME
from llm_plugin_google.usage import write_usage
from llm_plugin_google.write_response import notes_of, part_items
from lockgate_ports.carried import ENCODE
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import (
    AudioDelta,
    Delta,
    Event,
    Failure,
    Finish,
    MediaDelta,
    NativeDelta,
    RefusalDelta,
    Relayed,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
    is_delta,
)
from lockgate_ports.parts import Audio, InlineSource, Native, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.sse import SseParser
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage

Item = dict[str, Any]

_NOTHING = {"text": ""}
_SPOKEN = "audio/L16;codec=pcm;rate=24000"
"""What models that stream sound send where nobody says."""


class ChunkWriter:
    """Words as they come, a function call when it is whole, and at the end what ended each candidate, with usage."""

    def __init__(self, model: str, *, as_array: bool) -> None:
        self._model = model
        self._as_array = as_array
        self._begun = False
        self._start = Start()
        self._usage: Usage | None = None
        self._calls: dict[tuple[int, int], list[ToolCallDelta]] = {}
        self._finishes: list[Finish] = []
        self._unsaid = Unsaid(NAME, shows)
        self.content_type = "application/json" if as_array else "text/event-stream"
        self.ping = b"\n"  # an empty line, since Google's SDKs take a comment for broken JSON

    def write(self, events: Sequence[Event]) -> bytes:
        """These events on the wire."""
        return b"".join([self._event(event) for event in events])

    def end(self) -> bytes:
        """The last chunk, which says why each candidate ended; an array is closed."""
        out = b""
        beside: Item = {"usageMetadata": write_usage(self._usage)} if self._usage is not None else {}
        if dropped := self._unsaid.fresh():
            beside["lockgateDropped"] = dropped
        if self._finishes or beside:
            out += self._frame(self._chunk([self._ending(finish) for finish in self._finishes], beside))
        return out + self._closing()

    def fail(self, error: LockgateError) -> bytes:
        """An error in place of the next chunk."""
        body = error_body(error)
        if b"\n" in body or b"\r" in body:
            body = msgspec.json.format(body, indent=-1)
        return self._frame(body) + self._closing()

    def _event(self, event: Event) -> bytes:
        if is_delta(event):
            told = self._unsaid.delta(event)
            return self._delta(told) if told is not None else b""
        match event:
            case Relayed():
                return self._relayed(event.raw)
            case Start():
                self._start = event
                return b""
            case UsageReport(usage):
                self._usage = usage
                return b""
            case Finish():
                self._finishes.append(event)
                return self._flush(event.choice)
            case Failure(error):
                return self.fail(error)
            case _:
                raise AssertionError("deltas are taken before")

    def _relayed(self, raw: bytes) -> bytes:
        if not self._as_array:
            return raw
        parser = SseParser()
        return b"".join([self._frame(each.data) for each in (*parser.feed(raw), *parser.end())])

    def _delta(self, event: Delta) -> bytes:
        if isinstance(event, ToolCallDelta):
            self._calls.setdefault((event.choice, event.part), []).append(event)
            return b""
        beside: Item = {}
        if isinstance(event, TextDelta):
            beside = notes_of(event.annotations, event.native)
            if event.logprobs is not None and (logprobs := write_logprobs(event.logprobs)) is not None:
                beside["logprobsResult"] = logprobs
        items = [item for item in part_items([_part(event)]) if item != _NOTHING]
        return self._say(event.choice, items, beside) if items or beside else b""

    def _flush(self, choice: int) -> bytes:
        """The function calls of a choice, which are whole now: until its end any of them might have gone on."""
        keys = [key for key in self._calls if key[0] == choice]
        return b"".join([self._say(choice, part_items([_call(self._calls.pop(key))]), {}) for key in keys])

    def _say(self, choice: int, parts: list[Any], beside: Item) -> bytes:
        candidate = {"content": {"parts": parts, "role": "model"}, "index": choice, **beside}
        return self._frame(self._chunk([candidate], {}))

    def _ending(self, finish: Finish) -> Item:
        return {
            "content": {"parts": [{"text": ""}], "role": "model"},
            "finishReason": written(finish.reason, finish.native_reason),
            "index": finish.choice,
        }

    def _chunk(self, candidates: list[Item], beside: Item) -> bytes:
        head: Item = {"candidates": candidates} if candidates else {}
        chunk: Item = {**head, **beside, "modelVersion": self._start.model or self._model}
        if self._start.id is not None:
            chunk["responseId"] = self._start.id
        return ENCODE(chunk)

    def _frame(self, data: bytes) -> bytes:
        if not self._as_array:
            return b"data: " + data + b"\r\n\r\n"
        before = b",\r\n" if self._begun else b"["
        self._begun = True
        return before + data

    def _closing(self) -> bytes:
        if not self._as_array:
            return b""
        return b"\n]" if self._begun else b"[]"


def _part(event: Delta) -> Part:
    match event:
        case TextDelta():
            return Text(event.text)
        case RefusalDelta():
            return Refusal(event.text)
        case ThinkingDelta():
            return Thinking(event.text, event.signature, event.redacted, event.id, event.native)
        case AudioDelta():
            sound = InlineSource(event.data, event.media_type or _SPOKEN) if event.data else None
            return Audio(sound, transcript=event.transcript)
        case MediaDelta():
            return event.media
        case NativeDelta():
            return Native(event.dialect, event.type, event.raw)
        case ToolCallDelta():
            return _call([event])


def _call(pieces: list[ToolCallDelta]) -> ToolCall:
    signature = next((piece.signature for piece in pieces if piece.signature and piece.native == NAME), None)
    return ToolCall(
        next((piece.id for piece in pieces if piece.id), ""),
        next((piece.name for piece in pieces if piece.name), ""),
        "".join(piece.arguments for piece in pieces),
        signature=signature,
        native=NAME if signature is not None else None,
    )
