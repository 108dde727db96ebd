"""Why an answer ended (Cohere API v2, ChatFinishReason)."""

from lockgate_ports.chat import FinishReason
from lockgate_ports.errors import UpstreamError, clip

_WORDS: dict[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    # words of v1 that some deployments still say
    "ERROR_TOXIC": "content_filter",
    "ERROR_LIMIT": "length",
}


def reason_of(word: str | None, *, calls: bool) -> FinishReason | None:
    """Our word; None for one we do not know."""
    reason = _WORDS.get(word or "")
    return "tool_calls" if calls and reason == "stop" else reason


def failure_of(word: str | None, told: str | None) -> UpstreamError | None:
    """The error that an answer which ended in one stands for."""
    what = f": {clip(told)}" if told else ""
    if word == "TIMEOUT":
        return UpstreamError(
            f"took too long to generate{what}", kind="timeout", upstream_status=200, upstream_code=word
        )
    if word == "ERROR" or told:
        return UpstreamError(
            f"failed while it generated{what}",
            kind="transient",
            upstream_status=200,
            upstream_code=word,
            upstream_message=clip(told) if told else None,
        )
    return None
