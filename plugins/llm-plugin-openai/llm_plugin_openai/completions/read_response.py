"""A whole answer, tolerantly (OpenAI API reference, Completions, the object completion)."""

import msgspec

from llm_plugin_openai.completions.logprobs import chat_logprobs
from llm_plugin_openai.completions.wire import ANSWER, NAME, WireAnswer, WireChoice
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.finish import native_word, reason_of
from llm_plugin_openai.read_response import text
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.chat import ChatResponse, Choice, FinishReason
from lockgate_ports.parts import Text
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.wire import Glance

_KNOWN = frozenset((*WireAnswer.__struct_fields__, "object"))


def glance(body: bytes) -> Glance:
    """Model, usage and ends. Raises UpstreamError when `body` is no answer, or holds an error."""
    wire = _decoded(body)
    reasons: tuple[FinishReason | None, ...] = tuple(
        reason_of(native_word(choice.finish_reason), calls=False) for choice in wire.choices or ()
    )
    return Glance(text(wire.model), read_usage(wire.usage) if said(wire.usage) else None, reasons)


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError as `glance` does."""
    wire = _decoded(body)
    extra = {name: value for name, value in MEMBERS.decode(body).items() if name not in _KNOWN and said(value)}
    return ChatResponse(
        choices=tuple(_choice(choice, place) for place, choice in enumerate(wire.choices or ())),
        id=text(wire.id),
        model=text(wire.model),
        created=int(wire.created) if isinstance(wire.created, int | float) else None,
        usage=read_usage(wire.usage) if said(wire.usage) else None,
        system_fingerprint=text(wire.system_fingerprint),
        extra=extra,
        native=NAME if extra else None,
    )


def _decoded(body: bytes) -> WireAnswer:
    try:
        wire = ANSWER.decode(body)
    except msgspec.ValidationError as error:
        raise unusable(f"JSON that is no completion ({error})") from None
    except BROKEN:
        raise unreadable(body) from None
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    if not wire.choices:
        raise error_inside(body) if said(wire.error) else unusable("an answer without choices")
    for choice in wire.choices:
        if choice.text is None or said(choice.error):
            raise error_inside(bytes(choice.error)) if said(choice.error) else unusable("a choice without a text")
    return wire


def _choice(wire: WireChoice, place: int) -> Choice:
    word = native_word(wire.finish_reason)
    return Choice(
        index=wire.index if wire.index is not None else place,
        parts=(Text(wire.text),) if wire.text else (),
        finish_reason=reason_of(word, calls=False),
        native_finish_reason=word,
        logprobs=chat_logprobs(wire.logprobs),
    )
