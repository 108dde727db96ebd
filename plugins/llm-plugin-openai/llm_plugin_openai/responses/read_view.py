"""The canonical view of a request that has passed the check (OpenAI API reference, Responses, Create)."""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.namespaces import descriptions_of, tools_in
from llm_plugin_openai.responses.read_items import ItemFold
from llm_plugin_openai.responses.read_tools import choice_of, tool_of
from llm_plugin_openai.responses.request_wire import NAME, WireFormat, WireRequest, WireTool
from lockgate_ports.carried import ITEMS, MEMBERS, or_none
from lockgate_ports.chat import ChatRequest, Reasoning, ResponseFormat, Tool
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Message, Text, user

LOGPROBS = "message.output_text.logprobs"
_KNOWN = frozenset(WireRequest.__struct_fields__)
_SHARED = frozenset(
    (
        *("temperature", "top_p", "top_logprobs", "parallel_tool_calls", "service_tier", "metadata", "store"),
        "prompt_cache_key",
    )
)
_STATE = ("previous_response_id", "conversation", "background", "prompt")
"""What refers to things that OpenAI keeps: no other provider has them."""
_STATE_OF = attrgetter(*_STATE)
_NO_STATE = (None,) * len(_STATE)


def view_of(wire: WireRequest, body: bytes) -> ChatRequest:
    """The canonical request. Raises Unsupported for state that the provider would have to keep."""
    if _STATE_OF(wire) != _NO_STATE:
        _refuse_state(wire)
    members = MEMBERS.decode(body)
    told: dict[str, Any] = {}
    if not _SHARED.isdisjoint(members):
        told = {name: getattr(wire, name) for name in _SHARED.intersection(members)}
    extra: dict[str, Raw] = {}
    if not _KNOWN.issuperset(members):
        extra = {name: value for name, value in members.items() if name not in _KNOWN}
    if wire.tool_choice is not None:
        told["tool_choice"] = choice = choice_of(wire.tool_choice)
        if choice is None:
            extra["tool_choice"] = members["tool_choice"]
    if wire.include:
        if LOGPROBS in wire.include:
            told["logprobs"] = True
        if include := [each for each in wire.include if each != LOGPROBS]:
            extra["include"] = Raw(msgspec.json.encode(include))
    if wire.user is not None or wire.safety_identifier is not None:
        told["user"] = wire.user if wire.user is not None else wire.safety_identifier
        if wire.user is not None and wire.safety_identifier is not None:
            extra["safety_identifier"] = members["safety_identifier"]
    if wire.tools:
        extra |= descriptions_of(wire.tools)
        told["tools"] = _tools(wire.tools, members)
    if (text := wire.text) is not None:
        told["response_format"] = _format(text.format) if text.format is not None else None
        told["verbosity"] = text.verbosity
        _keep(extra, members, "text", ("format", "verbosity"))
    if (reasoning := wire.reasoning) is not None:
        told["reasoning"] = Reasoning(reasoning.effort, summary=reasoning.summary)
        _keep(extra, members, "reasoning", ("effort", "summary"))
    if wire.stream:
        told["stream"] = True
    if wire.max_output_tokens is not None:
        told["max_tokens"] = wire.max_output_tokens
    if wire.prompt_cache_retention is not None:
        told["prompt_cache_ttl"] = wire.prompt_cache_retention
    messages = _messages(wire, members)
    return ChatRequest(model=wire.model, messages=messages, extra=extra, native=NAME, **told)


def _refuse_state(wire: WireRequest) -> None:
    for name in _STATE:
        if getattr(wire, name):
            raise Unsupported(
                f"{name} refers to state at OpenAI, so it reaches only a provider that is asked by the Responses API; "
                "send the whole conversation in input",
                param=name,
            )


def _tools(wire: list[WireTool], members: dict[str, Raw]) -> tuple[Tool, ...]:
    return tuple(
        [
            tool_of(each, its_own)
            for tool, raw in zip(wire, ITEMS.decode(members["tools"]), strict=True)
            for each, its_own in tools_in(tool, raw)
        ]
    )


def _messages(wire: WireRequest, members: dict[str, Raw]) -> tuple[Message, ...]:
    head = (Message("system", (Text(wire.instructions),)),) if wire.instructions else ()
    if isinstance(wire.input, str):
        return (*head, user(wire.input))
    fold = ItemFold()
    for place, (item, raw) in enumerate(zip(wire.input, ITEMS.decode(members["input"]), strict=True)):
        fold.take(item, raw, f"input[{place}]")
    return (*head, *fold.messages)


def _format(form: WireFormat) -> ResponseFormat | None:
    match form.type:
        case "json_schema":
            return ResponseFormat("json_schema", or_none(form.schema), form.name, form.description, form.strict)
        case "json_object":
            return ResponseFormat("json_object")
        case "text":
            return ResponseFormat("text")
        case _:
            return None


def _keep(extra: dict[str, Raw], members: dict[str, Raw], name: str, known: tuple[str, ...]) -> None:
    """What an object holds beyond the members that have a canonical place."""
    raw = members.get(name)
    if raw is None or bytes(raw) == b"null":
        return
    rest = {member: value for member, value in MEMBERS.decode(raw).items() if member not in known}
    if rest:
        extra[name] = Raw(msgspec.json.encode(rest))
