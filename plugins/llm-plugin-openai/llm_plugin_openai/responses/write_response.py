"""A whole answer for a client (OpenAI API reference, Responses, the object response)."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.response_object import output_of, response_object, status_of, write_usage
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.events import Start


class _Logprobs(Struct, gc=False):
    content: list[Raw] | None = None


_LOGPROBS = msgspec.json.Decoder(_Logprobs)


def write_response(answer: ChatResponse) -> bytes:
    """`response`, of the first choice: this language has no second."""
    choice = answer.choices[0] if answer.choices else Choice()
    start = Start(answer.id, answer.model, answer.created, answer.service_tier)
    status = status_of(choice.finish_reason)
    output = output_of(choice.parts, start, status, rows_of(choice.logprobs))
    fields = response_object(start, "", status, output, choice.finish_reason)
    fields["usage"] = write_usage(answer.usage)
    if answer.native == NAME:
        fields |= answer.extra
    return msgspec.json.encode(fields)


def rows_of(logprobs: Raw | None) -> list[Raw]:
    """The rows for words; those for a refusal have no place here."""
    return (_LOGPROBS.decode(logprobs).content or []) if logprobs is not None else []
