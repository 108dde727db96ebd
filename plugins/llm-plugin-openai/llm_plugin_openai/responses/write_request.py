"""The canonical view becomes a request, or a request of this very dialect goes on in its own bytes (OpenAI API
reference, Responses, Create).
"""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.post import Target, post
from llm_plugin_openai.responses.namespaces import in_namespaces
from llm_plugin_openai.responses.read_view import LOGPROBS
from llm_plugin_openai.responses.request_wire import NAME, WireRequest
from llm_plugin_openai.responses.write_items import message_items
from llm_plugin_openai.responses.write_parts import Item, ItemDraft
from llm_plugin_openai.responses.write_tools import choice_item, tool_item
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import ITEMS, MEMBERS
from lockgate_ports.chat import ChatRequest, Reasoning, ResponseFormat
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.http import Headers
from lockgate_ports.json_post import encode as encoded
from lockgate_ports.parts import Message, Text
from lockgate_ports.patch import edited, set_field, set_string

_PATH = "responses"
_LEAST = 16
_THOUGHTS = "reasoning.encrypted_content"
_PLAIN = (*("temperature", "top_p", "top_logprobs", "service_tier", "metadata", "user", "store", "prompt_cache_key"),)
_PLAIN_OF = attrgetter(*_PLAIN)
_UNSAID = (None,) * len(_PLAIN)
_UNKNOWN = (
    *("top_k", "min_p", "seed", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias"),
    "prediction",
)
"""Tuning that this language has no word for."""
_UNKNOWN_OF = attrgetter(*_UNKNOWN)
_NOTHING_UNKNOWN = (None,) * len(_UNKNOWN)


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def relay_request(body: bytes, headers: Headers, upstream: Upstream, target: Target, wire: object = None) -> Written:
    """All that `body` says, with `model` set. Raises InvalidRequest."""
    try:
        said = wire if isinstance(wire, WireRequest) else _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    edits = set_string(body, "model", said.model, upstream.model)
    if upstream.stream != (said.stream or False):
        edits.append(set_field(body, "stream", b"true" if upstream.stream else b"false"))
    return Written(post(edited(body, edits), upstream, target(upstream, _PATH), headers))


def write_request(view: ChatRequest, upstream: Upstream, target: Target) -> Written:
    """Raises Unsupported, naming the field, for content this language cannot say."""
    fields, dropped = request_fields(view, upstream)
    if upstream.stream:
        fields["stream"] = True
    else:
        fields.pop("stream_options", None)
    return Written(post(encoded(fields), upstream, target(upstream, _PATH)), dropped)


def request_fields(view: ChatRequest, upstream: Upstream) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is asked, whole or streamed, and the names of what is left out. Raises Unsupported as `write_request`."""
    draft = ItemDraft(upstream, view.native)
    fields: dict[str, Any] = {"model": upstream.model}
    messages = view.messages
    start = 0
    if messages and (words := _instructions(messages[0])) is not None and len(messages) > 1:
        fields["instructions"] = words
        start = 1
    fields["input"] = items = list[Item | Raw]()
    for place, message in enumerate(messages[start:], start=start):
        items += message_items(message, f"messages[{place}]", draft)
    fields |= _tuning(view, draft)
    if view.extra:
        _add_extras(fields, view, draft)
    if "tools" in fields:
        fields["tools"] = in_namespaces(fields["tools"], fields)
    included = [LOGPROBS] if view.logprobs or view.top_logprobs else []
    if not draft.own:
        _keep_nothing(fields, view, included)
    if included:
        given = ITEMS.decode(fields["include"]) if "include" in fields else []
        fields["include"] = [*given, *included]
    return fields, draft.dropped


def _keep_nothing(fields: dict[str, Any], view: ChatRequest, included: list[str]) -> None:
    """Here alone answers are kept unless one says otherwise, which who speaks another dialect has not asked for. What a
    model thought then comes back to it only where it was given along, encrypted."""
    if view.store is None:
        fields["store"] = False
    thinks = view.reasoning is not None and view.reasoning.enabled is not False and view.reasoning.effort != "none"
    if thinks and fields.get("store") is False:
        included.append(_THOUGHTS)


def _instructions(message: Message) -> str | None:
    """A first message of the system's in plain words stands apart from the conversation."""
    if message.role != "system" or message.name is not None or message.extra or len(message.parts) != 1:
        return None
    (only,) = message.parts
    return only.text if isinstance(only, Text) and only.cache is None and only.text else None


def _tuning(view: ChatRequest, draft: ItemDraft) -> dict[str, Any]:
    _refuse_what_changes_the_answer(view, draft)
    fields: dict[str, Any] = {}
    if (plain := _PLAIN_OF(view)) != _UNSAID:
        fields = {name: value for name, value in zip(_PLAIN, plain, strict=True) if value is not None}
    if view.tool_choice is not None:
        fields["tool_choice"] = choice_item(view.tool_choice, view.tools)
    if view.max_tokens is not None:
        fields["max_output_tokens"] = _limit(view.max_tokens, draft)
    if view.tools:
        offered = draft.offered(view.tools, NAME)
        fields["tools"] = [tool_item(tool, f"tools[{place}]", draft) for place, tool in offered]
    if view.parallel_tool_calls is not None and (view.tools or draft.own):
        fields["parallel_tool_calls"] = view.parallel_tool_calls
    if view.response_format is not None or view.verbosity is not None:
        text = {"format": _format(view.response_format, draft), "verbosity": view.verbosity}
        fields["text"] = {name: value for name, value in text.items() if value is not None}
    if view.reasoning is not None and (reasoning := _reasoning(view.reasoning, draft)) is not None:
        fields["reasoning"] = reasoning
    if view.prompt_cache_ttl is not None:
        fields["prompt_cache_retention"] = view.prompt_cache_ttl
    if view.stop and draft.admits("stop"):
        fields["stop"] = view.stop
    if (unknown := _UNKNOWN_OF(view)) != _NOTHING_UNKNOWN:
        for name, value in zip(_UNKNOWN, unknown, strict=True):
            if value is not None and draft.admits(name) and name != "prediction":
                fields[name] = value
    return fields


def _limit(tokens: int, draft: ItemDraft) -> int:
    """A smaller limit than OpenAI takes here becomes its least, and is named."""
    return tokens if tokens >= _LEAST or draft.own or draft.admits("max_tokens") else _LEAST


def _refuse_what_changes_the_answer(view: ChatRequest, draft: ItemDraft) -> None:
    if view.n is not None and view.n > 1:
        raise draft.cannot_say(f"wish for {view.n} answers at once", "n")
    if view.audio is not None or "audio" in view.modalities:
        raise draft.cannot_say("wish for a spoken answer", "modalities")


def _reasoning(reasoning: Reasoning, draft: ItemDraft) -> dict[str, Any] | None:
    said: dict[str, Any] = {}
    if reasoning.effort is not None:
        said["effort"] = reasoning.effort
    elif reasoning.enabled is False:
        said["effort"] = "none"
    if reasoning.summary is not None:
        said["summary"] = reasoning.summary
    if reasoning.budget_tokens is not None and draft.admits("reasoning.max_tokens"):
        said["max_tokens"] = reasoning.budget_tokens
    return said or None


def _format(form: ResponseFormat | None, draft: ItemDraft) -> dict[str, Any] | None:
    if form is None:
        return None
    if form.type != "json_schema":
        return {"type": form.type}
    name = form.name if form.name or draft.own else "answer"  # it must have one; other languages have none
    said = {"name": name, "description": form.description, "schema": form.schema, "strict": form.strict}
    return {"type": "json_schema"} | {member: value for member, value in said.items() if value is not None}


def _add_extras(fields: dict[str, Any], view: ChatRequest, draft: ItemDraft) -> None:
    """What the caller wrote in this dialect goes as it came; another dialect's own words are tuning we lack."""
    for name, value in view.extra.items():
        if view.native == NAME:
            both = isinstance(fields.get(name), dict)
            fields[name] = fields[name] | MEMBERS.decode(value) if both else value
        elif draft.admits(name):
            fields[name] = value
