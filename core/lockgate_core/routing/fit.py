"""Can this model do that? Judged by its card; what a card does not say may be."""

from lockgate_core.routing.need import Need
from lockgate_core.routing.values import Candidate, Dropped
from lockgate_ports.cards import ModelCard

_STATUS = {
    "testing": "is in testing, and answers only whoever asks for it as provider_id/model",
    "draining": "is being drained and gets no new calls",
    "disabled": "is disabled",
}


def stands_back(candidate: Candidate) -> Dropped | None:
    """Why routes pass it over, whatever is asked; None when they do not."""
    if candidate.status == "active":
        return None
    return Dropped(candidate.target, "status", _STATUS[candidate.status])


def misfit(candidate: Candidate, need: Need) -> Dropped | None:
    """Why it cannot do what is needed; None when it can, or may."""
    card = candidate.card
    if card is None:
        return None
    if card.context_tokens is not None and need.input_tokens > card.context_tokens:
        reason = f"holds {card.context_tokens} tokens, and the request is {need.input_tokens} at least"
        return Dropped(candidate.target, "context_length", reason)
    reason = _lacks(card, need)
    return Dropped(candidate.target, "unsupported", reason) if reason else None


def is_likely_too_long(card: ModelCard | None, tokens: int) -> bool:
    """Does its context hold fewer than an estimate says? Then others are asked before it, for an estimate may err."""
    return card is not None and card.context_tokens is not None and tokens > card.context_tokens


def _lacks(card: ModelCard, need: Need) -> str:
    told = bool(card.operations) and need.operation in ("chat", "embeddings", "rerank")
    if told and need.operation not in card.operations:
        return f"has no {need.operation}"
    if need.tools and card.tools is False:
        return "calls no tools"
    if need.structured_output and card.structured_output is False:
        return "holds itself to no JSON schema"
    if card.inputs is not None and (missing := need.inputs.difference(card.inputs)):
        return f"takes no {', '.join(sorted(missing))}"
    if card.outputs is not None and (missing := need.outputs.difference(card.outputs)):
        return f"makes no {', '.join(sorted(missing))}"
    return ""
