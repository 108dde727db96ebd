"""One answer, whole and streamed, in each provider's own language, around usage that is given."""

import json
import struct
from typing import Any
from zlib import crc32

Wire = tuple[bytes, bytes]
"""The body of a whole answer, and the same as a stream."""


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _sse(*events: Any, named: bool = False) -> bytes:
    names = [b"event: " + event["type"].encode() + b"\n" if named else b"" for event in events]
    return b"".join(name + b"data: " + _json(event) + b"\n\n" for name, event in zip(names, events, strict=True))


def chat(usage: dict[str, Any], **beside: Any) -> Wire:
    """OpenAI API reference, Chat Completions."""
    head = {"id": "c-1", "model": "m", "created": 1, **beside}
    said = {"role": "assistant", "content": "Hello"}
    whole = {**head, "choices": [{"index": 0, "message": said, "finish_reason": "stop"}], "usage": usage}
    pieces = (
        {**head, "choices": [{"index": 0, "delta": said, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {**head, "choices": [], "usage": usage},
    )
    return _json(whole), _sse(*pieces) + b"data: [DONE]\n\n"


def groq(usage: dict[str, Any]) -> Wire:
    """Groq's: a stream's usage stands in `x_groq` of its last choice."""
    whole, _ = chat(usage)
    head = {"id": "c-1", "model": "m", "created": 1}
    pieces = (
        {**head, "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": usage}},
    )
    return whole, _sse(*pieces) + b"data: [DONE]\n\n"


def responses(usage: dict[str, Any], *items: Any, **beside: Any) -> Wire:
    """OpenAI API reference, Responses and its streaming events."""
    text = {"type": "output_text", "text": "Hello", "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}
    head = {"id": "r-1", "object": "response", "model": "m", "created_at": 1, **beside}
    whole = {**head, "status": "completed", "output": [*items, message], "usage": usage}
    place = len(items)
    events = (
        {"type": "response.created", "response": {**head, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": place, "item": {**message, "content": []}},
        {"type": "response.output_text.delta", "output_index": place, "content_index": 0, "delta": "Hello"},
        {"type": "response.output_item.done", "output_index": place, "item": message},
        {"type": "response.completed", "response": whole},
    )
    return _json(whole), _sse(*events, named=True)


def messages(usage: dict[str, Any]) -> Wire:
    """Anthropic API reference, Messages and its streaming events; the first event tells all but the output."""
    message = {"id": "a-1", "type": "message", "role": "assistant", "model": "m"}
    first = {**usage, "output_tokens": 1}
    first.pop("output_tokens_details", None)
    first.pop("server_tool_use", None)
    last = {name: usage[name] for name in usage if name not in ("service_tier", "cache_creation")}
    events = (
        {"type": "message_start", "message": {**message, "content": [], "usage": first}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": last},
        {"type": "message_stop"},
    )
    content = [{"type": "text", "text": "Hello"}]
    return _json({**message, "content": content, "stop_reason": "end_turn", "usage": usage}), _sse(*events, named=True)


def gemini(usage: dict[str, Any]) -> Wire:
    """Gemini API reference, GenerateContentResponse; each chunk of a stream counts what there is so far."""
    parts = {"role": "model", "parts": [{"text": "Hello"}]}
    first = {name: usage[name] for name in usage if not name.startswith("candidates") and name != "thoughtsTokenCount"}
    first["candidatesTokenCount"] = 1
    head = {"modelVersion": "m", "responseId": "g-1"}
    done = {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP", "index": 0}
    whole = {**head, "candidates": [{"content": parts, "finishReason": "STOP", "index": 0}], "usageMetadata": usage}
    return _json(whole), _sse(
        {**head, "candidates": [{"content": parts, "index": 0}], "usageMetadata": first},
        {**head, "candidates": [done], "usageMetadata": usage},
    )


def converse(usage: dict[str, Any], **beside: Any) -> Wire:
    """Amazon Bedrock API reference, Converse and ConverseStream."""
    message = {"message": {"role": "assistant", "content": [{"text": "Hello"}]}}
    return _json({"output": message, "stopReason": "end_turn", "usage": usage, **beside}), b"".join(
        (
            _frame("messageStart", {"role": "assistant"}),
            _frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hello"}}),
            _frame("contentBlockStop", {"contentBlockIndex": 0}),
            _frame("messageStop", {"stopReason": "end_turn"}),
            _frame("metadata", {"usage": usage, "metrics": {"latencyMs": 1}, **beside}),
        )
    )


def _frame(kind: str, payload: dict[str, Any]) -> bytes:
    body = _json(payload)
    named = b""
    for name, value in ((b":event-type", kind.encode()), (b":message-type", b"event")):
        named += struct.pack("!B", len(name)) + name + b"\x07" + struct.pack("!H", len(value)) + value
    prelude = struct.pack("!II", 16 + len(named) + len(body), len(named))
    checked = prelude + struct.pack("!I", crc32(prelude)) + named + body
    return checked + struct.pack("!I", crc32(checked))


def cohere(usage: dict[str, Any]) -> Wire:
    """Cohere API v2, Chat."""
    content = [{"type": "text", "text": "Hello"}]
    whole = {"id": "c-1", "message": {"role": "assistant", "content": content}, "finish_reason": "COMPLETE"}
    start = {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant", "content": []}}}
    opened = {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}
    words = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Hello"}}}}
    end = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}}
    return _json({**whole, "usage": usage}), _sse(start, opened, words, {"type": "content-end", "index": 0}, end)


def ollama(counts: dict[str, Any]) -> Wire:
    """Ollama API, Chat."""
    head = {"model": "m", "created_at": "2026-11-20T10:00:00Z"}
    said = {"role": "assistant", "content": "Hello"}
    end = {"done": True, "done_reason": "stop", **counts}
    last = {**head, "message": {"role": "assistant", "content": ""}, **end}
    return _json({**head, "message": said, **end}), b"".join(
        _json(line) + b"\n" for line in ({**head, "message": said, "done": False}, last)
    )
