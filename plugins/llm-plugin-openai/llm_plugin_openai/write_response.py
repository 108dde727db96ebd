"""A whole answer for a client (OpenAI API reference, Chat Completions, the object chat.completion)."""

from typing import Any

from msgspec import Raw

from llm_plugin_openai.finish import written
from llm_plugin_openai.pictures import image_item, shows
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import detail_of
from llm_plugin_openai.usage import write_usage
from llm_plugin_openai.write_parts import call_item
from lockgate_ports.carried import ENCODE, ITEMS
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.parts import Audio, Image, InlineSource, Native, Refusal, Text, Thinking, ToolCall
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
    return WrittenAnswer(ENCODE(fields), unsaid.names)


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
    texts: list[str] = []
    refusals: list[str] = []
    thoughts: list[Thinking] = []
    calls: list[dict[str, Any]] = []
    notes: list[Raw] = []
    sounds: list[Audio] = []
    images: list[Any] = []
    for given in choice.parts:
        match unsaid.part(given):
            case Text() as part:
                texts.append(part.text)
                if part.native == NAME and part.annotations is not None:
                    notes += ITEMS.decode(part.annotations)
            case Thinking() as part:
                thoughts.append(part)
            case ToolCall() as part:
                calls.append(call_item(part) | {"id": seal_call(part.id, part, NAME)})
            case Refusal() as part:
                refusals.append(part.text)
            case Audio() as part if not sounds:
                sounds.append(part)
            case Image() as part:
                images.append(image_item(part, len(images)))
            case Native(type="image_url") as part:
                images.append(part.raw)
            case Native() as part:
                unsaid.leave_out(part.type)
            case Audio():
                unsaid.leave_out("audio")
            case _:
                pass  # left out already
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(texts) if texts else None,
        "refusal": "".join(refusals) if refusals else None,
    }
    if thoughts:
        _show(message, thoughts)
    if calls:
        message["tool_calls"] = calls
    if notes:
        message["annotations"] = notes
    if sounds:
        message["audio"] = _audio(sounds[0])
    if images:
        message["images"] = images
    return message


def _show(message: dict[str, Any], thoughts: list[Thinking]) -> None:
    if shown := "".join([part.text for part in thoughts]):
        message["reasoning_content"] = shown
    if details := [detail for part in thoughts if (detail := _detail(part)) is not None]:
        message["reasoning_details"] = details


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
