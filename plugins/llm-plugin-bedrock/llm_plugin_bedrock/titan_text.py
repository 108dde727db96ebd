"""TitanInvoke: Amazon Titan Text's own body (Amazon Bedrock user guide, "Amazon Titan Text models")."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_bedrock.error_in import error_inside, read_error
from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.invoke_stream import METRICS, InvokeReader, Metrics
from llm_plugin_bedrock.read_response import nonsense
from llm_plugin_bedrock.write_request import encoded, invoke
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, FinishReason
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.draft import Draft, asks
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Finish, Start, TextDelta, UsageReport
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.parts import Message, Text
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_chat
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

_WORDS: dict[str, FinishReason] = {
    "FINISH": "stop",
    "FINISHED": "stop",
    "STOP_CRITERIA_MET": "stop",
    "LENGTH": "length",
    "CONTENT_FILTERED": "content_filter",
}
_ADVICE = (
    *(
        "top_k",
        "min_p",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "repetition_penalty",
        "logit_bias",
        "logprobs",
    ),
    *("top_logprobs", "reasoning", "verbosity", "prediction", "service_tier", "metadata", "user", "store"),
    *("prompt_cache_key", "prompt_cache_ttl", "parallel_tool_calls"),
)


class _Result(Struct, rename="camel", gc=False):
    output_text: str = ""
    token_count: int | None = None
    completion_reason: str | None = None


class _Answer(Struct, rename="camel", gc=False):
    results: list[_Result] | None = None
    input_text_token_count: int | None = None


class _Chunk(Struct, rename={"text": "outputText", "reason": "completionReason", "metrics": METRICS}, gc=False):
    text: str = ""
    reason: str | None = None
    metrics: Metrics | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_CHUNK = msgspec.json.Decoder(_Chunk)


class TitanInvoke:
    """A ChatProviderDialect for words alone: these models know neither tools nor pictures."""

    name: str = "bedrock-titan-text"
    operation: Operation = "chat"
    event_content_type: str = CONTENT_TYPE

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        if view.tools:
            raise draft.cannot_say("tools with this model", "tools")
        if view.response_format is not None and view.response_format.type != "text":
            raise draft.cannot_say("form of the answer with this model", "response_format")
        if view.n is not None and view.n > 1:
            raise draft.cannot_say("wish for more than one answer", "n")
        if view.audio is not None or any(kind != "text" for kind in view.modalities):
            raise draft.cannot_say("wish for an answer in anything but text", "modalities")
        config = {
            "maxTokenCount": view.max_tokens,
            "temperature": view.temperature,
            "topP": view.top_p,
            "stopSequences": list(view.stop) or None,
        }
        fields: dict[str, Any] = {"inputText": _prompt(view.messages, draft)}
        if given := {name: value for name, value in config.items() if value is not None}:
            fields["textGenerationConfig"] = given
        for name in (*(name for name in _ADVICE if asks(name, getattr(view, name))), *view.extra):
            if draft.admits(name):
                fields[name] = view.extra.get(name, getattr(view, name, None))
        return Written(invoke(encoded(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes: the model stands in the path."""
        return Written(invoke(body, upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage and why it ended. Raises UpstreamError."""
        return glance_chat(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise nonsense(error, body) from None
        if not wire.results:
            raise error_inside(body) if b'"message"' in body else unusable("an answer without results")
        result = wire.results[0]
        choice = Choice(
            parts=(Text(result.output_text),) if result.output_text else (),
            finish_reason=_WORDS.get(result.completion_reason or ""),
            native_finish_reason=result.completion_reason,
        )
        return ChatResponse(choices=(choice,), usage=_usage(wire.input_text_token_count, result.token_count))

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream; no client speaks this language."""
        return InvokeReader(_Stream().take, lambda: ())

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)


class _Stream:
    """The last chunk says why the answer ended. Its own counts leave out what a guardrail has seen."""

    def __init__(self) -> None:
        self._started = False

    def take(self, event: bytes) -> Sequence[Event]:
        try:
            chunk = _CHUNK.decode(event)
        except BROKEN:
            raise UpstreamError("sent a chunk of a wrong shape", kind="transient") from None
        events: list[Event] = [] if self._started else [Start()]
        self._started = True
        if chunk.text:
            events.append(TextDelta(chunk.text))
        if chunk.reason is not None:
            events.append(Finish(_WORDS.get(chunk.reason), native_reason=chunk.reason))
        if chunk.metrics is not None:
            usage = _usage(chunk.metrics.input_token_count, chunk.metrics.output_token_count)
            events += [UsageReport(usage)] if usage is not None else []
        return events


def _prompt(messages: tuple[Message, ...], draft: Draft) -> str:
    """The layout that Titan is taught conversations in; words of the system stand before them."""
    lines: list[str] = []
    for place, message in enumerate(messages):
        words: list[str] = []
        for inner, part in enumerate(message.parts):
            if not isinstance(part, Text):
                raise draft.cannot_say(
                    f"{type(part).__name__.lower()} with this model", f"messages[{place}].content[{inner}]"
                )
            words.append(part.text)
        speaker = {"user": "User: ", "assistant": "Bot: "}.get(message.role, "")
        lines.append(speaker + "".join(words))
    return "\n".join((*lines, "Bot:"))


def _usage(taken: int | None, given: int | None) -> Usage | None:
    return Usage(input_tokens=taken, output_tokens=given) if taken is not None or given is not None else None
