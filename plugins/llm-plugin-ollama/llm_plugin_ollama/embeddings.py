"""OllamaEmbeddings: the dialect `ollama-embeddings` (Ollama API, Generate embeddings)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_ollama.error_in import ERRORS
from llm_plugin_ollama.wire import EMBEDDINGS, patched, post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL, said
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import Embedding, EmbedInput, EmbedRequest, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode
from lockgate_ports.refusals import unusable
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

_PATH = "/api/embed"


class _Answer(Struct, gc=False):
    embeddings: list[list[float]] | None = None
    model: str | None = None
    prompt_eval_count: int | None = None
    error: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)


class OllamaEmbeddings:
    """A ProviderDialect for embeddings. `options` and `keep_alive` as in OllamaChat."""

    name: str = EMBEDDINGS
    operation: Operation = "embeddings"

    def __init__(self, options: Mapping[str, Any], keep_alive: str | int | None) -> None:
        self._options = options
        self._keep_alive = keep_alive

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model}
        fields["input"] = [_text(each, place, draft) for place, each in enumerate(view.inputs)]
        if view.dimensions is not None:
            fields["dimensions"] = view.dimensions
        if view.truncate is not None:
            fields["truncate"] = view.truncate
        if self._options:
            fields["options"] = self._options
        if self._keep_alive is not None:
            fields["keep_alive"] = self._keep_alive
        advice = {"input_type": view.input_type, "user": view.user}
        fields |= {name: value for name, value in advice.items() if value is not None and draft.admits(name)}
        own = view.native == EMBEDDINGS
        fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
        return Written(post(_PATH, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return Written(post(_PATH, patched(body, upstream, streams=False), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        wire = _answer(body)
        return Glance(wire.model, _usage(wire))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The vectors, in the order of the inputs. Raises UpstreamError."""
        wire = _answer(body)
        vectors = tuple(Embedding(index, tuple(vector)) for index, vector in enumerate(wire.embeddings or ()))
        return EmbedResponse(embeddings=vectors, model=wire.model, usage=_usage(wire))

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return ERRORS.read(status, headers, body, EMBEDDINGS)


def _answer(body: bytes) -> _Answer:
    try:
        wire = _ANSWER.decode(body)
    except BROKEN as error:
        raise ERRORS.instead(error, body, EMBEDDINGS) from None
    if said(wire.error):
        raise ERRORS.inside(body, EMBEDDINGS)
    if not wire.embeddings:
        raise unusable("an answer without vectors")
    return wire


def _usage(wire: _Answer) -> Usage | None:
    given = wire.prompt_eval_count
    return None if given is None else Usage(input_tokens=given, output_tokens=0)


def _text(each: EmbedInput, place: int, draft: Draft) -> str:
    if not isinstance(each, str):
        raise draft.cannot_say("token ids or pictures; send text", f"input[{place}]")
    return each
