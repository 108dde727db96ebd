"""A whole answer, tolerantly (OpenAI API reference, Responses, the object response)."""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.responses.answer_reader import AnswerReader, reason_of
from llm_plugin_openai.responses.answer_wire import RESPONSE, WireResponse
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.usage import read_usage
from lockgate_ports.accumulate import choice_of
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError, clip
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance

_KNOWN = frozenset((*WireResponse.__struct_fields__, "object"))
_CALLS = ("function_call", "custom_tool_call")
_SEARCHES = ("web_search_call", "file_search_call")


class _Kind(Struct, gc=False):
    type: str = ""


_KIND = msgspec.json.Decoder(_Kind)


def glance(body: bytes) -> Glance:
    """Partial decode. Raises UpstreamError when `body` is no answer, or holds an error. An answer that is still being
    made in the background has no finish."""
    response = _decoded(body)
    calls = any(_KIND.decode(item).type in _CALLS for item in response.output or ())
    usage = usage_of(response)
    ended = response.status not in ("queued", "in_progress")
    return Glance(text(response.model), usage, (reason_of(response, calls=calls),) if ended else ())


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError as `glance` does."""
    response = _decoded(body)
    reader = AnswerReader()
    try:
        deltas = reader.rest(response.output)
    except msgspec.ValidationError as error:
        raise unusable(f"an output item of a wrong shape ({error})") from None
    extra = {name: value for name, value in MEMBERS.decode(body).items() if name not in _KNOWN and said(value)}
    return ChatResponse(
        (choice_of(deltas, 0, reader.finish(response)),),
        text(response.id),
        text(response.model),
        int(response.created_at) if isinstance(response.created_at, int | float) else None,
        usage_of(response),
        text(response.service_tier),
        None,
        extra,
        NAME if extra else None,
    )


def usage_of(response: WireResponse) -> Usage | None:
    """Its tokens, its tier, and how often the provider searched."""
    if not said(response.usage):
        return None
    searches = sum(_KIND.decode(item).type in _SEARCHES for item in response.output or ())
    return read_usage(response.usage, response.service_tier, searches or None)


def failed(response: WireResponse) -> UpstreamError:
    """The error of a response whose status is `failed` or `cancelled`."""
    if said(response.error):
        return error_inside(b'{"error":' + bytes(response.error) + b"}", NAME)
    return UpstreamError(
        f"gave no answer: its status is {clip(response.status or 'unknown', 40)}", kind="transient", upstream_status=200
    )


def text(value: Any) -> str | None:
    """A string that says something, or None."""
    return value if isinstance(value, str) and value else None


def _decoded(body: bytes) -> WireResponse:
    try:
        response = RESPONSE.decode(body)
    except msgspec.ValidationError as error:
        raise unusable(f"JSON that is no response ({error})") from None
    except BROKEN:
        raise unreadable(body) from None
    if not body.isascii() and utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    if response.status in ("failed", "cancelled") or (response.output is None and said(response.error)):
        raise failed(response)
    if response.output is None:
        raise unusable("an answer without output")
    if not response.output and response.status in (None, "completed"):
        raise unusable("an empty answer")
    return response
