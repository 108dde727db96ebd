"""Why an answer ended: the words of many servers, and OpenAI's (API reference, Chat Completions, `finish_reason`)."""

from typing import Any

from lockgate_ports.chat import FinishReason

_WORDS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "end": "stop",
    "stop_sequence": "stop",
    "complete": "stop",
    "completed": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "max_length": "length",
    "max_output_tokens": "length",
    "tool_calls": "tool_calls",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
    "recitation": "content_filter",
    "refusal": "content_filter",
}


def native_word(value: Any) -> str | None:
    """The server's word as it came; None for null, an empty string and what is no word."""
    return value if isinstance(value, str) and value else None


def reason_of(word: str | None, *, calls: bool) -> FinishReason | None:
    """Our word; None for one we do not know. Many servers say `stop` when they mean to have tools called."""
    if not word:
        return None
    reason = _WORDS.get(word) or _WORDS.get(word.lower())
    return "tool_calls" if calls and reason == "stop" else reason


def written(reason: FinishReason | None, native: str | None) -> str:
    """A word for clients: ours, else the provider's own, else the plainest."""
    return reason or native or "stop"
