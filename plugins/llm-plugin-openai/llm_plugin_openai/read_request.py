"""A client's bytes become a Request (OpenAI API reference, Chat Completions, Create)."""

import msgspec
from msgspec import Raw

from llm_plugin_openai.checks import check_model, check_utf8
from llm_plugin_openai.places import body_of
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.read_view import view_of
from llm_plugin_openai.request_wire import (
    KNOWN,
    REQUEST,
    URL,
    ContentPart,
    KnownRequest,
    WireMessage,
    WireRequest,
    WireTool,
)
from llm_plugin_openai.travelling import RETURNING, TRAVELLING
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import is_object, is_string, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.wire import Inbound, Request

_CHOICES = ("none", "auto", "required", "any")
_NEEDS_MORE = frozenset(("tool", "function"))
"""Roles of messages that need more than words."""
_MEMBER = {
    "text": "text",
    "image_url": "image_url",
    "video_url": "video_url",
    "input_audio": "input_audio",
    "file": "file",
    "refusal": "refusal",
    "thinking": "thinking",
}


def read_request(inbound: Inbound) -> Request[ChatRequest]:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    body = body_of(inbound) if inbound.path_values else inbound.body
    wire = _decoded(body)
    if not body.isascii():
        check_utf8(body)
    plain = _check(wire)
    options = wire.stream_options
    return Request(
        "chat",
        wire.model,
        wire.stream or False,
        NAME,
        body,
        TRAVELLING.of(inbound.headers),
        RETURNING,
        options is not None and options.include_usage is True,
        lambda: view_of(wire, body),
        None,
        wire,
        plain,
    )


def read_view(body: bytes) -> ChatRequest:
    """The canonical request, of a body that a surface has checked. Raises InvalidRequest, naming the field."""
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    return view_of(wire, body)


def _decoded(body: bytes) -> WireRequest:
    """A KnownRequest where nothing stands in it that this dialect does not know."""
    try:
        return KNOWN.decode(body)
    except BROKEN:
        try:
            return REQUEST.decode(body)
        except BROKEN as error:
            raise fault(error, body) from None


def _check(wire: WireRequest) -> bool:
    """What the types alone cannot say; and whether there is nothing in it but words and settings, `Request.plain`."""
    check_model(wire.model)
    plain = type(wire) is KnownRequest and wire.prompt_cache_key is None
    for place, message in enumerate(wire.messages):
        if type(message.content) is not str or message.tool_calls is not None or message.role in _NEEDS_MORE:
            _check_message(message, f"messages[{place}]")
            plain = False
    if wire.tools is not None:
        plain = False
        for place, tool in enumerate(wire.tools):
            _check_tool(tool, f"tools[{place}]")
    if (
        wire.function_call is not None
        and isinstance(wire.function_call, str)
        and wire.function_call not in ("none", "auto")
    ):
        raise InvalidRequest("function_call must be none, auto or an object with a name", param="function_call")
    choice = wire.tool_choice
    if choice is None:
        return plain
    if isinstance(choice, str):
        if choice not in _CHOICES:
            raise InvalidRequest(
                f"tool_choice {choice[:40]!r} is none of none, auto, required and an object", param="tool_choice"
            )
    elif choice.type in ("function", "custom", "allowed_tools") and getattr(choice, choice.type) is None:
        raise _missing(f"tool_choice.{choice.type}")
    return plain


def _check_message(message: WireMessage, at: str) -> None:
    content = message.content
    if content is None and message.role not in ("assistant", "function"):
        raise _missing(f"{at}.content")
    if message.role == "tool" and message.tool_call_id is None:
        raise _missing(f"{at}.tool_call_id")
    if message.role == "function" and message.name is None:
        raise _missing(f"{at}.name")
    for place, call in enumerate(message.tool_calls or ()):
        if call.type in ("function", "custom") and getattr(call, call.type) is None:
            raise _missing(f"{at}.tool_calls[{place}].{call.type}")
    if isinstance(content, list):
        for place, part in enumerate(content):
            _check_part(part, f"{at}.content[{place}]")


def _check_part(part: ContentPart, at: str) -> None:
    member = _MEMBER.get(part.type)
    if member is None:
        return
    value = getattr(part, member)
    if value is None or (isinstance(value, Raw) and not said(value)):
        raise _missing(f"{at}.{member}")
    if member in ("image_url", "video_url"):
        if is_string(value):
            return
        try:
            url = URL.decode(value).url
        except msgspec.ValidationError as error:
            raise _inside(error, f"{at}.{member}") from None
        _string(url, f"{at}.{member}.url")
    elif part.input_audio is not None:
        _string(part.input_audio.data, f"{at}.input_audio.data")
    elif part.file is not None:
        if said(part.file.file_data):
            _string(part.file.file_data, f"{at}.file.file_data")
        elif part.file.file_id is None:
            raise InvalidRequest(f"{at}.file needs file_data or file_id", param=f"{at}.file")


def _check_tool(tool: WireTool, at: str) -> None:
    if tool.type in ("function", "custom") and getattr(tool, tool.type) is None:
        raise _missing(f"{at}.{tool.type}")
    function = tool.function
    if function is not None and said(function.parameters) and not is_object(function.parameters):
        raise InvalidRequest(
            f"{at}.function.parameters must be an object, a JSON schema", param=f"{at}.function.parameters"
        )


def _string(value: Raw, at: str) -> None:
    if not is_string(value):
        raise InvalidRequest(f"{at} must be a string", param=at)


def _missing(at: str) -> InvalidRequest:
    return InvalidRequest(f"{at} is missing", param=at)


def _inside(error: msgspec.ValidationError, at: str) -> InvalidRequest:
    told = fault(error, b"{}")
    path = f"{at}.{told.param}" if told.param else at
    return InvalidRequest(told.message.replace(told.param or "the body", path, 1), param=path)
