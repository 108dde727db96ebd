"""Responses as an upstream speaks it, for sessions of Codex in their own language."""

import json
from typing import Any

from scenes import Answer, Asked, Call

PATHS = ("/v1/responses",)
KEY_HEADER = "authorization"

Item = dict[str, Any]


def read(path: str, body: dict[str, Any]) -> Asked:
    asked = Asked(model=body["model"], stream=body.get("stream", False), system=body.get("instructions", ""))
    for tool in body.get("tools", []):
        if tool["type"] == "function":
            asked.tools[tool["name"]] = tool["parameters"]
    items: list[Item] = (
        [{"role": "user", "content": body["input"]}] if isinstance(body["input"], str) else body["input"]
    )
    for item in items:
        match item.get("type", "message"):
            case "function_call":
                asked.calls.append(Call(item["name"], json.loads(item["arguments"]), item["call_id"]))
            case "function_call_output":
                asked.results.append((item["call_id"], json.dumps(item["output"])))
            case "message" if item["role"] == "user":
                asked.texts.append(_text(item["content"]))
    return asked


def aside(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """All is chat."""
    return None


def whole(answer: Answer) -> dict[str, Any]:
    return _response(_items(answer))


def streamed(answer: Answer) -> list[str]:
    begun = _response([]) | {"status": "in_progress", "usage": None}
    told: list[Item] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(_items(answer)):
        at = {"output_index": index}
        told.append({"type": "response.output_item.added", **at, "item": item | {"status": "in_progress"}})
        if item["type"] == "message":
            at = {**at, "item_id": item["id"], "content_index": 0}
            told += [{"type": "response.output_text.delta", **at, "delta": word} for word in answer.words]
        told.append({"type": "response.output_item.done", "output_index": index, "item": item})
    told.append({"type": "response.completed", "response": _response(_items(answer))})
    return [
        f"event: {each['type']}\ndata: {json.dumps(each | {'sequence_number': number}, ensure_ascii=False)}\n\n"
        for number, each in enumerate(told)
    ]


def refusal(status: int) -> dict[str, Any]:
    return {"error": {"message": f"scripted {status}", "type": "scripted", "param": None, "code": None}}


def _items(answer: Answer) -> list[Item]:
    text = {"type": "output_text", "text": answer.text, "annotations": []}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    return [*([message] if answer.words else []), *(_call(place, call) for place, call in enumerate(answer.calls))]


def _call(place: int, call: Call) -> Item:
    names = {"id": f"fc_{place}", "call_id": f"call_{place}", "name": call.name}
    return {"type": "function_call", **names, "arguments": json.dumps(call.arguments), "status": "completed"}


def _response(output: list[Item]) -> dict[str, Any]:
    usage = {"input_tokens": 11, "output_tokens": 5, "total_tokens": 16}
    head = {"id": "resp_1", "object": "response", "created_at": 1760000000, "status": "completed"}
    return {**head, "model": "scripted-1", "output": output, "usage": usage}


def _text(content: str | list[Item]) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
