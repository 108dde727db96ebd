"""A whole answer (Ollama API, Generate a chat completion, without streaming)."""

from llm_plugin_ollama.answer_reader import AnswerReader, reason_of, usage_of
from llm_plugin_ollama.answer_wire import ANSWER, WireAnswer
from llm_plugin_ollama.error_in import ERRORS
from llm_plugin_ollama.wire import CHAT
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import said
from lockgate_ports.chat import ChatResponse
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Glance


def glance(body: bytes) -> Glance:
    """Model, usage and the end. Raises UpstreamError."""
    wire = _answer(body)
    calls = wire.message is not None and bool(wire.message.tool_calls)
    return Glance(wire.model, usage_of(wire), (reason_of(wire, calls=calls),))


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError."""
    fold = Accumulator()
    for event in AnswerReader().read(_answer(body)):
        fold.add(event)
    return fold.response


def _answer(body: bytes) -> WireAnswer:
    try:
        wire = ANSWER.decode(body)
        body.decode()  # what is carried unread was not looked at
    except BROKEN as error:
        raise ERRORS.instead(error, body, CHAT) from None
    if said(wire.error):
        raise ERRORS.inside(body, CHAT)
    if wire.message is None:
        raise unusable("an answer without a message")
    if not wire.done:
        raise unusable("an answer that is not done")
    return wire
