"""The canonical view becomes a request (Anthropic API reference, Messages, Create and Count tokens)."""

from operator import attrgetter
from typing import Any

from llm_plugin_anthropic.betas import betas_for
from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import Quirks
from llm_plugin_anthropic.read_view import TIERS
from llm_plugin_anthropic.send import cloud_request, http_request
from llm_plugin_anthropic.write_format import answer_tool, native_format
from llm_plugin_anthropic.write_messages import conversation
from llm_plugin_anthropic.write_reasoning import Thought, thought_of
from llm_plugin_anthropic.write_tools import choice_of, tools_of
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import ChatRequest, ToolChoice
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.json_post import encode

_FOREIGN = (
    *("min_p", "seed", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias", "logprobs"),
    *("top_logprobs", "verbosity", "store", "prompt_cache_key", "prompt_cache_ttl"),
)
_FOREIGN_OF = attrgetter(*_FOREIGN)
_UNSAID = (None,) * len(_FOREIGN)
_NEUTRAL: dict[str, Any] = {"repetition_penalty": 1, "seed": None}
"""What changes nothing needs no word; for all others that is 0, false or nothing."""
_TIERS = {ours: theirs for theirs, ours in TIERS.items()}


def write_request(view: ChatRequest, upstream: Upstream, quirks: Quirks) -> Written:
    """Raises Unsupported, naming the field, for content the API cannot be told."""
    draft = MessagesDraft(upstream, quirks, view.native)
    if view.n is not None and view.n != 1:
        raise draft.cannot_say("wish for more than one answer", "n")
    if view.audio is not None or "audio" in view.modalities:
        raise draft.cannot_say("wish for spoken answers", "modalities")
    max_tokens = view.max_tokens if view.max_tokens is not None else quirks.max_tokens(upstream.model)
    fields: dict[str, Any] = {"max_tokens": max_tokens}
    _ask(fields, view, draft, max_tokens)
    thinking = fields.get("thinking")
    _sample(fields, view, draft, thinks=thinking is not None and thinking["type"] != "disabled")
    if view.stop:
        # the API refuses a sequence of white space alone
        stop = [each for place, each in enumerate(view.stop) if each.strip() or draft.admits(f"stop[{place}]")]
        if stop:
            fields["stop_sequences"] = stop
    if view.metadata is not None or view.user is not None:
        _name_user(fields, view, draft)
    if view.service_tier is not None:
        _set_tier(fields, view.service_tier, draft)
    if _FOREIGN_OF(view) != _UNSAID:
        for name in _FOREIGN:
            value = getattr(view, name)
            if value is not None and value != _NEUTRAL.get(name, 0) and value != {} and draft.admits(name):
                fields[name] = value
    if view.prediction is not None:
        draft.admits("prediction")
    if view.extra:
        _add_extras(fields, view, draft)
    if upstream.stream and quirks.stream_in_body:
        fields["stream"] = True
    path = quirks.stream_path if upstream.stream else quirks.path
    return _written(fields, draft, path, names_model=quirks.model_in_body)


def write_count(view: ChatRequest, upstream: Upstream, quirks: Quirks) -> Written:
    """What bears on the length of a request, and nothing else. Raises Unsupported, naming the field."""
    draft = MessagesDraft(upstream, quirks, view.native)
    fields: dict[str, Any] = {}
    _ask(fields, view, draft, view.max_tokens or quirks.max_tokens(upstream.model))
    if draft.own:
        _add_extras(fields, view, draft)
    return _written(fields, draft, quirks.count_path, names_model=True)


def _ask(fields: dict[str, Any], view: ChatRequest, draft: MessagesDraft, max_tokens: int) -> None:
    """The conversation, tools, the form of the answer and how much thought goes into it."""
    system, messages = conversation(view.messages, draft)
    if system:
        fields["system"] = system
    fields["messages"] = messages
    form = view.response_format
    if not view.tools and form is None and view.reasoning is None:
        return
    tools = tools_of(view, draft)
    choice = choice_of(view.tool_choice, view.parallel_tool_calls, own=draft.own) if tools else None
    config: dict[str, Any] = {}
    if form is not None and form.type != "text":
        config["format"] = native_format(form, draft)
        if config["format"] is None:
            tools = [*tools, answer_tool(form, draft)]
            choice = _answering(view.tool_choice if choice is not None else None, choice, alone=len(tools) == 1)
    forced = choice is not None and choice["type"] in ("any", "tool")
    thought: Thought = thought_of(view, draft, max_tokens=max_tokens, forced=forced)
    config["effort"] = thought.effort
    config = {name: value for name, value in config.items() if value is not None}
    said = {"tools": tools, "tool_choice": choice, "thinking": thought.thinking, "output_config": config}
    fields |= {name: value for name, value in said.items() if value}


def _answering(asked: ToolChoice | None, choice: dict[str, Any] | None, *, alone: bool) -> dict[str, Any]:
    """The tool that stands for the answer is called, or one of the caller's before it."""
    if alone or (asked is not None and asked.mode == "none"):
        return {"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": True}
    if choice is None or choice["type"] == "auto":
        return {**(choice or {}), "type": "any"}
    return choice


def _sample(fields: dict[str, Any], view: ChatRequest, draft: MessagesDraft, *, thinks: bool) -> None:
    """A model that thinks samples in its own way; hotter than 1 the API does not go."""
    known, own = draft.quirks.sampling, draft.own
    if (heat := view.temperature) is not None:
        fits = known and (own or (heat <= 1 and (heat == 1 or not thinks)))
        if fits or draft.admits("temperature"):
            fields["temperature"] = heat
    if (share := view.top_p) is not None:
        fits = known and (own or share >= 0.95 or not thinks)
        if fits or draft.admits("top_p"):
            fields["top_p"] = share
    if view.top_k is not None:
        fits = known and (own or not thinks)
        if fits or draft.admits("top_k"):
            fields["top_k"] = view.top_k


def _name_user(fields: dict[str, Any], view: ChatRequest, draft: MessagesDraft) -> None:
    given = view.metadata or {}
    user = view.user or given.get("user_id")
    if given.keys() - {"user_id"}:
        draft.admits("metadata")  # the API refuses members that it does not know, so `pass` passes none
    if user:
        fields["metadata"] = {"user_id": user}


def _set_tier(fields: dict[str, Any], word: str, draft: MessagesDraft) -> None:
    told = _TIERS.get(word)
    if told is None and (draft.own or draft.admits("service_tier")):
        told = word
    if told is not None:
        fields["service_tier"] = told


def _add_extras(fields: dict[str, Any], view: ChatRequest, draft: MessagesDraft) -> None:
    """What the caller wrote in this dialect goes as it came; another dialect's own words are tuning the API lacks."""
    for name, value in view.extra.items():
        if draft.own:
            if not name.startswith("tools."):
                both = isinstance(fields.get(name), dict) and name != "thinking"
                fields[name] = fields[name] | MEMBERS.decode(value) if both else value
        elif draft.admits(name) and fields.get(name) is None:
            fields[name] = value


def _written(fields: dict[str, Any], draft: MessagesDraft, path: str, *, names_model: bool) -> Written:
    upstream, quirks = draft.upstream, draft.quirks
    head: dict[str, Any] = {"model": upstream.model} if names_model else {}
    if quirks.version_in_body is None:
        return Written(http_request(encode(head | fields), upstream, quirks, path), draft.dropped)
    head["anthropic_version"] = quirks.version_in_body
    betas = betas_for(upstream, quirks, draft)
    if betas and quirks.betas != "header":
        head["anthropic_beta"] = betas
    # what a caller wrote for another cloud under these names does not count here
    return Written(cloud_request(encode(head | fields | head), upstream, quirks, path, betas), draft.dropped)
