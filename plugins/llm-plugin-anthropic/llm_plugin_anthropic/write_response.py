"""A whole answer for a client (Anthropic API reference, Messages, the object Message)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.finish import written
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.usage import write_usage
from llm_plugin_anthropic.write_blocks import call_id
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.parts import Native, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.seals import seal_call, seal_thought
from lockgate_ports.unsaid import Media, Unsaid
from lockgate_ports.wire import Request


def write_response(answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
    """A message; of several choices the first. Id and model are those of the request where the provider tells none."""
    unsaid = Unsaid(NAME, shows)
    if answer.choices[1:]:
        unsaid.leave_out("choices")
    choice = answer.choices[0] if answer.choices else Choice()
    blocks = [_block(part, place) for place, part in enumerate(unsaid.parts(choice))]
    usage = write_usage(answer.usage)
    if answer.service_tier is not None:
        usage["service_tier"] = answer.service_tier
    fields: dict[str, Any] = {
        "id": answer.id or fresh_id(request),
        "type": "message",
        "role": "assistant",
        "model": answer.model or request.model,
        "content": [block for block in blocks if block is not None],
        "stop_reason": written(choice.finish_reason, choice.native_finish_reason, refused=choice.refusal is not None),
        "stop_sequence": None,
        "usage": usage,
    }
    if answer.native == NAME:
        fields |= answer.extra
    return WrittenAnswer(msgspec.json.encode(fields), unsaid.names)


def fresh_id(request: Request[ChatRequest]) -> str:
    """For an answer that has none."""
    return f"msg_{request.tag}"


def shows(media: Media) -> bool:
    """An answer in this dialect has no form for any medium."""
    return False


def _block(part: Part, place: int) -> dict[str, Any] | Raw | None:
    match part:
        case Text():
            return _text(part)
        case Refusal():
            return {"type": "text", "text": part.text} if part.text else None
        case Thinking():
            return _thought(part)
        case ToolCall():
            given: Any = {"input": part.arguments} if part.custom else _input(part.arguments)
            told = seal_call(call_id(part.id or f"0_{place}"), part, NAME)
            return {"type": "tool_use", "id": told, "name": part.name, "input": given}
        case Native():
            return part.raw
        case _:
            raise TypeError(f"an answer holds no {type(part).__name__} here")  # Unsaid has made words of it


def _text(part: Text) -> dict[str, Any] | None:
    own = part.annotations is not None and part.native == NAME
    if not part.text and not own:
        return None
    return {"type": "text", "text": part.text, **({"citations": part.annotations} if own else {})}


def _thought(part: Thinking) -> dict[str, Any] | None:
    """What another dialect signed or encrypted stands sealed in place of a signature."""
    own = part.native == NAME
    if own and part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    signature = part.signature if own else seal_thought(part, NAME)
    if not part.text and not signature:
        return None
    return {"type": "thinking", "thinking": part.text, "signature": signature or ""}


def _input(arguments: str) -> Any:
    """An object always, since clients read it as one; what a model wrote that is none stands under one name."""
    if not arguments:
        return {}
    try:
        told: Any = msgspec.json.decode(arguments)
    except (msgspec.DecodeError, RecursionError):
        return {"input": arguments}
    return Raw(arguments.encode()) if isinstance(told, dict) else {"input": told}
