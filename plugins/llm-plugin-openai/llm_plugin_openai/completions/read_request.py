"""A client's bytes become a Request (OpenAI API reference, Completions, Create)."""

from typing import Any

from llm_plugin_openai.checks import check_model, check_utf8
from llm_plugin_openai.completions.wire import NAME, REQUEST, WireRequest
from llm_plugin_openai.places import body_of
from llm_plugin_openai.travelling import RETURNING
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.parts import user
from lockgate_ports.wire import Inbound, Request

_KNOWN = frozenset(WireRequest.__struct_fields__)
_SHARED = (
    *("max_tokens", "temperature", "top_p", "n", "presence_penalty", "frequency_penalty", "logit_bias", "seed"),
    "user",
)


class CompletionRequest(Request[ChatRequest]):
    """A Request that knows what the client wants at the head of each answer: its prompt (`echo`), or nothing."""

    __slots__ = ("head",)

    head: str


def read_request(inbound: Inbound) -> CompletionRequest:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    body = body_of(inbound)
    wire = _checked(body)
    options = wire.stream_options
    request = CompletionRequest(
        operation="chat",
        model=wire.model,
        stream=wire.stream or False,
        dialect=NAME,
        body=body,
        returning=RETURNING,
        read=lambda: _view(wire, body),
        wants_usage=options is not None and options.include_usage is True,
        wire=wire,
    )
    request.head = _prompt(wire) if wire.echo else ""
    return request


def _checked(body: bytes) -> WireRequest:
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    check_utf8(body)
    check_model(wire.model)
    given = wire.prompt
    if given is None:
        raise InvalidRequest("prompt is missing", param="prompt")
    if not isinstance(given, str) and len({type(each) for each in given}) > 1:
        raise InvalidRequest(
            "prompt must be a string, a list of strings, a list of token ids or a list of such lists, not a mixture",
            param="prompt",
        )
    return wire


def _view(wire: WireRequest, body: bytes) -> ChatRequest:
    """One user's message. Raises Unsupported for what a chat cannot be asked for."""
    _refuse(wire)
    members = MEMBERS.decode(body)
    shared: dict[str, Any] = {name: getattr(wire, name) for name in _SHARED}
    extra = {name: value for name, value in members.items() if name not in _KNOWN}
    return ChatRequest(
        model=wire.model,
        messages=(user(_prompt(wire)),),
        stream=wire.stream or False,
        stop=(wire.stop,) if isinstance(wire.stop, str) else tuple(wire.stop or ()),
        logprobs=True if wire.logprobs is not None else None,
        top_logprobs=wire.logprobs,
        include_usage=wire.stream_options.include_usage if wire.stream_options is not None else None,
        extra=extra,
        native=NAME,
        **shared,
    )


def _prompt(wire: WireRequest) -> str:
    """Empty for what `_refuse` refuses."""
    given = wire.prompt
    if isinstance(given, str):
        return given
    only = given[0] if given else ""
    return only if isinstance(only, str) else ""


def _refuse(wire: WireRequest) -> None:
    given = wire.prompt
    if isinstance(given, list) and not all(isinstance(each, str) for each in given):
        raise _no("token ids", "prompt")
    if isinstance(given, list) and len(given) > 1:
        raise _no("several prompts", "prompt")
    if wire.suffix:
        raise _no("a suffix", "suffix")
    if wire.best_of is not None and wire.best_of > max(wire.n or 1, 1):
        raise _no("best_of", "best_of")
    if wire.echo and wire.logprobs is not None:
        raise _no("echo with logprobs", "echo")


def _no(what: str, param: str) -> Unsupported:
    return Unsupported(
        f"{param}: this provider is asked by its chat, which knows no {what}; ask one whose server has /v1/completions",
        param=param,
    )
