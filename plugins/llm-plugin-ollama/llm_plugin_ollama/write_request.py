"""The canonical view becomes a request (Ollama API, Generate a chat completion, POST /api/chat)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_ollama.wire import CHAT, post
from llm_plugin_ollama.write_messages import MessageWriter
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import ChatRequest, FunctionTool, Reasoning, ResponseFormat, Tool, ToolChoice
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft, asks
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.json_post import encode

PATH = "/api/chat"
_OPTIONS = {
    **{name: name for name in ("temperature", "top_p", "top_k", "min_p", "seed")},
    **{name: name for name in ("presence_penalty", "frequency_penalty")},
    "repetition_penalty": "repeat_penalty",
    "max_tokens": "num_predict",
}
_LACKS = (
    *("logit_bias", "verbosity", "service_tier", "metadata", "user", "store", "prompt_cache_key", "prompt_cache_ttl"),
)
_OLLAMAS_OWN = ("keep_alive", "think", "truncate", "shift")
"""Fields that clients of any dialect may add, besides `options`; what Ollama calls so is meant."""
_EFFORTS = ("low", "medium", "high")


def write_request(
    view: ChatRequest, upstream: Upstream, options: Mapping[str, Any], keep_alive: str | int | None
) -> Written:
    """`options` and `keep_alive` are the provider's own, which a caller's go before. Raises Unsupported, naming the
    field, for what Ollama cannot be told."""
    draft = Draft(upstream)
    writer = MessageWriter(draft)
    fields: dict[str, Any] = {"model": upstream.model, "stream": upstream.stream}
    fields["messages"] = [
        item for place, message in enumerate(view.messages) for item in writer.items(message, f"messages[{place}]")
    ]
    tools = _offered(view.tools, view.tool_choice, draft)
    if tools:
        fields["tools"] = [_tool(tool, f"tools[{place}]", draft) for place, tool in tools]
    if view.response_format is not None and view.response_format.type != "text":
        fields["format"] = _format(view.response_format)
    if view.reasoning is not None:
        fields |= _think(view.reasoning, draft)
    if view.logprobs:
        fields["logprobs"] = True
    if view.top_logprobs is not None:
        fields["top_logprobs"] = view.top_logprobs
    if keep_alive is not None:
        fields["keep_alive"] = keep_alive
    _leave(fields, view, draft)
    for name, value in view.extra.items():
        if name != "options" and (view.native == CHAT or name in _OLLAMAS_OWN or draft.admits(name)):
            fields[name] = value
    if said := {**options, **_options(view)}:
        fields["options"] = said
    return Written(post(PATH, encode(fields), upstream), draft.dropped)


def _options(view: ChatRequest) -> dict[str, Any]:
    """The caller's own `options`, and the tuning that has a canonical name."""
    given = view.extra.get("options")
    try:
        said: dict[str, Any] = {} if given is None else dict(MEMBERS.decode(given))
    except msgspec.ValidationError:
        raise InvalidRequest('options must be an object, such as {"num_ctx": 8192}', param="options") from None
    said |= {word: value for name, word in _OPTIONS.items() if (value := getattr(view, name)) is not None}
    if view.stop:
        said["stop"] = list(view.stop)
    return said


def _leave(fields: dict[str, Any], view: ChatRequest, draft: Draft) -> None:
    if view.n is not None and view.n > 1:
        raise draft.cannot_say("n above 1; ask several times", "n")
    if view.audio is not None or any(kind != "text" for kind in view.modalities):
        raise draft.cannot_say("answers but text", "modalities")
    for name in _LACKS:
        value = getattr(view, name)
        if asks(name, value) and draft.admits(name):
            fields[name] = value
    if view.parallel_tool_calls is False and view.tools and draft.admits("parallel_tool_calls"):
        fields["parallel_tool_calls"] = False
    if view.prediction is not None:
        _cannot(draft, "prediction")


def _offered(tools: Sequence[Tool], choice: ToolChoice | None, draft: Draft) -> Sequence[tuple[int, Tool]]:
    """Ollama's models choose for themselves: what must not be called is not offered; that something must be called
    can only be left out, and is named."""
    numbered = draft.offered(tools, CHAT)
    if choice is None:
        return numbered
    if choice.mode == "none":
        return []
    if choice.mode in ("required", "named"):
        _cannot(draft, "tool_choice")
    wanted = choice.allowed or ((choice.name,) if choice.mode == "named" else ())
    if not wanted:
        return numbered
    offered = [(place, tool) for place, tool in numbered if isinstance(tool, FunctionTool) and tool.name in wanted]
    if not offered:
        raise InvalidRequest(f"tool_choice names {wanted[0]!r}, which is not in tools", param="tool_choice")
    return offered


def _tool(tool: Tool, at: str, draft: Draft) -> dict[str, Any]:
    if not isinstance(tool, FunctionTool):
        raise draft.cannot_say("tool but functions", at)
    if tool.strict:
        _cannot(draft, "tools.strict")
    if tool.cache:
        _cannot(draft, "cache_control")
    parameters = tool.parameters if tool.parameters is not None else Raw(b'{"type":"object","properties":{}}')
    function = {"name": tool.name, "description": tool.description or "", "parameters": parameters}
    return {"type": "function", "function": function}


def _format(form: ResponseFormat) -> str | Raw:
    """A schema, or any JSON; a schema's name and description are labels."""
    return form.schema if form.type == "json_schema" and form.schema is not None else "json"


def _think(reasoning: Reasoning, draft: Draft) -> dict[str, Any]:
    """On, off, or one of three efforts; a budget has no place."""
    for name in ("budget_tokens", "summary"):
        if getattr(reasoning, name) is not None:
            _cannot(draft, f"reasoning.{name}")
    if reasoning.enabled is False or reasoning.effort == "none":
        return {"think": False}
    if reasoning.effort in _EFFORTS:
        return {"think": reasoning.effort}
    if reasoning.effort is not None:
        _cannot(draft, "reasoning.effort")
    asked = (reasoning.effort, reasoning.budget_tokens, reasoning.enabled)
    return {"think": True} if any(value is not None for value in asked) else {}


def _cannot(draft: Draft, name: str) -> None:
    """What has no place in a request under any `params`: left out and named. Raises Unsupported where strict."""
    if draft.admits(name):
        draft.leave_out(name)
