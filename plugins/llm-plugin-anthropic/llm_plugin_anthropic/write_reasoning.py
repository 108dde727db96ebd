"""How much the model may think: a budget or an effort, whichever it takes (Anthropic API reference, Messages,
`thinking` and `output_config.effort`).
"""

from typing import Any

from msgspec import Struct

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.chat import ChatRequest, Reasoning
from lockgate_ports.parts import Thinking, ToolCall

LEAST_BUDGET = 1024
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768, "max": 32768}
_EFFORTS = {"minimal": "low"}


class Thought(Struct, frozen=True):
    """`thinking` and `output_config.effort`, each None where it is not said."""

    thinking: dict[str, Any] | None = None
    effort: str | None = None

    @property
    def on(self) -> bool:
        """The model thinks, so sampling and forced tools are not for it."""
        return self.thinking is not None and self.thinking["type"] != "disabled"


def thought_of(view: ChatRequest, draft: MessagesDraft, *, max_tokens: int, forced: bool) -> Thought:
    """`forced`: a tool must be called, which the API has no thinking with."""
    reasoning = view.reasoning
    if reasoning is None:
        return Thought()
    if draft.own:
        return _own(reasoning)
    if reasoning.enabled is False or reasoning.effort == "none":
        return Thought({"type": "disabled"}) if draft.model.thinks else Thought()
    if reasoning.effort is None and reasoning.budget_tokens is None and reasoning.enabled is None:
        return Thought()
    word = "reasoning_effort" if reasoning.effort is not None else "reasoning"
    cannot = not draft.model.thinks or forced or (not draft.model.adaptive and _thoughts_are_lost(view))
    if cannot and not draft.admits(word):
        return Thought()
    budget = reasoning.budget_tokens
    if budget is not None and not draft.model.budgets and not draft.admits("reasoning.budget_tokens"):
        budget = None
    if draft.model.adaptive and budget is None:
        thinking: dict[str, Any] = {"type": "adaptive"}
        if reasoning.summary is not None:
            thinking["display"] = "summarized"
        return Thought(thinking, _EFFORTS.get(reasoning.effort or "", reasoning.effort))
    if max_tokens <= LEAST_BUDGET and not draft.admits(word):
        return Thought()
    return Thought({"type": "enabled", "budget_tokens": _budget(budget, reasoning.effort, max_tokens, draft)})


def _own(reasoning: Reasoning) -> Thought:
    if reasoning.enabled is None and reasoning.budget_tokens is None:
        return Thought(None, reasoning.effort)
    if reasoning.enabled is False:
        return Thought({"type": "disabled"}, reasoning.effort)
    if reasoning.budget_tokens is None:
        return Thought({"type": "adaptive"}, reasoning.effort)
    return Thought({"type": "enabled", "budget_tokens": reasoning.budget_tokens}, reasoning.effort)


def _budget(given: int | None, effort: str | None, max_tokens: int, draft: MessagesDraft) -> int:
    """At least 1024 and less than `max_tokens`; one made of an effort leaves a fifth for the answer."""
    if given is None:
        return max(LEAST_BUDGET, min(_BUDGETS.get(effort or "medium", 4096), max_tokens * 4 // 5))
    fitting = max(LEAST_BUDGET, min(given, max_tokens - 1))
    if fitting != given:
        draft.leave_out("reasoning.budget_tokens")
    return fitting


def _thoughts_are_lost(view: ChatRequest) -> bool:
    """A turn that calls tools must begin with the thinking that led to them, signed; a client of another dialect has
    no place to keep it."""
    for message in reversed(view.messages):
        if message.role == "user":
            return False
        if message.role == "assistant" and any(isinstance(part, ToolCall) for part in message.parts):
            return not any(isinstance(part, Thinking) and part.native == NAME for part in message.parts)
    return False
