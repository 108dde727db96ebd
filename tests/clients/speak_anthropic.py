"""Messages as an upstream speaks it."""

import base64
import json
from typing import Any

from scenes import Answer, Asked, Call, counted

PATHS = ("/v1/messages",)
KEY_HEADER = "x-api-key"

Block = dict[str, Any]


def read(path: str, body: dict[str, Any]) -> Asked:
    asked = Asked(model=body["model"], stream=body.get("stream", False))
    asked.system = _text(body.get("system", ""))
    for tool in body.get("tools", []):
        asked.tools[tool["name"]] = tool["input_schema"]
    asked.forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    wanted = body.get("output_config", {}).get("format") or body.get("output_format")
    if wanted is not None:
        asked.schema = wanted["schema"]
    for message in body["messages"]:
        content = message["content"]
        blocks: list[Block] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for block in blocks:
            _block(block, message["role"], asked)
    return asked


def _block(block: Block, role: str, asked: Asked) -> None:
    match block["type"]:
        case "text" if role == "user":
            asked.texts.append(block["text"])
        case "image":
            asked.images.append(base64.b64decode(block["source"]["data"]))
        case "tool_use":
            asked.calls.append(Call(block["name"], block["input"], block["id"]))
        case "tool_result":
            asked.results.append((block["tool_use_id"], _text(block["content"])))


def aside(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """What is no chat."""
    return {"input_tokens": counted(read(path, body).texts)} if path == "/v1/messages/count_tokens" else None


def whole(answer: Answer) -> dict[str, Any]:
    blocks: list[Block] = [{"type": "text", "text": answer.text}] if answer.words else []
    blocks += [{**_use(place, call), "input": call.arguments} for place, call in enumerate(answer.calls)]
    return {**_HEAD, "content": blocks, "stop_reason": _end(answer), "usage": {"input_tokens": 11, "output_tokens": 5}}


def streamed(answer: Answer) -> list[str]:
    opening = {**_HEAD, "content": [], "stop_reason": None, "usage": {"input_tokens": 11, "output_tokens": 1}}
    events = [_event("message_start", message=opening), _event("ping")]
    blocks = [({"type": "text", "text": ""}, [{"type": "text_delta", "text": word} for word in answer.words])]
    for place, call in enumerate(answer.calls):
        text = json.dumps(call.arguments)
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:5], text[5:])]
        blocks.append(({**_use(place, call), "input": {}}, deltas))
    for index, (block, deltas) in enumerate(each for each in blocks if each[1]):
        events.append(_event("content_block_start", index=index, content_block=block))
        events += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
        if answer.endless:
            return events
        events.append(_event("content_block_stop", index=index))
    ending = {"stop_reason": _end(answer), "stop_sequence": None}
    return [*events, _event("message_delta", delta=ending, usage={"output_tokens": 5}), _event("message_stop")]


def refusal(status: int) -> dict[str, Any]:
    kind = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}[status]
    return {"type": "error", "error": {"type": kind, "message": f"scripted {status}"}, "request_id": "req_1"}


_HEAD = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted-1", "stop_sequence": None}


def _event(kind: str, **members: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members}, ensure_ascii=False)}\n\n"


def _use(place: int, call: Call) -> Block:
    return {"type": "tool_use", "id": f"toolu_{place}", "name": call.name}


def _end(answer: Answer) -> str:
    return "tool_use" if answer.calls else "end_turn"


def _text(content: str | list[Block]) -> str:
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)
