"""What clients ask for vectors with, one content at a time or in a batch (Gemini API reference, embedContent and
batchEmbedContents)."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from llm_plugin_google.camel import camel_case
from llm_plugin_google.dialect import surfaces_of
from llm_plugin_google.embeddings import BATCH, TASKS
from llm_plugin_google.error_out import write_error
from llm_plugin_google.media import part_of
from llm_plugin_google.read_request import RETURNING, model_of
from llm_plugin_google.wire import Content
from lockgate_ports.body_faults import BROKEN, check_utf8, fault
from lockgate_ports.carried import ENCODE, MEMBERS
from lockgate_ports.dialect import ErrorAnswer, Surface, WrittenAnswer
from lockgate_ports.embed import EmbedInput, EmbedRequest, EmbedResponse, InputType
from lockgate_ports.errors import InvalidRequest, LockgateError
from lockgate_ports.parts import Image, InlineSource
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Inbound, Operation, Request

_INPUT_TYPES: dict[str, InputType] = {task: word for word, task in TASKS.items()}
_READ = ("content", "model", "taskType", "outputDimensionality")


class _One(Struct, rename="camel", gc=False):
    content: Content
    task_type: str | None = None
    output_dimensionality: int | None = None


class _Batch(Struct, rename="camel", gc=False):
    requests: Annotated[list[_One], Meta(min_length=1)]


class _RawBatch(Struct):
    requests: list[dict[str, Raw]]


_ONE = msgspec.json.Decoder(_One)
_BATCH = msgspec.json.Decoder(_Batch)
_RAW_BATCH = msgspec.json.Decoder(_RawBatch)


class GeminiBatchEmbed:
    """The dialect `gemini-embeddings`, the side of clients: a batch of contents."""

    name: str = BATCH
    operation: Operation = "embeddings"
    surfaces: tuple[Surface, ...] = surfaces_of("batchEmbedContents")

    def read_request(self, inbound: Inbound) -> Request[EmbedRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        model = model_of(inbound)
        body, wire = _checked(inbound.body, _BATCH)
        return Request(
            operation=self.operation,
            model=model,
            stream=False,
            dialect=self.name,
            body=inbound.body,
            returning=RETURNING,
            read=lambda: _view(model, wire.requests, _RAW_BATCH.decode(body).requests),
        )

    def write_response(self, answer: EmbedResponse, request: Request[EmbedRequest]) -> WrittenAnswer:
        """`{"embeddings": [{values}]}`."""
        vectors = [{"values": floats} for floats in _numbers(answer)]
        return WrittenAnswer(ENCODE({"embeddings": vectors, **_counted(answer)}))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """google.rpc.Status."""
        return write_error(error)


class GeminiEmbedContent:
    """The dialect `gemini-embed-content`, for clients alone: one content, one vector."""

    name: str = "gemini-embed-content"
    operation: Operation = "embeddings"
    surfaces: tuple[Surface, ...] = surfaces_of("embedContent")

    def read_request(self, inbound: Inbound) -> Request[EmbedRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        model = model_of(inbound)
        body, wire = _checked(inbound.body, _ONE)
        return Request(
            operation=self.operation,
            model=model,
            stream=False,
            dialect=self.name,
            body=inbound.body,
            returning=RETURNING,
            read=lambda: _view(model, [wire], [MEMBERS.decode(body)]),
        )

    def write_response(self, answer: EmbedResponse, request: Request[EmbedRequest]) -> WrittenAnswer:
        """`{"embedding": {values}}`."""
        return WrittenAnswer(ENCODE({"embedding": {"values": _numbers(answer)[0]}, **_counted(answer)}))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """google.rpc.Status."""
        return write_error(error)


def _numbers(answer: EmbedResponse) -> list[tuple[float, ...]]:
    try:
        return [each.floats for each in answer.embeddings]
    except ValueError:
        raise unusable("a vector that is no base64 of 32-bit floats") from None


def _checked(body: bytes, decoder: msgspec.json.Decoder[Any]) -> tuple[bytes, Any]:
    try:
        spelled = camel_case(body)
        wire = decoder.decode(spelled)
    except BROKEN as error:
        raise fault(error, body) from None
    check_utf8(body)
    return spelled, wire


def _view(model: str, wire: Sequence[_One], raws: Sequence[dict[str, Raw]]) -> EmbedRequest:
    """One wish for all: the canonical view, unlike a batch, has no wishes for each input."""
    first = wire[0]
    wishes = [{name: bytes(value) for name, value in raw.items() if name not in ("content", "model")} for raw in raws]
    for place, wish in enumerate(wishes):
        if wish != wishes[0]:
            at = f"requests[{place}]"
            raise InvalidRequest(f"{at} asks otherwise than requests[0]; send it by itself", param=at)
    extra = {name: value for name, value in raws[0].items() if name not in _READ}
    if first.task_type is not None and first.task_type not in _INPUT_TYPES:
        extra["taskType"] = raws[0]["taskType"]
    return EmbedRequest(
        model=model,
        inputs=tuple(_input(each.content, f"requests[{place}].content") for place, each in enumerate(wire)),
        dimensions=first.output_dimensionality,
        input_type=_INPUT_TYPES.get(first.task_type) if first.task_type is not None else None,
        extra=extra,
        native=BATCH if extra else None,
    )


def _input(content: Content, at: str) -> EmbedInput:
    parts = content.parts or []
    if len(parts) == 1:
        text, blob = parts[0].text, parts[0].inline_data
        if text is not None:
            return text
        if blob is not None:
            media = part_of(blob.mime_type, InlineSource(blob.data, blob.mime_type))
            if isinstance(media, Image):
                return media
    raise InvalidRequest(f"{at} must hold one part, a text or a picture", param=at)


def _counted(answer: EmbedResponse) -> dict[str, Any]:
    usage = answer.usage
    if usage is None or usage.input_tokens is None:
        return {}
    return {"usageMetadata": {"promptTokenCount": usage.input_tokens, "totalTokenCount": usage.input_tokens}}
