"""The canonical view becomes a request (Amazon Bedrock API reference, Converse and ConverseStream)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.names import DIALECT
from llm_plugin_bedrock.write_messages import conversation
from llm_plugin_bedrock.write_tools import tool_config
from llm_plugin_bedrock.write_tuning import merged, tuning
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.http import HttpRequest

_JSON = (("content-type", "application/json"), ("accept", "application/json"))
_STREAM = (("content-type", "application/json"), ("accept", CONTENT_TYPE))
_OWN_FIELDS = frozenset(
    (
        *("guardrailConfig", "performanceConfig", "requestMetadata", "serviceTier", "promptVariables", "outputConfig"),
        *("additionalModelRequestFields", "additionalModelResponseFieldPaths"),
    )
)
"""Fields of Converse that a caller may send by their own names, whatever its language."""


def write_request(view: ChatRequest, upstream: Upstream, behind: Mapping[str, str]) -> Written:
    """Raises Unsupported, naming the field, for content that Converse cannot be told. `behind` names the models that
    ids telling none (an ARN of a profile) stand for."""
    draft = ConverseDraft(upstream, behind)
    body = encoded(converse_fields(view, draft))
    operation = "converse-stream" if upstream.stream else "converse"
    return Written(post(body, operation, upstream, _STREAM if upstream.stream else _JSON), draft.dropped)


def converse_fields(view: ChatRequest, draft: ConverseDraft) -> dict[str, Any]:
    """The body of Converse as values. Raises Unsupported, naming the field."""
    _refuse(view, draft)
    system, messages = conversation(view.messages, draft)
    fields: dict[str, Any] = {"messages": messages}
    if system:
        fields["system"] = system
    fields |= tuning(view, draft)
    tools = tool_config(view, draft)
    if tools is not None:
        fields["toolConfig"] = tools
    for name, value in view.extra.items():
        if view.native == DIALECT or name in _OWN_FIELDS:
            fields[name] = merged(fields, name, value)
        elif draft.admits(name):
            fields.setdefault("additionalModelRequestFields", {})[name] = value
    return fields


def encoded(fields: dict[str, Any]) -> bytes:
    """The bytes of a body. Raises InvalidRequest for text that has none."""
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def relay_request(body: bytes, upstream: Upstream) -> Written:
    """The same bytes: model and streaming stand in the path."""
    operation = "converse-stream" if upstream.stream else "converse"
    return Written(post(body, operation, upstream, _STREAM if upstream.stream else _JSON))


def post(body: bytes, operation: str, upstream: Upstream, headers: tuple[tuple[str, str], ...] = _JSON) -> HttpRequest:
    """POST {prefix}/model/{model}/{operation}."""
    target = target_of(upstream, operation)
    return HttpRequest("POST", upstream.origin, target, headers + upstream.headers, body, upstream.purpose)


def invoke(body: bytes, upstream: Upstream) -> HttpRequest:
    """InvokeModel with this body, or InvokeModelWithResponseStream."""
    headers = _STREAM if upstream.stream else _JSON
    return HttpRequest(
        "POST", upstream.origin, invoke_target(upstream), headers + upstream.headers, body, upstream.purpose
    )


def invoke_target(upstream: Upstream, operation: str = "") -> str:
    """Where a model takes its own body, whatever the `operation` is called in its language."""
    return target_of(upstream, "invoke-with-response-stream" if upstream.stream else "invoke")


def target_of(upstream: Upstream, operation: str) -> str:
    """Colons and slashes of the model's id or ARN are percent-encoded."""
    return f"{upstream.prefix}/model/{quote(upstream.model, safe='')}/{operation}"


def _refuse(view: ChatRequest, draft: ConverseDraft) -> None:
    if view.n is not None and view.n > 1:
        raise Unsupported(f"{draft.upstream.provider_id} gives one answer a request; ask n times", param="n")
    if view.audio is not None or any(kind != "text" for kind in view.modalities):
        raise draft.cannot_say("wish for an answer in anything but text", "modalities")
