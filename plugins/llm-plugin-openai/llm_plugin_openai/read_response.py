"""A whole answer, tolerantly (OpenAI API reference, Chat Completions, the object chat.completion)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.answer_wire import ANSWER, KNOWN, KnownAnswer, WireAnswer, WireChoice
from llm_plugin_openai.choice_reader import ChoiceReader
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.finish import native_word, reason_of
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.usage import read_usage
from lockgate_ports.accumulate import parts_of
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.chat import ChatResponse, Choice, FinishReason
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import Text
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.wire import Glance

_KNOWN = frozenset((*WireAnswer.__struct_fields__, "object")) - {"x_groq", "citations", "search_results"}


class _GlanceFunction(Struct, gc=False):
    name: str | None = None


class _GlanceMessage(Struct, gc=False):
    tool_calls: list[Raw] | None = None
    function_call: _GlanceFunction | None = None


class _GlanceChoice(Struct, gc=False):
    message: _GlanceMessage | None = None
    finish_reason: Any = None
    error: Raw = NULL


class _Glance(Struct, gc=False):
    model: Any = None
    choices: list[_GlanceChoice] | None = None
    usage: Raw = NULL
    service_tier: Any = None
    error: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Glance)


def glance(body: bytes) -> Glance:
    """Partial decode. Raises UpstreamError when `body` is no answer, or holds an error."""
    try:
        wire = _GLANCE.decode(body)
    except BROKEN as error:
        raise _nonsense(error, body) from None
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    if not wire.choices:
        raise _without_choices(wire.error, body)
    reasons: list[FinishReason | None] = []
    for choice in wire.choices:
        message, word = choice.message, choice.finish_reason
        if message is None or (choice.error is not NULL and said(choice.error)):
            raise _without_message(choice.error, body)
        calls = bool(message.tool_calls) or (message.function_call is not None and bool(message.function_call.name))
        reasons.append(reason_of(word, calls=calls) if isinstance(word, str) else None)
    return Glance(
        wire.model if isinstance(wire.model, str) else None,
        read_usage(wire.usage, wire.service_tier) if wire.usage is not NULL else None,
        tuple(reasons),
    )


def read_response(body: bytes, *, think_tags: bool = False) -> ChatResponse:
    """The canonical answer. Raises UpstreamError as `glance` does."""
    try:
        wire, extra = _answer(body)
    except BROKEN as error:
        raise _nonsense(error, body) from None
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    if not wire.choices:
        raise _without_choices(wire.error, body)
    cited = wire if type(wire) is WireAnswer and (said(wire.citations) or said(wire.search_results)) else None
    return ChatResponse(
        tuple([_choice(choice, place, cited, body, think_tags) for place, choice in enumerate(wire.choices)]),
        wire.id or None,
        wire.model or None,
        int(wire.created) if isinstance(wire.created, int | float) else None,
        read_usage(wire.usage, wire.service_tier) if said(wire.usage) else None,
        wire.service_tier or None,
        wire.system_fingerprint or None,
        extra,
        NAME if extra else None,
    )


def _answer(body: bytes) -> tuple[KnownAnswer | WireAnswer, dict[str, Raw]]:
    """The answer, and what it holds that has no canonical place."""
    try:
        return KNOWN.decode(body), {}
    except msgspec.ValidationError:
        wire = ANSWER.decode(body)
    wire.id, wire.model = text(wire.id), text(wire.model)
    wire.service_tier, wire.system_fingerprint = text(wire.service_tier), text(wire.system_fingerprint)
    members = MEMBERS.decode(body)
    return wire, {name: raw for name, raw in members.items() if name not in _KNOWN and said(raw)}


def text(value: Any) -> str | None:
    """A string that says something, or None."""
    return value if isinstance(value, str) and value else None


def _choice(wire: WireChoice, place: int, cited: WireAnswer | None, body: bytes, think_tags: bool) -> Choice:
    """A message is one large delta: so a stream and its plain answer are read alike."""
    message = wire.message or wire.delta
    if message is None or said(wire.error):
        raise _without_message(wire.error, body)
    index = wire.index if wire.index is not None else place
    word = native_word(wire.finish_reason)
    logprobs = wire.logprobs if said(wire.logprobs) else None
    if cited is None and not think_tags and (words := message.words) is not None:
        return Choice(index, (Text(words),) if words else (), reason_of(word, calls=False), word, logprobs)
    reader = ChoiceReader(index, think_tags=think_tags)
    if cited is not None:
        reader.cite(cited)
    reader.native_reason = word
    return Choice(index, parts_of(reader.read(message) + reader.flush()), reader.reason, word, logprobs)


def _nonsense(error: Exception, body: bytes) -> UpstreamError:
    if isinstance(error, msgspec.ValidationError):
        return unusable(f"JSON that is no chat completion ({error})")
    return unreadable(body)


def _without_choices(error: Raw, body: bytes) -> UpstreamError:
    return error_inside(body) if said(error) else unusable("an answer without choices")


def _without_message(error: Raw, body: bytes) -> UpstreamError:
    return error_inside(bytes(error)) if said(error) else unusable("a choice without a message")
