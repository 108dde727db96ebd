"""A whole answer for a client (OpenAI API reference, Chat Completions, the object chat.completion)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.finish import written
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import detail_of
from llm_plugin_openai.usage import write_usage
from llm_plugin_openai.write_parts import call_item
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.parts import Audio, InlineSource, Native, Text, Thinking

FRESH_ID = "chatcmpl-lockgate"


def write_response(answer: ChatResponse) -> bytes:
    """`chat.completion`. An answer without an id gets a plain one, since clients count on it."""
    fields: dict[str, Any] = {
        "id": answer.id or FRESH_ID,
        "object": "chat.completion",
        "created": answer.created or 0,
        "model": answer.model or "",
        "choices": [_choice(choice) for choice in answer.choices],
    }
    if answer.usage is not None:
        fields["usage"] = write_usage(answer.usage)
    if answer.service_tier is not None:
        fields["service_tier"] = answer.service_tier
    if answer.system_fingerprint is not None:
        fields["system_fingerprint"] = answer.system_fingerprint
    if answer.native == NAME:
        fields = {**answer.extra, **fields}
    return msgspec.json.encode(fields)


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "index": choice.index,
        "message": _message(choice),
        "logprobs": choice.logprobs,
        "finish_reason": written(choice.finish_reason, choice.native_finish_reason),
    }


def _message(choice: Choice) -> dict[str, Any]:
    texts = [part for part in choice.parts if isinstance(part, Text)]
    thoughts = [part for part in choice.parts if isinstance(part, Thinking)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(part.text for part in texts) if texts else None,
        "refusal": choice.refusal,
    }
    if shown := "".join(part.text for part in thoughts):
        message["reasoning_content"] = shown
    if details := [detail_of(part) for part in thoughts if part.native == NAME and (part.signature or part.redacted)]:
        message["reasoning_details"] = details
    if calls := [call_item(call) for call in choice.tool_calls]:
        message["tool_calls"] = calls
    notes = [part.annotations for part in texts if part.native == NAME and part.annotations is not None]
    if notes:
        message["annotations"] = [note for array in notes for note in msgspec.json.decode(array, type=list[Raw])]
    for part in choice.parts:
        if isinstance(part, Audio):
            message["audio"] = _audio(part)
        elif isinstance(part, Native) and part.dialect == NAME and part.type == "image_url":
            message.setdefault("images", []).append(part.raw)
    return message


def _audio(part: Audio) -> dict[str, Any]:
    return {
        "id": part.id or "",
        "data": part.source.data if isinstance(part.source, InlineSource) else "",
        "expires_at": part.expires_at or 0,
        "transcript": part.transcript or "",
    }
