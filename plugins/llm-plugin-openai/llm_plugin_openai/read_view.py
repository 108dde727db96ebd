"""The canonical view of a request that has passed the check (OpenAI API reference, Chat Completions, Create)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.read_messages import messages_of
from llm_plugin_openai.read_parts import parts_of
from llm_plugin_openai.read_tools import choice_of, tools_of
from llm_plugin_openai.request_wire import Prediction, WireFormat, WireRequest
from lockgate_ports.carried import ITEMS, MEMBERS, or_none, said
from lockgate_ports.chat import AudioOutput, ChatRequest, Reasoning, ResponseFormat
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import Message

_KNOWN = frozenset(WireRequest.__struct_fields__) - {"safety_identifier"}
_FORMATS = ("text", "json_object", "json_schema")
_SHARED = frozenset(
    (
        *("top_k", "min_p", "n", "seed", "frequency_penalty", "presence_penalty"),
        *(
            "repetition_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "verbosity",
            "service_tier",
            "metadata",
            "user",
        ),
        *("store", "prompt_cache_key", "parallel_tool_calls"),
    )
)


def view_of(wire: WireRequest, body: bytes) -> ChatRequest:
    """The canonical request, in which only what was said is set. Raises InvalidRequest for what contradicts itself."""
    members = MEMBERS.decode(body)
    told: dict[str, Any] = {}
    if wire.temperature is not None:
        told["temperature"] = wire.temperature
    if wire.top_p is not None:
        told["top_p"] = wire.top_p
    if not _SHARED.isdisjoint(members):
        told |= {name: getattr(wire, name) for name in _SHARED.intersection(members)}
    extra: dict[str, Raw] = {}
    if not _KNOWN.issuperset(members):
        extra = {name: value for name, value in members.items() if name not in _KNOWN}
    if wire.stream:
        told["stream"] = True
    if wire.tools or wire.functions:
        told["tools"] = tools_of(wire, members)
    if wire.tool_choice is not None or wire.function_call is not None:
        told["tool_choice"] = choice = choice_of(wire)
        if choice is None and wire.tool_choice is not None:
            extra["tool_choice"] = members["tool_choice"]
    if wire.response_format is not None:
        told["response_format"] = form = _format(wire.response_format)
        if form is None:
            extra["response_format"] = members["response_format"]
    if wire.stream_options is not None:
        told["include_usage"] = wire.stream_options.include_usage
        _keep(extra, members, "stream_options", ("include_usage",))
    if wire.reasoning is not None or wire.reasoning_effort is not None:
        told["reasoning"] = _reasoning(wire)
        _keep(extra, members, "reasoning", ("effort", "max_tokens", "enabled", "summary"))
    if wire.max_tokens is not None or wire.max_completion_tokens is not None:
        told["max_tokens"] = _max_tokens(wire)
    if wire.stop is not None:
        told["stop"] = (wire.stop,) if isinstance(wire.stop, str) else tuple(wire.stop)
    if wire.modalities:
        told["modalities"] = tuple(wire.modalities)
    if wire.audio is not None:
        told["audio"] = AudioOutput(wire.audio.format, wire.audio.voice)
    if wire.prediction is not None:
        told["prediction"] = _prediction(wire.prediction, members)
    if wire.prompt_cache_retention is not None:
        told["prompt_cache_ttl"] = wire.prompt_cache_retention
    told["model"] = wire.model
    told["messages"] = messages_of(wire.messages, members["messages"])
    told["extra"] = extra
    told["native"] = NAME
    return ChatRequest(**told)


def _keep(extra: dict[str, Raw], members: dict[str, Raw], name: str, known: Iterable[str]) -> None:
    """What an object holds beyond the members that have a canonical place."""
    raw = members.get(name)
    if raw is None or not said(raw):
        return
    rest = {member: value for member, value in MEMBERS.decode(raw).items() if member not in known}
    if rest:
        extra[name] = Raw(msgspec.json.encode(rest))


def _format(wire: WireFormat | None) -> ResponseFormat | None:
    """None also for a form of other servers (`grammar`, `json_object` with a schema), which stays in `extra`."""
    if wire is None or wire.type not in _FORMATS or said(wire.schema):
        return None
    schema = wire.json_schema
    if wire.type != "json_schema" or schema is None:
        return None if wire.type == "json_schema" else ResponseFormat("text" if wire.type == "text" else "json_object")
    return ResponseFormat("json_schema", or_none(schema.schema), schema.name, schema.description, schema.strict)


def _max_tokens(wire: WireRequest) -> int | None:
    old, new = wire.max_tokens, wire.max_completion_tokens
    if old is not None and new is not None and old != new:
        raise InvalidRequest(
            f"max_tokens is {old} and max_completion_tokens is {new}; send only one", param="max_tokens"
        )
    return new if new is not None else old


def _reasoning(wire: WireRequest) -> Reasoning | None:
    given = wire.reasoning
    if given is None:
        return Reasoning(wire.reasoning_effort) if wire.reasoning_effort is not None else None
    return Reasoning(given.effort or wire.reasoning_effort, given.max_tokens, given.enabled, given.summary)


def _prediction(wire: Prediction, members: dict[str, Raw]) -> Message:
    raws = lambda: ITEMS.decode(MEMBERS.decode(members["prediction"])["content"])  # noqa: E731
    return Message("assistant", tuple(parts_of(wire.content, raws)))
