"""NovaInvoke: Amazon Nova's own body, which is Converse's in all but a few words (Amazon Nova user guide, "Complete
request schema")."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.error_in import read_error
from llm_plugin_bedrock.event_stream import CONTENT_TYPE, Frame
from llm_plugin_bedrock.events_in import ConverseReader
from llm_plugin_bedrock.invoke_stream import METRICS, InvokeReader
from llm_plugin_bedrock.read_response import read_response
from llm_plugin_bedrock.write_request import converse_fields, encoded, invoke
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.replies import glance_chat
from lockgate_ports.wire import Glance, Operation

_BODY = ("messages", "system", "inferenceConfig", "toolConfig")
_MORE = "additionalModelRequestFields"


class NovaInvoke:
    """A ChatProviderDialect. `behind` names the models that ids telling none stand for."""

    name: str = "bedrock-nova"
    operation: Operation = "chat"
    event_content_type: str = CONTENT_TYPE

    def __init__(self, behind: Mapping[str, str]) -> None:
        self._behind = behind

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = ConverseDraft(upstream, self._behind)
        fields = converse_fields(view, draft)
        body: dict[str, Any] = {"schemaVersion": "messages-v1"}
        for name, value in fields.items():
            if name in _BODY:
                body[name] = value
            elif name == _MORE:
                body = _merged(body, value)
            else:
                draft.admits(name)
        return Written(invoke(encoded(body), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes: the model stands in the path."""
        return Written(invoke(body, upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage and why it ended. Raises UpstreamError."""
        return glance_chat(read_response(body))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream; no client speaks this language."""
        return _reader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)


def _reader() -> InvokeReader:
    converse = ConverseReader()

    def take(event: bytes) -> Sequence[Event]:
        try:
            members = MEMBERS.decode(event)
        except BROKEN:
            raise UpstreamError("sent an event that is no JSON object", kind="transient") from None
        return [
            told for name, value in members.items() if name != METRICS for told in converse.read(_frame(name, value))
        ]

    return InvokeReader(take, lambda: ())


def _frame(name: str, value: Raw) -> Frame:
    """The same event as Converse frames it."""
    return Frame({":message-type": "event", ":event-type": name}, bytes(value), b"")


def _merged(body: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` beside what is there, members of objects one by one."""
    told = dict(body)
    for name, value in more.items():
        value = msgspec.json.decode(value) if isinstance(value, Raw) else value
        both = isinstance(told.get(name), dict) and isinstance(value, dict)
        told[name] = told[name] | value if both else value
    return told
