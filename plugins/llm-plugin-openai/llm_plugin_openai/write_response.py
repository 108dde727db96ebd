"""A whole answer for a client (OpenAI API reference, Chat Completions, the object chat.completion)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.finish import written
from llm_plugin_openai.pictures import image_item, shows
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import detail_of
from llm_plugin_openai.usage import write_usage
from llm_plugin_openai.write_parts import call_item
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.parts import Audio, Image, InlineSource, Native, Text, Thinking
from lockgate_ports.seals import seal_call, seal_thought
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.wire import Request


def write_response(answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
    """`chat.completion`. Id, time and model are those of the request where the provider tells none."""
    unsaid = Unsaid(NAME, shows)
    fields: dict[str, Any] = {
        "id": answer.id or fresh_id(request),
        "object": "chat.completion",
        "created": answer.created or request.asked_at,
        "model": answer.model or request.model,
        "choices": [_choice(choice, unsaid) for choice in answer.choices],
    }
    if answer.usage is not None:
        fields["usage"] = write_usage(answer.usage)
    if answer.service_tier is not None:
        fields["service_tier"] = answer.service_tier
    if answer.system_fingerprint is not None:
        fields["system_fingerprint"] = answer.system_fingerprint
    if answer.native == NAME:
        fields = {**answer.extra, **fields}
    return WrittenAnswer(msgspec.json.encode(fields), unsaid.names)


def fresh_id(request: Request[ChatRequest]) -> str:
    """For an answer that has none."""
    return f"chatcmpl-{request.tag}"


def _choice(choice: Choice, unsaid: Unsaid) -> dict[str, Any]:
    return {
        "index": choice.index,
        "message": _message(choice, unsaid),
        "logprobs": choice.logprobs,
        "finish_reason": written(choice.finish_reason, choice.native_finish_reason),
    }


def _message(choice: Choice, unsaid: Unsaid) -> dict[str, Any]:
    parts = unsaid.parts(choice)
    texts = [part for part in parts if isinstance(part, Text)]
    thoughts = [part for part in parts if isinstance(part, Thinking)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(part.text for part in texts) if texts else None,
        "refusal": choice.refusal,
    }
    if shown := "".join(part.text for part in thoughts):
        message["reasoning_content"] = shown
    if details := [detail for part in thoughts if (detail := _detail(part)) is not None]:
        message["reasoning_details"] = details
    if calls := [call_item(call) | {"id": seal_call(call.id, call, NAME)} for call in choice.tool_calls]:
        message["tool_calls"] = calls
    notes = [part.annotations for part in texts if part.native == NAME and part.annotations is not None]
    if notes:
        message["annotations"] = [note for array in notes for note in msgspec.json.decode(array, type=list[Raw])]
    images: list[Any] = []
    for part in parts:
        match part:
            case Audio() if "audio" not in message:
                message["audio"] = _audio(part)
            case Image():
                images.append(image_item(part, len(images)))
            case Native(type="image_url"):
                images.append(part.raw)
            case Audio() | Native():
                unsaid.leave_out(part.type if isinstance(part, Native) else "audio")
            case _:
                pass  # told above
    if images:
        message["images"] = images
    return message


def _detail(part: Thinking) -> dict[str, Any] | None:
    """Signed and encrypted thoughts; what another dialect wrote, with a seal where it signed it."""
    if part.native == NAME:
        return detail_of(part) if part.signature or part.redacted else None
    seal = seal_thought(part, NAME)
    return detail_of(Thinking(part.text, seal)) if part.text or seal else None


def _audio(part: Audio) -> dict[str, Any]:
    return {
        "id": part.id or "",
        "data": part.source.data if isinstance(part.source, InlineSource) else "",
        "expires_at": part.expires_at or 0,
        "transcript": part.transcript or "",
    }
