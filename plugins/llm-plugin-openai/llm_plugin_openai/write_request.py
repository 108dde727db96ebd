"""The canonical view becomes a request (OpenAI API reference, Chat Completions, Create)."""

from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.draft import ChatDraft
from llm_plugin_openai.post import Target, post
from llm_plugin_openai.quirks import NAME, Quirks
from llm_plugin_openai.write_messages import conversation, message_items
from llm_plugin_openai.write_reasoning import reasoning_fields
from llm_plugin_openai.write_tools import choice_item, tool_item
from lockgate_ports.answer_tool import asked_by_tool
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import ChatRequest, ResponseFormat
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import asks
from lockgate_ports.json_post import encode
from lockgate_ports.parts import Message

PATH = "chat/completions"
_PLAIN = (
    *("n", "seed", "frequency_penalty", "presence_penalty", "logprobs", "top_logprobs"),
    *("verbosity", "service_tier", "metadata", "user", "store", "prompt_cache_key"),
)
_PLAIN_OF = attrgetter(*_PLAIN)
_UNSAID = (None,) * len(_PLAIN)
_BEYOND = ("top_k", "min_p", "repetition_penalty")
_BEYOND_OF = attrgetter(*_BEYOND)
_NOT_BEYOND = (None,) * len(_BEYOND)


def write_request(view: ChatRequest, upstream: Upstream, quirks: Quirks, target: Target) -> Written:
    """Raises Unsupported, naming the field, for content the server cannot be told."""
    form = view.response_format
    by_tool = quirks.answers_by_tool and form is not None and form.type not in quirks.formats
    if form is not None and by_tool:
        view = asked_by_tool(view, form)
    draft = ChatDraft(upstream, quirks, view.native)
    fields: dict[str, Any] = {"model": upstream.model, "messages": conversation(view.messages, draft)}
    tuning = _tuning(view, draft)
    if quirks.lacks or quirks.renames:
        names = dict(quirks.renames)
        tuning = {
            names.get(name, name): value
            for name, value in tuning.items()
            if name not in quirks.lacks or (asks(name, value) and draft.admits(name))
        }
    fields |= tuning
    if view.extra:
        _add_extras(fields, view, draft)
    if upstream.stream:
        fields["stream"] = True
        if quirks.stream_usage:
            fields["stream_options"] = _members(fields.get("stream_options")) | {"include_usage": True}
    else:
        fields.pop("stream_options", None)
    for name, value in quirks.adds:
        fields.setdefault(name, Raw(value))
    return Written(post(encode(fields), upstream, target(upstream, PATH)), draft.dropped, relays=not by_tool)


def _tuning(view: ChatRequest, draft: ChatDraft) -> dict[str, Any]:
    """What is said of it."""
    fields: dict[str, Any] = {}
    quirks = draft.quirks
    if view.temperature is not None:
        fields["temperature"] = view.temperature
    if view.top_p is not None:
        fields["top_p"] = view.top_p
    if (plain := _PLAIN_OF(view)) != _UNSAID:
        fields |= {name: value for name, value in zip(_PLAIN, plain, strict=True) if value is not None}
    if view.n is not None and "n" in quirks.lacks:
        if view.n != 1:
            raise draft.cannot_say(f"{view.n} choices in one answer", "n")
        del fields["n"]
    if view.max_tokens is not None:
        fields[quirks.max_tokens_field] = view.max_tokens
    if view.stop:
        fields["stop"] = view.stop
    if view.tools:
        offered = draft.offered(view.tools, NAME)
        fields["tools"] = [tool_item(tool, f"tools[{place}]", draft) for place, tool in offered]
    if view.tool_choice is not None:
        fields["tool_choice"] = choice_item(view.tool_choice, view.tools)
    # OpenAI refuses the word where there are no tools
    if view.parallel_tool_calls is not None and (view.tools or draft.own):
        fields["parallel_tool_calls"] = view.parallel_tool_calls
    if view.response_format is not None:
        fields["response_format"] = _format(view.response_format, draft)
    if view.logit_bias is not None:
        fields["logit_bias"] = _whole(view.logit_bias)
    if view.modalities:
        fields["modalities"] = view.modalities
    if view.audio is not None:
        fields["audio"] = {"voice": view.audio.voice, "format": view.audio.format}
    if view.prediction is not None:
        fields["prediction"] = _prediction(view.prediction, draft)
    if view.prompt_cache_ttl is not None:
        fields["prompt_cache_retention"] = view.prompt_cache_ttl
    if (beyond := _BEYOND_OF(view)) != _NOT_BEYOND:
        for name, value in zip(_BEYOND, beyond, strict=True):
            if value is not None and (draft.own or name in quirks.sampling or draft.admits(name)):
                fields[name] = value
    if view.reasoning is not None:
        said = reasoning_fields(view.reasoning, draft)
        fields |= {name: value for name, value in said.items() if value is not None}
    return fields


def _whole(biases: dict[str, float]) -> dict[str, float]:
    """OpenAI takes whole numbers only; other servers know halves."""
    return {token: int(bias) if bias == int(bias) else bias for token, bias in biases.items()}


def _format(form: ResponseFormat, draft: ChatDraft) -> dict[str, Any]:
    if form.type not in draft.quirks.formats and draft.upstream.params != "pass":
        raise draft.cannot_say(form.type, "response_format")
    if form.type != "json_schema":
        return {"type": form.type}
    name = form.name if form.name or draft.own else "answer"  # OpenAI wants one; other languages have none
    schema = {"name": name, "description": form.description, "schema": form.schema, "strict": form.strict}
    return {"type": "json_schema", "json_schema": {name: value for name, value in schema.items() if value is not None}}


def _prediction(message: Message, draft: ChatDraft) -> dict[str, Any]:
    return {"type": "content", "content": message_items(message, "prediction", draft)[0]["content"]}


def _add_extras(fields: dict[str, Any], view: ChatRequest, draft: ChatDraft) -> None:
    """What the caller wrote in this dialect goes as it came; another dialect's own words are tuning we lack."""
    for name, value in view.extra.items():
        if view.native == NAME:
            if name in draft.quirks.lacks and not draft.admits(name):
                continue
            both = isinstance(fields.get(name), dict)
            fields[name] = fields[name] | MEMBERS.decode(value) if both else value
        elif draft.admits(name):
            fields[name] = value


def _members(value: Any) -> dict[str, Any]:
    return dict(MEMBERS.decode(value)) if isinstance(value, msgspec.Raw) else {}
