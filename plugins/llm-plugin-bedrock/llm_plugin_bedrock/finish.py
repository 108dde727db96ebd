"""Why an answer ended (Amazon Bedrock API reference, Converse, `stopReason`)."""

from lockgate_ports.chat import FinishReason

_WORDS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


def reason_of(word: str | None, *, calls: bool) -> FinishReason | None:
    """Our word; None for one that means none of ours (`malformed_tool_use`). `calls`: the client has tools to call."""
    reason = _WORDS.get(word) if word is not None else None
    if reason in ("stop", "tool_calls"):
        return "tool_calls" if calls else "stop"
    return reason
