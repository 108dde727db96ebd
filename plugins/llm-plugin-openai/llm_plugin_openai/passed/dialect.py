"""OpenAIPassed: one of OpenAI's operations that is handed on as it is (OpenAI API reference; Audio, Images,
Moderations)."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.checks import check_model, check_utf8
from llm_plugin_openai.error_in import error_inside, read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.passed.form import Form
from llm_plugin_openai.passed.passage import ALL, FORM, Passage
from llm_plugin_openai.passed.streams import SSE, EventsReader, PassedWriter, SoundReader
from llm_plugin_openai.places import body_of, surfaces_of
from llm_plugin_openai.post import Target, below_prefix
from llm_plugin_openai.travelling import RETURNING
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import NULL, said
from lockgate_ports.dialect import (
    ErrorAnswer,
    EventReader,
    EventWriter,
    PassedDialect,
    Surface,
    Upstream,
    Written,
    WrittenAnswer,
)
from lockgate_ports.errors import InvalidRequest, LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers, HttpRequest
from lockgate_ports.json_post import with_model
from lockgate_ports.payload import Payload
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_TYPE = "content-type"
_SOUNDS = {"opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav", "pcm": "audio/pcm"}
_MP3 = "audio/mpeg"


class _Said(Struct, gc=False):
    model: str | None = None
    stream: bool | None = None
    response_format: Any = None
    stream_format: str | None = None


class _Told(Struct, gc=False):
    model: Any = None
    usage: Raw = NULL
    error: Raw = NULL


_SAID = msgspec.json.Decoder(_Said)
_TOLD = msgspec.json.Decoder(_Told)


def passed(operations: Collection[str], target: Target = below_prefix) -> tuple[PassedDialect, ...]:
    """The languages of these operations (`audio`)."""
    return tuple(OpenAIPassed(passage, target) for passage in ALL if passage.operation in operations)


class PassedRequest(Request[Payload]):
    """A Request that knows the media type in which its stream is wanted."""

    __slots__ = ("streams_as",)

    streams_as: str


class OpenAIPassed:
    """A PassedDialect. `target` says where its operation stands."""

    def __init__(self, passage: Passage, target: Target = below_prefix) -> None:
        self._passage = passage
        self._target = target
        self.name: str = passage.name
        self.operation: Operation = passage.operation
        self.surfaces: tuple[Surface, ...] = surfaces_of(passage.path)
        self.media_types: tuple[str, ...] = passage.media_types

    def read_request(self, inbound: Inbound) -> PassedRequest:
        """Finds model and stream. Raises InvalidRequest, naming the field; there is no model that is asked unsaid."""
        content_type = inbound.headers.get(_TYPE, "application/json")
        body, said_so = _read_form(inbound, content_type) if _is_form(content_type) else _read_json(inbound)
        if said_so.model is None:
            raise InvalidRequest("model is missing; this gateway asks none by default, so name one", param="model")
        check_model(said_so.model)
        sound = self._passage.sound and said_so.stream_format != "sse"
        request = PassedRequest(
            operation=self.operation,
            model=said_so.model,
            stream=self._passage.sound or said_so.stream is True,
            dialect=self.name,
            body=body,
            headers=((_TYPE, content_type),),
            returning=RETURNING,
            read=lambda: Payload(body, content_type),
        )
        request.streams_as = _SOUNDS.get(str(said_so.response_format), _MP3) if sound else SSE
        return request

    def write_request(self, view: Payload, upstream: Upstream) -> Written:
        """The same bytes but for the model."""
        return self.relay_request(view.body, ((_TYPE, view.content_type),), upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same; `headers` hold the `content-type`."""
        content_type = dict(headers).get(_TYPE, "application/json")
        if _is_form(content_type):
            told = Form(body, content_type).with_value("model", upstream.model)
        else:
            told = with_model(body, upstream)
        target = self._target(upstream, self._passage.path)
        sent = ((_TYPE, content_type), ("accept", "*/*"), *upstream.headers)
        return Written(HttpRequest("POST", upstream.origin, target, sent, told, upstream.purpose))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage of an answer in JSON; subtitles and plain text tell neither. Raises UpstreamError."""
        if not body:
            raise unusable("nothing")
        if body.lstrip()[:1] != b"{":
            return Glance()
        try:
            told = _TOLD.decode(body)
        except BROKEN:
            raise unusable("JSON that is broken, or of a wrong shape") from None
        if said(told.error):
            raise error_inside(body)
        model = told.model if isinstance(told.model, str) else None
        return Glance(model, read_usage(told.usage) if said(told.usage) else None)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def event_reader(self, request: Request[Payload], content_type: str) -> EventReader:
        """For a stream of events, or a file of sound. Raises UpstreamError for anything else."""
        events = content_type == SSE
        if events != (_asked(request).streams_as == SSE) or content_type in ("application/json", "text/html"):
            wanted = _asked(request).streams_as
            message = f"answered with {content_type or 'something'} where {wanted} was asked for; ask without a stream"
            raise UpstreamError(message, kind="fatal", upstream_status=200)
        return EventsReader() if events else SoundReader()

    def write_response(self, answer: Payload, request: Request[Payload]) -> WrittenAnswer:
        """As it came."""
        return WrittenAnswer(answer.body, content_type=answer.content_type)

    def event_writer(self, request: Request[Payload]) -> EventWriter:
        """For one stream."""
        return PassedWriter(_asked(request).streams_as)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)


def _is_form(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == FORM


def _read_json(inbound: Inbound) -> tuple[bytes, _Said]:
    body = body_of(inbound)
    check_utf8(body)
    try:
        return body, _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None


def _read_form(inbound: Inbound, content_type: str) -> tuple[bytes, _Said]:
    body = inbound.body
    form = Form(body, content_type)
    model = inbound.path_values.get("model")
    if model is not None:
        body = bytes(form.with_value("model", model))
    stream = (form.value("stream") or "").lower() in ("true", "1")
    return body, _Said(model or form.value("model"), stream, form.value("response_format"))


def _asked(request: Request[Payload]) -> PassedRequest:
    if not isinstance(request, PassedRequest):
        raise TypeError("a stream of an operation that is handed on, for a request that was not read by it")
    return request
