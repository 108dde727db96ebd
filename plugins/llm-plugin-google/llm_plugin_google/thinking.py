"""How much a model may think: effort words and budgets, as each generation of Gemini takes them (Gemini API, Thinking;
OpenAI compatibility).

| asked         | 2.5 `thinkingBudget`        | 3 and later `thinkingLevel`           |
|---------------|-----------------------------|---------------------------------------|
| none, off     | 0; 128 for Pro, its least   | MINIMAL; LOW for Pro, its least       |
| minimal       | 1024                        | MINIMAL; LOW for Pro                  |
| low           | 1024                        | LOW                                   |
| medium        | 8192                        | MEDIUM; HIGH for gemini-3-pro         |
| high, beyond  | 24576                       | HIGH                                  |
| on            | -1: as much as it finds fit | (the model's own default)             |
| a budget      | the budget                  | the budget                            |

Models before 2.5 do not think.
"""

from typing import Any

from llm_plugin_google.models import generation, is_pro
from lockgate_ports.chat import Reasoning
from lockgate_ports.draft import Draft

_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
_LEVELS = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
_LEAST_OF_PRO = 128


def thinking_config(reasoning: Reasoning, draft: Draft, *, own: bool) -> dict[str, Any] | None:
    """`thinkingConfig`; thoughts are asked for where thinking is, since other dialects' clients expect them. `own`: the
    request came in this dialect and says itself whether it wants them. Raises Unsupported, by `params`."""
    model = draft.upstream.model
    born = generation(model)
    effort = "none" if reasoning.enabled is False and reasoning.effort is None else reasoning.effort
    budget = reasoning.budget_tokens
    if born is not None and born < 2.5:
        if effort != "none" and budget != 0:
            draft.admits("reasoning")
        return None
    config: dict[str, Any] = {}
    if budget is not None:
        config["thinkingBudget"] = budget
    elif effort is not None and effort not in _LEVELS:
        draft.admits("reasoning_effort")
    elif effort is not None and (born is None or born >= 3):
        config["thinkingLevel"] = _level(effort, model)
    elif effort is not None:
        config["thinkingBudget"] = max(_BUDGETS[effort], _LEAST_OF_PRO if is_pro(model) else 0)
    elif reasoning.enabled and born is not None and born < 3:
        config["thinkingBudget"] = -1
    asked = reasoning.summary not in (None, "none") or not own
    if asked and reasoning.summary != "none" and effort != "none" and budget != 0:
        config["includeThoughts"] = True
    return config or None


def reasoning_of(budget: int | None, level: str | None, include_thoughts: bool | None) -> Reasoning | None:
    """The canonical wish behind a `thinkingConfig`: a budget of -1 leaves it to the model."""
    effort = level.lower() if level and not level.endswith("UNSPECIFIED") else None
    summary = "auto" if include_thoughts else None
    if budget == -1:
        return Reasoning(effort, enabled=True, summary=summary)
    if effort is None and budget is None and summary is None:
        return None
    return Reasoning(effort, budget, False if budget == 0 else None, summary)


def _level(effort: str, model: str) -> str:
    level = _LEVELS[effort]
    if is_pro(model) and level == "MINIMAL":
        return "LOW"
    return "HIGH" if level == "MEDIUM" and "gemini-3-pro" in model else level
