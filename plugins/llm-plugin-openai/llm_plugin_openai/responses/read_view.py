"""The canonical view of a request that has passed the check (OpenAI API reference, Responses, Create)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.namespaces import descriptions_of, tools_in
from llm_plugin_openai.responses.read_items import ItemFold
from llm_plugin_openai.responses.read_tools import choice_of, tool_of
from llm_plugin_openai.responses.request_wire import NAME, WireFormat, WireRequest
from lockgate_ports.carried import ITEMS, MEMBERS, or_none
from lockgate_ports.chat import ChatRequest, Reasoning, ResponseFormat
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Message, Text, user

LOGPROBS = "message.output_text.logprobs"
_KNOWN = frozenset(WireRequest.__struct_fields__)
_SHARED = (
    *("temperature", "top_p", "top_logprobs", "parallel_tool_calls", "service_tier", "metadata", "store"),
    "prompt_cache_key",
)
_STATE = ("previous_response_id", "conversation", "background", "prompt")
"""What refers to things that OpenAI keeps: no other provider has them."""


def view_of(wire: WireRequest, body: bytes) -> ChatRequest:
    """The canonical request. Raises Unsupported for state that the provider would have to keep."""
    for name in _STATE:
        if getattr(wire, name):
            raise Unsupported(
                f"{name} refers to state at OpenAI, so it reaches only a provider that is asked by the Responses API; "
                "send the whole conversation in input",
                param=name,
            )
    members = MEMBERS.decode(body)
    extra = {name: value for name, value in members.items() if name not in _KNOWN}
    tool_choice = choice_of(wire.tool_choice)
    if tool_choice is None and wire.tool_choice is not None:
        extra["tool_choice"] = members["tool_choice"]
    include = [each for each in wire.include or () if each != LOGPROBS]
    if include:
        extra["include"] = Raw(msgspec.json.encode(include))
    if wire.user is not None and wire.safety_identifier is not None:
        extra["safety_identifier"] = members["safety_identifier"]
    extra |= descriptions_of(wire.tools or [])
    text, reasoning = wire.text, wire.reasoning
    _keep(extra, members, "text", ("format", "verbosity"))
    _keep(extra, members, "reasoning", ("effort", "summary"))
    tools = ITEMS.decode(members["tools"]) if wire.tools else []
    shared: dict[str, Any] = {name: getattr(wire, name) for name in _SHARED}
    return ChatRequest(
        model=wire.model,
        messages=_messages(wire, members),
        stream=wire.stream or False,
        tools=tuple(
            tool_of(each, its_own)
            for tool, raw in zip(wire.tools or (), tools, strict=True)
            for each, its_own in tools_in(tool, raw)
        ),
        tool_choice=tool_choice,
        response_format=_format(text.format) if text is not None and text.format is not None else None,
        verbosity=text.verbosity if text is not None else None,
        max_tokens=wire.max_output_tokens,
        logprobs=True if LOGPROBS in (wire.include or ()) else None,
        reasoning=Reasoning(reasoning.effort, summary=reasoning.summary) if reasoning is not None else None,
        user=wire.user if wire.user is not None else wire.safety_identifier,
        prompt_cache_ttl=wire.prompt_cache_retention,
        extra=extra,
        native=NAME,
        **shared,
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
