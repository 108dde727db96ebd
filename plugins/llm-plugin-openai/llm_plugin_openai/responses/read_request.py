"""A client's bytes become a Request (OpenAI API reference, Responses, Create)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.checks import check_model, check_utf8
from llm_plugin_openai.responses.read_view import view_of
from llm_plugin_openai.responses.request_wire import NAME, PARTS, REQUEST, WireItem, WirePart, WireRequest, WireTool
from llm_plugin_openai.travelling import RETURNING, TRAVELLING
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import is_object, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Headers
from lockgate_ports.wire import Inbound, Request

_CHOICES = ("none", "auto", "required")
_ROLES = ("user", "assistant", "system", "developer")
_NEEDS: dict[str, tuple[str, ...]] = {
    "function_call": ("call_id", "name", "arguments"),
    "custom_tool_call": ("call_id", "name", "input"),
    "function_call_output": ("call_id",),
    "custom_tool_call_output": ("call_id",),
    "item_reference": ("id",),
}
_OUTPUTS = ("function_call_output", "custom_tool_call_output")
_MEMBERS: dict[str, tuple[str, ...]] = {
    "input_text": ("text",),
    "output_text": ("text",),
    "refusal": ("refusal",),
    "input_image": ("image_url", "file_id"),
    "input_file": ("file_data", "file_id", "file_url"),
    "input_audio": ("input_audio",),
}
"""Of these at least one must be there."""


class ResponsesRequest(Request[ChatRequest]):
    """A Request that knows what of it may be kept. `given_body` is what came; `previous` the answer it goes on from."""

    __slots__ = ("answer_id", "asked", "asked_model", "conversation", "given_body", "history", "previous", "stores")

    given_body: bytes
    asked: bytes
    """The same, but for a history that was put before it."""
    previous: str | None
    conversation: Any
    stores: bool
    asked_model: str
    history: list[Raw]
    """All items up to now, earlier turns included; set when answers are kept."""
    answer_id: str | None
    """The answer's id where the provider gives none; set when answers are kept."""


def read_request(inbound: Inbound) -> ResponsesRequest:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    return request_of(inbound.body, TRAVELLING.of(inbound.headers))


def request_of(body: bytes, headers: Headers) -> ResponsesRequest:
    """The same, of a body and the headers that travel with it."""
    wire = checked(body)
    request = ResponsesRequest(
        operation="chat",
        model=wire.model,
        stream=wire.stream or False,
        dialect=NAME,
        body=body,
        headers=headers,
        returning=RETURNING,
        read=lambda: view_of(wire, body),
        wire=wire,
    )
    request.given_body = request.asked = body
    request.previous, request.conversation = wire.previous_response_id, wire.conversation
    request.stores, request.asked_model = wire.store is not False, wire.model
    request.history, request.answer_id = [], None
    return request


def checked(body: bytes) -> WireRequest:
    """The whole body. Raises InvalidRequest, naming the field."""
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    check_utf8(body)
    _check(wire)
    return wire


def _check(wire: WireRequest) -> None:
    """What the types alone cannot say."""
    check_model(wire.model)
    if wire.background:
        raise InvalidRequest("background: answers are made while their client waits; leave it out", param="background")
    if not isinstance(wire.input, str):
        for place, item in enumerate(wire.input):
            check_item(item, f"input[{place}]")
    for place, tool in enumerate(wire.tools or ()):
        _check_tool(tool, f"tools[{place}]")
    choice = wire.tool_choice
    if isinstance(choice, str) and choice not in _CHOICES:
        raise InvalidRequest(
            f"tool_choice {choice[:40]!r} is none of none, auto, required and an object", param="tool_choice"
        )
    if wire.text is not None and (form := wire.text.format) is not None and form.type == "json_schema":
        if form.name is None:
            raise _missing("text.format.name")
        if not said(form.schema) or not is_object(form.schema):
            raise InvalidRequest("text.format.schema must be an object, a JSON schema", param="text.format.schema")


def check_item(item: WireItem, at: str) -> None:
    """Raises InvalidRequest, naming what is missing or wrong."""
    kind = item.type or "message"
    for name in _NEEDS.get(kind, ()):
        if getattr(item, name) is None:
            raise _missing(f"{at}.{name}")
    if kind == "message":
        if item.role not in _ROLES:
            raise InvalidRequest(f"{at}.role must be one of {', '.join(_ROLES)}", param=f"{at}.role")
        if item.content is None:
            raise _missing(f"{at}.content")
    elif kind in _OUTPUTS:
        if not said(item.output):
            raise _missing(f"{at}.output")
        try:
            output = PARTS.decode(item.output)
        except msgspec.ValidationError:
            raise InvalidRequest(
                f"{at}.output must be a string or a list of content parts", param=f"{at}.output"
            ) from None
        _check_parts(output, f"{at}.output")
    if kind == "message":
        _check_parts(item.content, f"{at}.content")


def _check_parts(parts: str | list[WirePart] | None, at: str) -> None:
    if parts is None or isinstance(parts, str):
        return
    for place, part in enumerate(parts):
        names = _MEMBERS.get(part.type)
        if names is not None and all(getattr(part, name) is None for name in names):
            raise InvalidRequest(f"{at}[{place}] needs {' or '.join(names)}", param=f"{at}[{place}].{names[0]}")


def _check_tool(tool: WireTool, at: str) -> None:
    if tool.type in ("function", "custom") and tool.name is None:
        raise _missing(f"{at}.name")
    if tool.type == "function" and said(tool.parameters) and not is_object(tool.parameters):
        raise InvalidRequest(f"{at}.parameters must be an object, a JSON schema", param=f"{at}.parameters")


def _missing(at: str) -> InvalidRequest:
    return InvalidRequest(f"{at} is missing", param=at)
