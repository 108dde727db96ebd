"""A stream for a client (OpenAI API reference, Completions): pieces of the object completion."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.completions.logprobs import list_logprobs
from llm_plugin_openai.completions.read_request import CompletionRequest
from llm_plugin_openai.completions.wire import NAME
from llm_plugin_openai.completions.write_response import fresh_id, shows
from llm_plugin_openai.finish import written
from llm_plugin_openai.usage import write_usage
from lockgate_ports.events import (
    Delta,
    Finish,
    RefusalDelta,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
)
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.usage import Usage

_ENCODE = msgspec.json.Encoder().encode


class PieceForm:
    """A Form: words alone."""

    def __init__(self, request: CompletionRequest) -> None:
        self._request = request
        self.unsaid = Unsaid(NAME, shows)
        self._start = Start()
        self._offsets: dict[int, int] = {}

    def begin(self, start: Start) -> None:
        """Who answers."""
        self._start = start

    def tell(self, delta: Delta) -> bytes:
        """A piece of an answer's words."""
        match delta:
            case TextDelta() | RefusalDelta():
                return self._text(delta.text, delta.choice, delta.logprobs)
            case ThinkingDelta() | ToolCallDelta():
                self.unsaid.leave_out("thinking" if isinstance(delta, ThinkingDelta) else "tool_call")
                return b""
            case _:
                raise TypeError(f"{type(delta).__name__} should have become a note")

    def finish(self, event: Finish) -> bytes:
        """The words that are left, and the reason."""
        rest = b"".join(self._text(delta.text, event.choice) for delta in self.unsaid.rest(event.choice))
        return rest + self._text("", event.choice, finish=written(event.reason, event.native_reason))

    def count(self, usage: Usage) -> bytes:
        """A piece without choices."""
        return self._piece([], usage=write_usage(usage))

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
