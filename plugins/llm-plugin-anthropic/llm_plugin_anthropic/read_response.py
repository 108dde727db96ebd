"""A whole answer, tolerantly (Anthropic API reference, Messages, the object Message)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_anthropic.answer_wire import ANSWER, KNOWN, KnownAnswer, WireAnswer, text
from llm_plugin_anthropic.block_reader import whole
from llm_plugin_anthropic.error_in import error_inside
from llm_plugin_anthropic.finish import reason_of
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.usage import usage_of, wire_usage
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import Part
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.wire import Glance

_KNOWN = frozenset((*WireAnswer.__struct_fields__, "type", "role"))


class _GlanceBlock(Struct, gc=False):
    type: str = ""
    name: Any = None


class _Glance(Struct, gc=False):
    model: Any = None
    content: list[_GlanceBlock] | None = None
    stop_reason: Any = None
    usage: Raw = NULL
    error: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Glance)


def glance(body: bytes) -> Glance:
    """Partial decode. Raises UpstreamError when `body` is no answer, or holds an error."""
    wire = _sound(_GLANCE, body)
    content = wire.content
    if content is None:
        raise _without_content(wire.error, body)
    names = [block.name for block in content if block.type == "tool_use"]
    reason = reason_of(
        text(wire.stop_reason), calls=any(name != ANSWER_TOOL for name in names), answered=ANSWER_TOOL in names
    )
    return Glance(text(wire.model), usage_of(wire_usage(wire.usage)), (reason,))


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError as `glance` does."""
    wire, extra = _answer(body)
    parts: list[Part] = []
    calls = answered = False
    for place, block in enumerate(wire.content):
        if block.type == "tool_use":
            calls, answered = calls or block.name != ANSWER_TOOL, answered or block.name == ANSWER_TOOL
        if (part := whole(block, place, body)) is not None:
            parts.append(part)
    word, usage = wire.stop_reason or None, wire.usage
    return ChatResponse(
        (Choice(0, tuple(parts), reason_of(word, calls=calls, answered=answered), word),),
        wire.id or None,
        wire.model or None,
        None,
        usage_of(usage),
        usage.service_tier if usage is not None else None,
        None,
        extra,
        NAME if extra else None,
    )


def _answer(body: bytes) -> tuple[KnownAnswer, dict[str, Raw]]:
    """The answer, and what it holds that has no canonical place."""
    try:
        known = KNOWN.decode(body)
    except BROKEN:
        return _loose_answer(body)  # which says what is wrong, if anything is
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    return known, {"stop_sequence": known.stop_sequence} if said(known.stop_sequence) else {}


def _loose_answer(body: bytes) -> tuple[KnownAnswer, dict[str, Raw]]:
    wire = _sound(ANSWER, body)
    if wire.content is None:
        raise _without_content(wire.error, body)
    extra = {name: value for name, value in MEMBERS.decode(body).items() if name not in _KNOWN and said(value)}
    usage = wire_usage(wire.usage)
    return KnownAnswer(wire.content, text(wire.id), text(wire.model), text(wire.stop_reason), usage), extra


def _sound(decoder: Any, body: bytes) -> Any:
    try:
        wire = decoder.decode(body)
    except BROKEN as error:
        raise _nonsense(error, body) from None
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    return wire


def _nonsense(error: Exception, body: bytes) -> UpstreamError:
    if isinstance(error, msgspec.ValidationError):
        return unusable(f"JSON of another shape ({error})")
    return unreadable(body)


def _without_content(error: Raw, body: bytes) -> UpstreamError:
    return error_inside(body) if said(error) else unusable("an answer without content")
