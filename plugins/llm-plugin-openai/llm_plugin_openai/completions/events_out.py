"""A stream for a client (OpenAI API reference, Completions): pieces of the object completion."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.completions.logprobs import list_logprobs
from llm_plugin_openai.completions.read_request import CompletionRequest
from llm_plugin_openai.completions.wire import NAME
from llm_plugin_openai.completions.write_response import fresh_id, shows
from llm_plugin_openai.error_out import error_body
from llm_plugin_openai.finish import written
from llm_plugin_openai.usage import write_usage
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import (
    Delta,
    Event,
    Failure,
    Finish,
    RefusalDelta,
    Relayed,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.sse import sse
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage

_DONE = b"data: [DONE]\n\n"
_ENCODE = msgspec.json.Encoder().encode


class PieceWriter:
    """Words alone; usage, if wanted, in a piece of its own just before `[DONE]`."""

    content_type: str = "text/event-stream"
    ping: bytes = b": ping\n\n"

    def __init__(self, request: CompletionRequest) -> None:
        self._request = request
        self._usage: Usage | None = None
        self._start = Start()
        self._offsets: dict[int, int] = {}
        self._unsaid = Unsaid(NAME, shows)

    def write(self, events: Sequence[Event]) -> bytes:
        """These events on the wire."""
        out: list[bytes] = []
        for event in events:
            if isinstance(event, Relayed):
                if not event.usage_only or self._request.wants_usage:
                    out.append(event.raw)
            else:
                out.append(self._canonical(event))
        return out[0] if len(out) == 1 else b"".join(out)

    def end(self) -> bytes:
        """The usage piece and `[DONE]`."""
        if self._usage is None or not self._request.wants_usage:
            return _DONE
        return self._piece([], usage=write_usage(self._usage)) + _DONE

    def fail(self, error: LockgateError) -> bytes:
        """An error event, and no `[DONE]`."""
        body = error_body(error)
        return sse(msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body)

    def _canonical(self, event: Event) -> bytes:
        match event:
            case Start():
                self._start = event
                return b""
            case UsageReport(usage):
                self._usage = usage
                return b""
            case Failure(error):
                return self.fail(error)
            case Relayed():
                return event.raw
            case Finish():
                rest = b"".join(self._text(delta.text, event.choice) for delta in self._unsaid.rest(event.choice))
                return rest + self._text("", event.choice, finish=written(event.reason, event.native_reason))
            case _:
                told = self._unsaid.delta(event)
                return (self._told(told) if told is not None else b"") + self._unsaid.comment()

    def _told(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta() | RefusalDelta():
                return self._text(delta.text, delta.choice, delta.logprobs)
            case ThinkingDelta() | ToolCallDelta():
                self._unsaid.leave_out("thinking" if isinstance(delta, ThinkingDelta) else "tool_call")
                return b""
            case _:
                raise TypeError(f"{type(delta).__name__} should have become a note")

    def _text(self, text: str, choice: int, logprobs: Raw | None = None, finish: str | None = None) -> bytes:
        if choice not in self._offsets:
            head = self._request.head
            self._offsets[choice] = len(head)
            text = head + text
        elif not text and finish is None and logprobs is None:
            return b""
        lists, self._offsets[choice] = list_logprobs(logprobs, self._offsets[choice])
        return self._piece([{"text": text, "index": choice, "logprobs": lists, "finish_reason": finish}])

    def _piece(self, choices: list[dict[str, Any]], **more: Any) -> bytes:
        start = self._start
        fields: dict[str, Any] = {
            "id": start.id or fresh_id(self._request),
            "object": "text_completion",
            "created": start.created or self._request.asked_at,
            "model": start.model or self._request.model,
            "choices": choices,
            **more,
        }
        return b"data: " + _ENCODE(fields) + b"\n\n"
