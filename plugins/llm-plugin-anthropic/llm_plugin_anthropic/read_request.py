"""A client's bytes become a Request (Anthropic API reference, Messages, Create and Count tokens)."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.quirks import COUNT, NAME
from llm_plugin_anthropic.read_view import view_of
from llm_plugin_anthropic.request_wire import BLOCKS, CITING, REQUEST, SOURCE, Block, Source, WireRequest, WireTool
from llm_plugin_anthropic.travelling import RETURNING, travelling
from lockgate_ports.body_faults import BROKEN, fault, utf8_fault
from lockgate_ports.carried import is_object, is_string, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.wire import Inbound, Request

_NEEDS = {
    "text": ("text",),
    "thinking": ("thinking",),
    "redacted_thinking": ("data",),
    "tool_use": ("id", "name", "input"),
    "tool_result": ("tool_use_id",),
    "image": ("source",),
    "document": ("source",),
}
_SOURCE = {"base64": "data", "text": "data", "url": "url", "file": "file_id", "content": "content"}


def read_request(inbound: Inbound) -> Request[ChatRequest]:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    wire = _read(inbound.body)
    if wire.max_tokens is None:
        raise _missing("max_tokens")
    body = inbound.body
    return Request(
        operation="chat",
        model=wire.model,
        stream=wire.stream or False,
        dialect=NAME,
        body=body,
        headers=travelling(inbound),
        returning=RETURNING,
        read=lambda: view_of(wire, body),
        wire=wire,
    )


def read_count_request(inbound: Inbound) -> Request[ChatRequest]:
    """The same without an answer to come: no `max_tokens`, no stream. Raises InvalidRequest, naming the field."""
    wire = _read(inbound.body)
    body = inbound.body
    return Request(
        operation="count_tokens",
        model=wire.model,
        stream=False,
        dialect=COUNT,
        body=body,
        headers=travelling(inbound),
        returning=RETURNING,
        read=lambda: view_of(wire, body),
    )


def _read(body: bytes) -> WireRequest:
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    # what msgspec skips or carries as Raw it does not check for UTF-8
    if not body.isascii() and (place := utf8_fault(body)) is not None:
        raise InvalidRequest(f"the body is not valid UTF-8: byte {place} begins no character")
    _check(wire)
    return wire


def _check(wire: WireRequest) -> None:
    """What the types alone cannot say."""
    if not wire.model.strip():
        raise InvalidRequest("model is empty; name the model to ask", param="model")
    if not wire.model.isprintable():
        raise InvalidRequest("model holds a control character or line break", param="model")
    if isinstance(wire.system, list):
        for place, block in enumerate(wire.system):
            if block.type != "text":
                path = f"system[{place}].type"
                raise InvalidRequest(f"{path} is {block.type[:40]!r}; system holds text alone", param=path)
            _check_block(block, f"system[{place}]")
    for place, message in enumerate(wire.messages):
        content = message.content
        if content is None and message.role != "system":
            raise _missing(f"messages[{place}].content")
        if isinstance(content, list):
            for inner, block in enumerate(content):
                _check_block(block, f"messages[{place}].content[{inner}]")
    for place, tool in enumerate(wire.tools or ()):
        _check_tool(tool, f"tools[{place}]")
    if wire.tool_choice is not None and wire.tool_choice.type == "tool" and wire.tool_choice.name is None:
        raise _missing("tool_choice.name")
    if wire.thinking is not None and wire.thinking.type == "enabled" and wire.thinking.budget_tokens is None:
        raise _missing("thinking.budget_tokens")


def _check_block(block: Block, at: str) -> None:
    for member in _NEEDS.get(block.type, ()):
        value = getattr(block, member)
        if value is None or (isinstance(value, Raw) and not said(value)):
            raise _missing(f"{at}.{member}")
    match block.type:
        case "tool_use":
            if not is_object(block.input):
                raise InvalidRequest(f"{at}.input must be an object", param=f"{at}.input")
        case "tool_result":
            _check_told(block.content, f"{at}.content")
        case "image" | "document":
            _inside(lambda: SOURCE.decode(block.source), f"{at}.source")
            _check_source(SOURCE.decode(block.source), f"{at}.source")
            if block.type == "document" and said(block.citations):
                _inside(lambda: CITING.decode(block.citations), f"{at}.citations")
        case "text":
            if said(block.citations) and memoryview(block.citations)[0] != ord("["):
                raise InvalidRequest(f"{at}.citations must be a list", param=f"{at}.citations")
        case _:
            pass


def _check_told(content: Raw, at: str) -> None:
    if not said(content) or is_string(content):
        return
    blocks: list[Block] = []
    _inside(lambda: blocks.extend(BLOCKS.decode(content)), at)
    for place, block in enumerate(blocks):
        _check_block(block, f"{at}[{place}]")


def _check_source(source: Source, at: str) -> None:
    member = _SOURCE.get(source.type)
    if member is None:
        return
    value = getattr(source, member)
    if value is None or (isinstance(value, Raw) and not said(value)):
        raise _missing(f"{at}.{member}")
    if member == "data" and not is_string(source.data):
        raise InvalidRequest(f"{at}.data must be a string", param=f"{at}.data")


def _check_tool(tool: WireTool, at: str) -> None:
    if tool.type not in (None, "custom"):
        return
    if not tool.name:
        raise _missing(f"{at}.name")
    if not said(tool.input_schema):
        raise _missing(f"{at}.input_schema")
    if not is_object(tool.input_schema):
        raise InvalidRequest(f"{at}.input_schema must be an object, a JSON schema", param=f"{at}.input_schema")


def _missing(at: str) -> InvalidRequest:
    return InvalidRequest(f"{at} is missing", param=at)


def _inside(decode: Callable[[], object], at: str) -> None:
    try:
        decode()
    except msgspec.ValidationError as error:
        told = fault(error, b"{}")
        path = f"{at}{told.param}" if (told.param or "").startswith("[") else f"{at}.{told.param}" if told.param else at
        raise InvalidRequest(told.message.replace(told.param or "the body", path, 1), param=path) from None
