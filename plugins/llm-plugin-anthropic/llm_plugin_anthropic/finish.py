"""Why an answer ended: Anthropic's words and ours (Anthropic API reference, Messages, `stop_reason`)."""

from lockgate_ports.chat import FinishReason

_WORDS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "compaction": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_WRITTEN: dict[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def reason_of(word: str | None, *, calls: bool, answered: bool = False) -> FinishReason | None:
    """Our word; None for one we do not know. `calls`: a tool of the caller's is called; `answered`: the answer came by
    the tool that stands for a response format, which is no call."""
    reason = _WORDS.get(word) if word is not None else None
    if reason == "stop" and calls:
        return "tool_calls"
    if reason == "tool_calls" and answered and not calls:
        return "stop"
    return reason


def written(reason: FinishReason | None, native: str | None, *, refused: bool = False) -> str:
    """A word for clients: Anthropic's own where the answer came with it, else the one that means ours."""
    if reason is None:
        return native or "end_turn"
    if native is not None and _WORDS.get(native) == reason:
        return native
    return "refusal" if refused and reason == "stop" else _WRITTEN[reason]
