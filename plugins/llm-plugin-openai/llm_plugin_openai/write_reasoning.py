"""How much a model may think, in the words of many servers (OpenAI API reference, Chat Completions, Create)."""

from typing import Any

from llm_plugin_openai.draft import ChatDraft
from lockgate_ports.chat import Reasoning

_OFF = "none"


def reasoning_fields(reasoning: Reasoning, draft: ChatDraft) -> dict[str, Any]:
    """The fields that say it; None for one that is not said. Raises Unsupported where the settings are strict."""
    style = draft.quirks.thinking
    if style is None:
        return _by_effort(reasoning, draft)
    effort, budget, on = reasoning.effort, reasoning.budget_tokens, reasoning.enabled
    if on is None and (effort is not None or budget is not None):
        on = effort != _OFF
    _leave(draft, "reasoning.summary", reasoning.summary)
    if style == "enable_thinking":
        _leave(draft, "reasoning_effort", effort if effort != _OFF else None)
        return {"enable_thinking": on, "thinking_budget": budget}
    _leave(draft, "reasoning.max_tokens", budget)
    fields: dict[str, Any] = {"reasoning_effort": effort if effort != _OFF else None}
    if on is None:
        return fields
    match style:
        case "type" | "adaptive":
            word = "enabled" if style == "type" else style
            return fields | {"thinking": {"type": word if on else "disabled"}}
        case "enabled":
            return fields | {"reasoning": {"enabled": on}}
        case "template":
            return fields | {"chat_template_kwargs": {"enable_thinking": on}}


def _by_effort(reasoning: Reasoning, draft: ChatDraft) -> dict[str, Any]:
    members = {"max_tokens": reasoning.budget_tokens, "enabled": reasoning.enabled, "summary": reasoning.summary}
    said: dict[str, Any] = {name: value for name, value in members.items() if value is not None}
    if draft.quirks.reasoning_object:
        if reasoning.effort is not None:
            said["effort"] = reasoning.effort
        return {"reasoning": said} if said else {}
    if not draft.own:
        said = {name: value for name, value in said.items() if draft.admits(f"reasoning.{name}")}
    return {"reasoning_effort": reasoning.effort, "reasoning": said or None}


def _leave(draft: ChatDraft, name: str, value: object) -> None:
    """What such a server cannot be told in any words, whatever `params` says."""
    if value is not None and (draft.upstream.params == "pass" or not draft.admits(name)):
        draft.leave_out(name)
