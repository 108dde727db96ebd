"""The object response for a client (OpenAI API reference, Responses), the same whole or at the end of a stream."""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct, structs

from llm_plugin_openai.responses.conversations import conversation_of
from llm_plugin_openai.responses.drawn import DRAWN, drawn_item
from llm_plugin_openai.responses.read_request import ResponsesRequest
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.thoughts import encrypted_word, reasoning_item
from llm_plugin_openai.responses.write_items import call_item
from lockgate_ports.carried import NULL, said
from lockgate_ports.chat import ChatRequest, FinishReason
from lockgate_ports.events import Start
from lockgate_ports.parts import Image, Native, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.seals import seal_call
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

Item = dict[str, Any]

_ODD = re.compile(r"[^A-Za-z0-9]")
_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc", DRAWN: "ig"}
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_DEFAULTS: Item = {
    "error": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
}
"""What the SDKs' types want to be there, whatever was asked."""


class _Echo(Struct, gc=False):
    instructions: Raw = NULL
    max_output_tokens: Raw = NULL
    max_tool_calls: Raw = NULL
    metadata: Raw = NULL
    parallel_tool_calls: Raw = NULL
    previous_response_id: Raw = NULL
    prompt_cache_key: Raw = NULL
    reasoning: Raw = NULL
    safety_identifier: Raw = NULL
    temperature: Raw = NULL
    text: Raw = NULL
    tool_choice: Raw = NULL
    tools: Raw = NULL
    top_logprobs: Raw = NULL
    top_p: Raw = NULL
    truncation: Raw = NULL
    user: Raw = NULL


_ECHO = msgspec.json.Decoder(_Echo)


def echo_of(request: Request[ChatRequest]) -> Item:
    """What a response says again of how it was asked for, in the client's own words."""
    if not isinstance(request, ResponsesRequest):
        return _DEFAULTS
    asked = structs.asdict(_ECHO.decode(request.asked))
    echo = _DEFAULTS | {name: value for name, value in asked.items() if value is not NULL and said(value)}
    echo["store"] = request.stores and request.answer_id is not None
    if request.answer_id is not None and (conversation := conversation_of(request.conversation)) is not None:
        echo["conversation"] = {"id": conversation}
    return echo


def response_object(
    start: Start, status: str, output: list[Any], echo: Item, reason: FinishReason | None = None
) -> Item:
    """A response whose `output` is given; without usage, which comes last."""
    fields: Item = {
        "id": start.id,
        "object": "response",
        "created_at": start.created or 0,
        "status": status,
        "incomplete_details": None if status != "incomplete" else {"reason": _INCOMPLETE.get(reason or "")},
        "model": start.model,
        "output": output,
        **echo,
    }
    if start.service_tier is not None:
        fields["service_tier"] = start.service_tier
    return fields


def status_of(reason: FinishReason | None) -> str:
    """`incomplete` at a limit or by a filter."""
    return "incomplete" if reason in _INCOMPLETE else "completed"


def output_of(parts: tuple[Part, ...], start: Start, status: str, logprobs: list[Raw]) -> list[Item | Raw]:
    """The items that these parts make up; `status` is that of the last, where the answer may have been broken off."""
    groups = grouped(parts)
    last = len(groups) - 1
    return [
        item_of(group, item_id_of(group[0], start, index), status if index == last else "completed", logprobs)
        for index, group in enumerate(groups)
    ]


def item_of(group: list[Part], own_id: str, status: str, logprobs: list[Raw]) -> Item | Raw:
    """One whole item. The first words take all of `logprobs`, which is then empty."""
    first = group[0]
    head: Item = {"id": own_id, "type": kind_of(first), "status": status}
    match first:
        case Native():
            return first.raw
        case ToolCall():
            return head | call_item(first) | {"call_id": seal_call(first.id, first, NAME)}
        case Image():
            return drawn_item(first, own_id)
        case Thinking():
            return reasoning_item([part for part in group if isinstance(part, Thinking)]) | head
        case _:
            return head | {"role": "assistant", "content": [content_part(part, logprobs) for part in group]}


def item_id_of(part: Part, start: Start, index: int) -> str:
    """A reasoning item and a picture keep their own id; others are given one: the same in the answer's stream and in
    its whole, and no longer than 64 letters."""
    if isinstance(part, Thinking | Image) and part.id is not None:
        return part.id
    own = _ODD.sub("", (start.id or "").rpartition("_")[2])[-40:]
    return f"{_PREFIXES[kind_of(part) or 'message']}_{own}_{index}"


def new_item(kind: str, own_id: str) -> Item:
    """An item as it is announced, with nothing in it yet."""
    item: Item = {"id": own_id, "type": kind, "status": "in_progress"}
    match kind:
        case "message":
            return item | {"role": "assistant", "content": []}
        case "reasoning":
            return item | {"summary": []}
        case "function_call":
            return item | {"arguments": ""}
        case "image_generation_call":
            return item | {"result": None}
        case _:
            return item | {"input": ""}


def grouped(parts: tuple[Part, ...]) -> list[list[Part]]:
    """Parts that one item holds: consecutive words, consecutive thoughts of one id, anything else alone."""
    groups: list[list[Part]] = []
    for part in parts:
        if not shown(part):
            continue
        if groups and same_item(groups[-1][-1], part):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def shown(part: Part) -> bool:
    """Whether a client can be shown the part: another dialect's own kinds of part have no word."""
    if isinstance(part, Thinking):
        return bool(part.text) or encrypted_word(part) is not None
    return kind_of(part) is not None or (isinstance(part, Native) and part.dialect == NAME)


def same_item(before: Part, part: Part) -> bool:
    """Whether both stand in one item."""
    if isinstance(part, Thinking):
        # what is signed or encrypted closes its item, which has room for one such word
        return isinstance(before, Thinking) and before.id == part.id and encrypted_word(before) is None
    return isinstance(part, Text | Refusal) and isinstance(before, Text | Refusal)


def kind_of(part: Part) -> str | None:
    """The type of the item that holds the part; None for what only a dialect knows."""
    match part:
        case Text() | Refusal():
            return "message"
        case Thinking():
            return "reasoning"
        case ToolCall():
            return "custom_tool_call" if part.custom else "function_call"
        case Image():
            return DRAWN
        case _:
            return None


def content_part(part: Part, logprobs: list[Raw]) -> Item:
    """One piece of a message; the first text has the log probabilities, and `logprobs` is then empty."""
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    words = part if isinstance(part, Text) else Text("")
    notes: Any = words.annotations if words.annotations is not None and words.native == NAME else []
    item: Item = {"type": "output_text", "text": words.text, "annotations": notes, "logprobs": logprobs.copy()}
    logprobs.clear()
    return item


def write_usage(usage: Usage | None) -> Item | None:
    """All five numbers, since clients count on them; None where nothing is known."""
    if usage is None:
        return None
    given, made = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "input_tokens": given,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens or 0,
            "cache_write_tokens": usage.cache_write_tokens or 0,
        },
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": usage.total_tokens if usage.total_tokens is not None else given + made,
    }
