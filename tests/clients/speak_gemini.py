"""generateContent as an upstream speaks it; like Gemini 3 it signs the first tool call and wants the signature back."""

import base64
import json
import re
from typing import Any

from scenes import SIGNATURE, Answer, Asked, Call, counted, embedded, must

PATHS = ("/v1beta/models/",)
KEY_HEADER = "x-goog-api-key"

Part = dict[str, Any]

_URL_SAFE = str.maketrans("+/", "-_")


def read(path: str, body: dict[str, Any]) -> Asked:
    place = re.fullmatch(r"/v1beta/models/([^:]+):(\w+)", path)
    assert place is not None, path
    asked = Asked(model=place[1], stream=place[2] == "streamGenerateContent")
    asked.system = _text(body.get("systemInstruction", {}).get("parts", []))
    for tool in body.get("tools", []):
        for function in tool["functionDeclarations"]:
            schemas = (function.get(name) for name in ("parametersJsonSchema", "parameters_json_schema", "parameters"))
            asked.tools[function["name"]] = next(schema for schema in schemas if schema is not None)
    asked.forced = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode") == "ANY"
    config = body.get("generationConfig", {})
    asked.schema = config.get("responseJsonSchema") or config.get("responseSchema")
    for turn in body["contents"]:
        for part in turn["parts"]:
            _part(part, turn.get("role", "user"), asked)
    if asked.calls:
        must(asked.calls[0].signature == SIGNATURE, "the signature of its call", asked.calls[0].signature)
        _name_ids(asked)
    return asked


def _part(part: Part, role: str, asked: Asked) -> None:
    if "functionCall" in part:
        call = part["functionCall"]
        signature = part.get("thoughtSignature", "")
        asked.calls.append(Call(call["name"], call.get("args", {}), call.get("id", ""), signature))
    elif "functionResponse" in part:
        told = part["functionResponse"]
        asked.results.append((told.get("id", ""), json.dumps(told["response"], ensure_ascii=False)))
    elif "inlineData" in part:
        asked.images.append(base64.urlsafe_b64decode(part["inlineData"]["data"].translate(_URL_SAFE)))
    elif "text" in part and role == "user":
        asked.texts.append(part["text"])


def _name_ids(asked: Asked) -> None:
    """Gemini matches results to calls by their order where they have no id."""
    if not any(call.id for call in asked.calls):
        for place, call in enumerate(asked.calls):
            call.id = str(place)
        asked.results = [(str(place), text) for place, (_, text) in enumerate(asked.results)]


def aside(path: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """What is no chat."""
    if path.endswith(":countTokens"):
        return {"totalTokens": counted(read(path, body.get("generateContentRequest", body)).texts)}
    if path.endswith(":batchEmbedContents"):
        found = embedded([_text(each["content"]["parts"]) for each in body["requests"]])
        return {"embeddings": [{"values": each} for each in found]}
    return None


def whole(answer: Answer) -> dict[str, Any]:
    return _told([*([{"text": answer.text}] if answer.words else []), *_calls(answer)], "STOP")


def streamed(answer: Answer) -> list[str]:
    parts = [*({"text": word} for word in answer.words), *_calls(answer)]
    ends = [None if answer.endless or place < len(parts) - 1 else "STOP" for place in range(len(parts))]
    told = [_told([part], end) for part, end in zip(parts, ends, strict=True)]
    return [f"data: {json.dumps(each, ensure_ascii=False)}\r\n\r\n" for each in told]


def refusal(status: int) -> dict[str, Any]:
    word = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}[status]
    return {"error": {"code": status, "message": f"scripted {status}", "status": word}}


def _told(parts: list[Part], finish: str | None) -> dict[str, Any]:
    ending = {"finishReason": finish} if finish else {}
    return {
        "candidates": [{"content": {"parts": parts, "role": "model"}, **ending, "index": 0}],
        "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 5, "totalTokenCount": 16},
        "modelVersion": "scripted-1",
        "responseId": "resp-1",
    }


def _calls(answer: Answer) -> list[Part]:
    parts: list[Part] = [{"functionCall": {"name": call.name, "args": call.arguments}} for call in answer.calls]
    return [parts[0] | {"thoughtSignature": SIGNATURE}, *parts[1:]] if parts else []


def _text(parts: list[Part]) -> str:
    return "".join(part.get("text", "") for part in parts)
