"""A whole answer for a client (OpenAI API reference, Responses, the object response)."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.responses.drawn import shows
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.response_object import (
    echo_of,
    output_of,
    response_object,
    status_of,
    write_usage,
)
from llm_plugin_openai.responses.state import headed
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.events import Start
from lockgate_ports.unsaid import Unsaid
from lockgate_ports.wire import Request


class _Logprobs(Struct, gc=False):
    content: list[Raw] | None = None


_LOGPROBS = msgspec.json.Decoder(_Logprobs)


def write_response(answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
    """`response`, of the first choice: this language has no second."""
    unsaid = Unsaid(NAME, shows)
    if answer.choices[1:]:
        unsaid.leave_out("choices")
    choice = answer.choices[0] if answer.choices else Choice()
    start = headed(Start(answer.id, answer.model, answer.created, answer.service_tier), request)
    status = status_of(choice.finish_reason)
    output = output_of(unsaid.parts(choice), start, status, rows_of(choice.logprobs))
    fields = response_object(start, status, output, echo_of(request), choice.finish_reason)
    fields["usage"] = write_usage(answer.usage)
    if answer.native == NAME:
        fields |= answer.extra
    return WrittenAnswer(msgspec.json.encode(fields), unsaid.names)


def rows_of(logprobs: Raw | None) -> list[Raw]:
    """The rows for words; those for a refusal have no place here."""
    return (_LOGPROBS.decode(logprobs).content or []) if logprobs is not None else []
