"""How much a model may think, by family (Amazon Bedrock user guide, "Extended thinking" and "Adaptive thinking"; Amazon
Nova 2 user guide, "Extended thinking"; "OpenAI models").
"""

from typing import Any

from llm_plugin_bedrock.converse_draft import ConverseDraft
from lockgate_ports.chat import ChatRequest, Reasoning

_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768, "max": 32768}
"""Tokens of thought for an effort, where a family takes a budget alone."""
_LEAST = 1024
"""The smallest budget that Claude takes."""

Said = tuple[dict[str, Any], dict[str, Any]]


def reasoning_fields(view: ChatRequest, draft: ConverseDraft) -> Said:
    """Members of `outputConfig` and of `additionalModelRequestFields`."""
    reasoning = view.reasoning
    if reasoning is None:
        return {}, {}
    if reasoning.summary is not None:
        draft.lacks("reasoning.summary")
    if reasoning.effort is None and reasoning.budget_tokens is None and reasoning.enabled is None:
        return {}, {}
    off = reasoning.enabled is False or reasoning.effort == "none"
    family = draft.family
    if family.claude:
        return ({}, {"thinking": {"type": "disabled"}}) if off else _claude(reasoning, view.max_tokens, draft)
    if family.nova and "nova-2" in family.model:
        return {}, {"reasoningConfig": {"type": "disabled"} if off else _nova(reasoning, draft)}
    if family.maker == "openai" and reasoning.effort is not None:
        return {}, {"reasoning_effort": reasoning.effort}
    if off:
        return {}, {}  # nothing was asked of it
    if reasoning.effort is not None and draft.admits("reasoning.effort"):
        return {}, {"reasoning_effort": reasoning.effort}
    if reasoning.effort is None:
        draft.lacks("reasoning")
    return {}, {}


def _claude(reasoning: Reasoning, max_tokens: int | None, draft: ConverseDraft) -> Said:
    budget = reasoning.budget_tokens
    if budget is not None:
        return {}, {"thinking": {"type": "enabled", "budget_tokens": budget}}
    effort = reasoning.effort or "medium"
    if draft.family.adaptive:
        word = effort if effort in _EFFORTS else "low"
        return {"effort": word} if reasoning.effort else {}, {"thinking": {"type": "adaptive"}}
    budget = _BUDGETS.get(effort, _BUDGETS["medium"])
    if max_tokens is not None:
        budget = min(budget, max_tokens - 1)  # thoughts are part of the answer's limit
    if budget < _LEAST:
        draft.lacks("reasoning")
        return {}, {}
    return {}, {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _nova(reasoning: Reasoning, draft: ConverseDraft) -> dict[str, Any]:
    effort = reasoning.effort or "medium"
    if reasoning.budget_tokens is not None:
        draft.lacks("reasoning.budget_tokens")
    word = {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)
    return {"type": "enabled", "maxReasoningEffort": word}
