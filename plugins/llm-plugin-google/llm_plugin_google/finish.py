"""Why an answer ended (Gemini API reference, FinishReason and BlockReason)."""

from lockgate_ports.chat import FinishReason

_WORDS: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
_NONE_OF_OURS = frozenset(
    (
        *("LANGUAGE", "OTHER", "MALFORMED_FUNCTION_CALL", "IMAGE_OTHER", "NO_IMAGE", "UNEXPECTED_TOOL_CALL"),
        *("TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "ESCALATION", "CONTINUATION"),
    )
)
_WRITTEN: dict[FinishReason, str] = {
    "stop": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
}


def ends(word: str | None) -> bool:
    """Whether this word says that there is no more to come."""
    return bool(word) and word != "FINISH_REASON_UNSPECIFIED"


def reason_of(word: str | None, *, calls: bool) -> FinishReason | None:
    """Our word; None for one that means none of ours. Gemini says STOP when it wants functions called."""
    reason = _WORDS.get(word) if word is not None else None
    return "tool_calls" if calls and reason == "stop" else reason


def written(reason: FinishReason | None, native: str | None) -> str:
    """A word for clients: Gemini's own where it was one, else ours in its words, else OTHER."""
    if native is not None and (native in _NONE_OF_OURS or _WORDS.get(native) == reason is not None):
        return native
    return _WRITTEN[reason] if reason is not None else "OTHER"
