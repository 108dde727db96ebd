"""Answers and lines of a stream as typed structs (Ollama API, Generate a chat completion): one shape for both."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL


class WireFunction(Struct, gc=False):
    """`arguments` is an object."""

    name: str | None = None
    arguments: Raw = NULL


class WireCall(Struct, gc=False):
    """One of `tool_calls`; older servers give no `id`."""

    function: WireFunction | None = None
    id: str | None = None


class WireMessage(Struct, gc=False):
    """`message`."""

    content: str | None = None
    thinking: str | None = None
    tool_calls: list[WireCall] | None = None
    images: list[str] | None = None


class WireAnswer(Struct, gc=False):
    """An answer, or a line of one."""

    model: str | None = None
    created_at: Any = None
    message: WireMessage | None = None
    done: bool | None = None
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    logprobs: list[Raw] | None = None
    error: Raw = NULL


ANSWER = msgspec.json.Decoder(WireAnswer)
