"""A whole answer (Cohere API v2, Chat, V2ChatResponse)."""

from collections.abc import Sequence

from msgspec import Raw

from llm_plugin_cohere.answer_wire import ANSWER, ITEM, WireAnswer, WireCall, WireMessage
from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.finish import failure_of, reason_of
from llm_plugin_cohere.names import CHAT, PLAN
from llm_plugin_cohere.nonsense import check_utf8
from llm_plugin_cohere.notes import about_text, array, citation_of, logprobs_of
from llm_plugin_cohere.usage import read_chat_usage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.parts import Native, Part, Text, Thinking, ToolCall
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Glance


def glance(body: bytes) -> Glance:
    """Usage and the end; Cohere's answers do not name the model. Raises UpstreamError."""
    wire, message = _answer(body)
    return Glance(None, read_chat_usage(wire.usage), (reason_of(wire.finish_reason, calls=bool(message.tool_calls)),))


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError."""
    wire, message = _answer(body)
    choice = Choice(
        parts=tuple(_parts(message)),
        finish_reason=reason_of(wire.finish_reason, calls=bool(message.tool_calls)),
        native_finish_reason=wire.finish_reason,
        logprobs=logprobs_of(wire.logprobs or ()),
    )
    return ChatResponse(choices=(choice,), id=wire.id, usage=read_chat_usage(wire.usage))


def call_of(wire: WireCall, place: int) -> ToolCall:
    """A tool call; an empty string for arguments means that there are none."""
    function = wire.function
    name = (function.name or "") if function is not None else ""
    arguments = (function.arguments or "{}") if function is not None else "{}"
    return ToolCall(wire.id or f"call_{place}", name, arguments)


def _answer(body: bytes) -> tuple[WireAnswer, WireMessage]:
    try:
        wire = ANSWER.decode(body)
    except BROKEN as error:
        raise ERRORS.instead(error, body, CHAT) from None
    check_utf8(body)
    failed = failure_of(wire.finish_reason, wire.error if isinstance(wire.error, str) else None)
    if failed is not None:
        raise failed
    if wire.message is None:
        raise unusable("an answer without a message")
    return wire, wire.message


def _parts(message: WireMessage) -> list[Part]:
    parts: list[Part] = []
    if message.tool_plan:
        parts.append(Thinking(message.tool_plan, id=PLAN, native=CHAT))
    texts: dict[int, str] = {}
    places: dict[int, int] = {}
    items: Sequence[str | Raw] = [message.content] if isinstance(message.content, str) else message.content or ()
    for index, item in enumerate(items):
        part = Text(item) if isinstance(item, str) else _item(item)
        if isinstance(part, Text):
            texts[index], places[index] = part.text, len(parts)
        if not isinstance(part, Text | Thinking) or part.text:
            parts.append(part)
        elif isinstance(part, Text):
            del texts[index], places[index]
    _cite(parts, texts, places, message.citations or [])
    parts += [call_of(call, place) for place, call in enumerate(message.tool_calls or ())]
    return parts


def _item(raw: Raw) -> Part:
    item = ITEM.decode(raw)
    if item.thinking is not None:
        return Thinking(item.thinking, native=CHAT)
    if item.text is not None:
        return Text(item.text)
    return Native(CHAT, item.type or "unknown", raw)


def _cite(parts: list[Part], texts: dict[int, str], places: dict[int, int], citations: list[Raw]) -> None:
    """Each with the words it stands for; one of a plan or a thought by itself."""
    held: dict[int, list[Raw]] = {}
    for raw in citations:
        citation = citation_of(raw)
        index = citation.content_index if citation is not None else None
        if not texts or not about_text(citation):
            parts.append(Native(CHAT, "citation", raw))
        else:
            held.setdefault(index if index in texts else min(texts), []).append(raw)
    for index, raws in held.items():
        parts[places[index]] = Text(texts[index], array(raws), CHAT)
