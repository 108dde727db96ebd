"""Vectors from the Gemini API (API reference, batchEmbedContents) and from Vertex AI (predict, embedContent), for
the side of providers."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_google.camel import camel_case
from llm_plugin_google.error_in import error_inside, read_error
from llm_plugin_google.models import target_of
from llm_plugin_google.wire import WireUsage
from llm_plugin_google.write_parts import content_item
from llm_plugin_google.write_request import encoded, post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import ENCODE, MEMBERS, NULL, said
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import Embedding, EmbedInput, EmbedRequest, EmbedResponse, InputType
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_embeddings
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

BATCH = "gemini-embeddings"
TASKS: dict[InputType, str] = {
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
    "similarity": "SEMANTIC_SIMILARITY",
}


class _Statistics(Struct, rename="camel", gc=False):
    token_count: float | None = None


class _Vector(Struct, rename="camel", gc=False):
    values: tuple[float, ...] = ()
    statistics: _Statistics | None = None


class _Prediction(Struct, rename="camel", gc=False):
    embeddings: _Vector | None = None


class _Answer(Struct, rename="camel", gc=False):
    embeddings: list[_Vector] | None = None
    embedding: _Vector | None = None
    predictions: list[_Prediction] | None = None
    usage_metadata: WireUsage | None = None
    error: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)
_REQUESTS = msgspec.json.Decoder(list[dict[str, Raw]])


class GeminiEmbeddings:
    """A ProviderDialect. `vertex`: Vertex AI's two ways, by the model, which are no client's language."""

    name: str
    operation: Operation = "embeddings"

    def __init__(self, *, vertex: bool = False) -> None:
        self.name = "vertex-embeddings" if vertex else BATCH
        self._vertex = vertex

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        if view.user is not None:
            draft.admits("user")
        for name in view.extra if view.native != BATCH or self._vertex else ():
            draft.admits(name)
        if not self._vertex:
            method, fields = _batch(view, draft)
        elif _embeds_contents(upstream.model):
            method, fields = _single(view, draft)
        else:
            method, fields = _predict(view, draft)
        return Written(post(encoded(fields), upstream, target_of(upstream, method)), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The batch with the provider's own name of the model in each of its requests; all else as it came."""
        batch = MEMBERS.decode(camel_case(body))
        named = Raw(ENCODE(_named(upstream)))
        requests = [{**each, "model": named} for each in _REQUESTS.decode(batch["requests"])]
        fields = ENCODE({**batch, "requests": requests})
        return Written(post(fields, upstream, target_of(upstream, "batchEmbedContents"), travelled=headers))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage. Raises UpstreamError."""
        return glance_embeddings(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """All vectors, in order. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise unusable(f"something that holds no vectors ({error})") from None
        if said(wire.error):
            raise error_inside(body)
        found = wire.embeddings or [each.embeddings for each in wire.predictions or () if each.embeddings is not None]
        vectors = found or ([wire.embedding] if wire.embedding is not None else [])
        if not vectors or not all(vector.values for vector in vectors):
            raise unusable("an answer without vectors")
        return EmbedResponse(
            embeddings=tuple(Embedding(place, vector.values) for place, vector in enumerate(vectors)),
            usage=_usage(wire.usage_metadata, vectors),
        )

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)


def _embeds_contents(model: str) -> bool:
    """Vertex AI asks the older models by `predict`, as the google-genai SDK does."""
    return ("gemini" in model and model != "gemini-embedding-001") or "maas" in model


def _batch(view: EmbedRequest, draft: Draft) -> tuple[str, dict[str, Any]]:
    if view.truncate is not None:
        draft.admits("truncate")
    options = _said(taskType=_task(view), outputDimensionality=view.dimensions)
    if view.native == BATCH:
        options |= view.extra
    named = _named(draft.upstream)
    requests = [
        {"model": named, "content": {"parts": [_item(each, place, draft)]}, **options}
        for place, each in enumerate(view.inputs)
    ]
    return "batchEmbedContents", {"requests": requests}


def _named(upstream: Upstream) -> str:
    return upstream.model if "/" in upstream.model else f"models/{upstream.model}"


def _single(view: EmbedRequest, draft: Draft) -> tuple[str, dict[str, Any]]:
    if len(view.inputs) != 1:
        raise draft.cannot_say("more than one input in a call to this model", "input")
    config = _said(taskType=_task(view), outputDimensionality=view.dimensions, autoTruncate=view.truncate)
    content = {"parts": [_item(view.inputs[0], 0, draft)]}
    return "embedContent", {"content": content} | ({"embedContentConfig": config} if config else {})


def _predict(view: EmbedRequest, draft: Draft) -> tuple[str, dict[str, Any]]:
    instances: list[dict[str, Any]] = []
    for place, each in enumerate(view.inputs):
        if not isinstance(each, str):
            raise draft.cannot_say("input but text with this model", f"input[{place}]")
        instances.append(_said(content=each, task_type=_task(view)))
    parameters = _said(outputDimensionality=view.dimensions, autoTruncate=view.truncate)
    return "predict", {"instances": instances} | ({"parameters": parameters} if parameters else {})


def _item(given: EmbedInput, place: int, draft: Draft) -> Any:
    if isinstance(given, str):
        return {"text": given}
    if isinstance(given, tuple):
        raise draft.cannot_say("text as token ids", f"input[{place}]")
    return content_item(given, f"input[{place}]", draft)


def _task(view: EmbedRequest) -> str | None:
    return TASKS[view.input_type] if view.input_type is not None else None


def _usage(wire: WireUsage | None, vectors: list[_Vector]) -> Usage | None:
    if wire is not None and wire.prompt_token_count is not None:
        return Usage(input_tokens=wire.prompt_token_count, output_tokens=0, total_tokens=wire.prompt_token_count)
    counts = [vector.statistics.token_count for vector in vectors if vector.statistics is not None]
    known = [int(count) for count in counts if count is not None]
    if len(known) < len(vectors):
        return None
    return Usage(input_tokens=sum(known), output_tokens=0, total_tokens=sum(known))


def _said(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
