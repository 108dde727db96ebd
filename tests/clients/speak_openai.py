"""Chat Completions as an upstream speaks it."""

import base64
import json
import struct
from typing import Any

from scenes import Answer, Asked, Call, embedded

PATHS = ("/v1/chat/completions", "/v1/embeddings")
KEY_HEADER = "authorization"


def read(path: str, body: dict[str, Any]) -> Asked:
    asked = Asked(model=body["model"], stream=body.get("stream", False))
    for tool in body.get("tools", []):
        asked.tools[tool["function"]["name"]] = tool["function"]["parameters"]
    asked.forced = body.get("tool_choice", "auto") not in ("auto", "none")
    if (wanted := body.get("response_format", {})).get("type") == "json_schema":
        asked.schema = wanted["json_schema"]["schema"]
    for message in body["messages"]:
        content = message.get("content") or ""
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        text = "".join(part.get("text", "") for part in parts)
        asked.images += [_bytes(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]
        match message["role"]:
            case "system" | "developer":
                asked.system += text
            case "user":
                asked.texts.append(text)
            case "tool":
                asked.results.append((message["tool_call_id"], text))
        for call in message.get("tool_calls") or []:
            function = call["function"]
            asked.calls.append(Call(function["name"], json.loads(function["arguments"]), call["id"]))
    return asked


def aside(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """What is no chat."""
    if path != "/v1/embeddings":
        return None
    found: list[Any] = embedded(body["input"])
    if body.get("encoding_format") == "base64":
        found = [base64.b64encode(struct.pack(f"<{len(each)}f", *each)).decode() for each in found]
    rows = [{"object": "embedding", "index": place, "embedding": each} for place, each in enumerate(found)]
    return {"object": "list", "data": rows, "model": "scripted-1", "usage": {"prompt_tokens": 3, "total_tokens": 3}}


def whole(answer: Answer) -> dict[str, Any]:
    calls = {"tool_calls": [_call(place, call) for place, call in enumerate(answer.calls)]} if answer.calls else {}
    message = {"role": "assistant", "content": answer.text or None, "refusal": None, **calls}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _end(answer)}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}


def streamed(answer: Answer) -> list[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "" if answer.words else None, "refusal": None}]
    deltas += [{"content": word} for word in answer.words]
    for place, call in enumerate(answer.calls):
        opened = _call(place, call)
        text, opened["function"]["arguments"] = opened["function"]["arguments"], ""
        deltas.append({"tool_calls": [{"index": place, **opened}]})
        deltas += [{"tool_calls": [{"index": place, "function": {"arguments": half}}]} for half in (text[:5], text[5:])]
    chunks = [_chunk([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    if answer.endless:
        return chunks
    chunks.append(_chunk([{"index": 0, "delta": {}, "finish_reason": _end(answer)}]))
    return [*chunks, _chunk([], usage=_USAGE), "data: [DONE]\n\n"]


def refusal(status: int) -> dict[str, Any]:
    return {"error": {"message": f"scripted {status}", "type": "scripted", "param": None, "code": None}}


_HEAD = {"id": "chatcmpl-1", "created": 1760000000, "model": "scripted-1"}
_USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}


def _chunk(choices: list[Any], **more: Any) -> str:
    told = {**_HEAD, "object": "chat.completion.chunk", "choices": choices, **more}
    return f"data: {json.dumps(told, ensure_ascii=False)}\n\n"


def _call(place: int, call: Call) -> dict[str, Any]:
    arguments = json.dumps(call.arguments)
    return {"id": f"call_{place}", "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _end(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _bytes(url: str) -> bytes:
    return base64.b64decode(url.partition(";base64,")[2])
