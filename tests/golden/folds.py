"""The official SDKs of four surfaces: the object of a plain call, and what their own accumulators make of a stream."""

import json
from itertools import groupby
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import types

ASK = "Hi"
_ADDED = ("parsed", "parsed_arguments")
"""What the SDKs add when they read a stream."""


async def chat(url: str, model: str) -> tuple[Any, Any]:
    """Chat Completions."""
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        ask: Any = {"model": model, "messages": [{"role": "user", "content": ASK}]}
        plain = await client.chat.completions.create(**ask)
        async with client.chat.completions.stream(**ask, stream_options={"include_usage": True}) as events:
            _ = [event async for event in events]
            final = events.current_completion_snapshot  # the helper refuses an answer that was cut at its limit
    told, folded = _bare(plain), _bare(final)
    for answer in (told, folded):
        answer.pop("object")
        for choice in answer["choices"]:
            for call in choice["message"].get("tool_calls", ()):
                call.pop("index", None)
            for detail in choice["message"].get("reasoning_details", ()):
                detail.pop("index", None)
            if not choice["message"].get("content"):
                choice["message"].pop("content", None)
    return told, folded


async def responses(url: str, model: str) -> tuple[Any, Any]:
    """Responses."""
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        plain = await client.responses.create(model=model, input=ASK)
        async with client.responses.stream(model=model, input=ASK) as events:
            last: Any = [event async for event in events][-1]  # the helper refuses an answer that was cut at its limit
    return _bare(plain), _bare(last.response)


async def messages(url: str, model: str) -> tuple[Any, Any]:
    """Anthropic's Messages."""
    async with anthropic.AsyncAnthropic(base_url=url, api_key="x", max_retries=0) as client:
        ask: Any = {"model": model, "max_tokens": 99, "messages": [{"role": "user", "content": ASK}]}
        plain = await client.messages.create(**ask)
        async with client.messages.stream(**ask) as events:
            final = await events.get_final_message()
    return _bare(plain), _bare(final)


async def gemini(url: str, model: str) -> tuple[Any, Any]:
    """generateContent, whose SDK leaves it to the caller to put parts of one kind together."""
    client = genai.Client(api_key="x", http_options=types.HttpOptions(base_url=url)).aio
    plain = await client.models.generate_content(model=model, contents=ASK)
    chunks = [chunk async for chunk in await client.models.generate_content_stream(model=model, contents=ASK)]
    return _joined([plain]), _joined(chunks)


SDKS = {"openai-chat": chat, "openai-responses": responses, "anthropic-messages": messages, "gemini": gemini}


def _joined(chunks: list[Any]) -> Any:
    indices = sorted({candidate.index or 0 for chunk in chunks for candidate in chunk.candidates or ()})
    last = chunks[-1]
    usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    return {
        "id": last.response_id,
        "model": last.model_version,
        "usage": _bare(usage[-1]) if usage else None,
        "candidates": [_candidate(chunks, index) for index in indices],
    }


def _candidate(chunks: list[Any], index: int) -> Any:
    own = [each for chunk in chunks for each in chunk.candidates or () if (each.index or 0) == index]
    parts = [_bare(part) for each in own if each.content for part in each.content.parts or ()]
    joined: list[Any] = []
    for thought, run in groupby(parts, lambda part: part.get("thought", False) if "text" in part else None):
        group = list(run)
        if thought is None:
            joined += group
        else:
            signature = next((part["thought_signature"] for part in group if "thought_signature" in part), None)
            text = "".join(part["text"] for part in group)
            joined += [(thought, text, signature)] if text or signature else []
    ends = [str(each.finish_reason) for each in own if each.finish_reason]
    return {"parts": joined, "finish": ends}


def _bare(value: Any) -> Any:
    """As plain values, without what is not said."""
    if hasattr(value, "model_dump"):
        return _bare(value.model_dump(warnings=False))
    if isinstance(value, dict):
        return {name: _member(name, each) for name, each in value.items() if each is not None and name not in _ADDED}
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _member(name: str, value: Any) -> Any:
    """Arguments are JSON, in which space means nothing."""
    return json.loads(value) if name == "arguments" and isinstance(value, str) and value else _bare(value)
