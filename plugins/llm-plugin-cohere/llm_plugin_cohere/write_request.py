"""The canonical view becomes a request (Cohere API v2, Chat, POST /v2/chat)."""

from typing import Any

from llm_plugin_cohere.leaving import leave
from llm_plugin_cohere.names import CHAT
from llm_plugin_cohere.wire import post
from llm_plugin_cohere.write_messages import message_items
from llm_plugin_cohere.write_tools import tool_fields
from lockgate_ports.chat import ChatRequest, Reasoning, ResponseFormat
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft, asks
from lockgate_ports.json_post import encode

PATH = "/v2/chat"
_PLAIN = ("temperature", "max_tokens", "seed", "frequency_penalty", "presence_penalty")
_RENAMED = {"top_p": "p", "top_k": "k"}
_LACKS = (
    *("min_p", "repetition_penalty", "logit_bias", "top_logprobs", "verbosity", "service_tier", "metadata", "user"),
    *("store", "prompt_cache_key", "prompt_cache_ttl"),
)
_COHERES_OWN = ("documents", "citation_options", "safety_mode", "strict_tools", "priority", "thinking")
"""Fields that clients of any dialect may add: nobody else has a word of that name with another meaning."""


def write_request(view: ChatRequest, upstream: Upstream) -> Written:
    """Raises Unsupported, naming the field, for what Cohere cannot be told."""
    draft = Draft(upstream)
    fields: dict[str, Any] = {"model": upstream.model}
    fields["messages"] = [
        item
        for place, message in enumerate(view.messages)
        for item in message_items(message, f"messages[{place}]", draft)
    ]
    fields |= {name: value for name in _PLAIN if (value := getattr(view, name)) is not None}
    fields |= {word: value for name, word in _RENAMED.items() if (value := getattr(view, name)) is not None}
    if view.stop:
        fields["stop_sequences"] = list(view.stop)
    if view.logprobs:
        fields["logprobs"] = True
    fields |= tool_fields(view.tools, view.tool_choice, draft)
    if view.response_format is not None:
        fields |= _format(view.response_format, draft)
    if view.reasoning is not None:
        fields |= _thinking(view.reasoning, draft)
    _answers(view, draft)
    _leave(fields, view, draft)
    for name, value in view.extra.items():
        if view.native == CHAT or name in _COHERES_OWN or draft.admits(name):
            fields[name] = value
    if upstream.stream:
        fields["stream"] = True
    return Written(post(PATH, encode(fields), upstream), draft.dropped)


def _answers(view: ChatRequest, draft: Draft) -> None:
    """How many answers of what kind: content, which may not be left out."""
    if view.n is not None and view.n > 1:
        raise draft.cannot_say("n above 1; ask several times", "n")
    if view.audio is not None or any(kind != "text" for kind in view.modalities):
        raise draft.cannot_say("answers but text", "modalities")


def _leave(fields: dict[str, Any], view: ChatRequest, draft: Draft) -> None:
    for name in _LACKS:
        value = getattr(view, name)
        if asks(name, value) and draft.admits(name):
            fields[name] = value
    if view.parallel_tool_calls is False and view.tools and draft.admits("parallel_tool_calls"):
        fields["parallel_tool_calls"] = False
    if view.prediction is not None:
        leave(draft, "prediction")


def _format(form: ResponseFormat, draft: Draft) -> dict[str, Any]:
    """A schema always binds; its name and description have no place."""
    if form.type == "text":
        return {"response_format": {"type": "text"}}
    said: dict[str, Any] = {"type": "json_object"}
    if form.type == "json_schema":
        if form.schema is not None:
            said["json_schema"] = form.schema
        if form.description is not None:
            draft.leave_out("response_format.description")
    return {"response_format": said}


def _thinking(reasoning: Reasoning, draft: Draft) -> dict[str, Any]:
    """`thinking` is on or off, with a budget; how hard to think it does not know."""
    if reasoning.summary is not None:
        leave(draft, "reasoning.summary")
    if reasoning.enabled is False or reasoning.effort == "none":
        return {"thinking": {"type": "disabled"}}
    if reasoning.budget_tokens is not None:
        return {"thinking": {"type": "enabled", "token_budget": reasoning.budget_tokens}}
    if reasoning.effort is not None:
        leave(draft, "reasoning.effort")
        return {"thinking": {"type": "enabled"}}
    return {"thinking": {"type": "enabled"}} if reasoning.enabled else {}
