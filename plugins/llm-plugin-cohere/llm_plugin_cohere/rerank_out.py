"""A reranking request for Cohere (Cohere API, Rerank): v2, or v1 where the caller wants what only that can say."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_cohere.leaving import leave
from llm_plugin_cohere.names import RERANK
from llm_plugin_cohere.rerank_wire import ONLY_V1, RERANK_REQUEST, V1, V2, is_object
from llm_plugin_cohere.wire import patched, post
from lockgate_ports.carried import said
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.json_post import encode
from lockgate_ports.rerank import RerankRequest


def write_request(view: RerankRequest, upstream: Upstream) -> Written:
    """Documents that are objects, and documents in the answer, are words of v1; the length of a document is one of v2.
    Raises Unsupported, naming the field."""
    draft = Draft(upstream)
    objects = any(isinstance(each, Raw) for each in view.documents)
    old = (
        objects
        or bool(view.return_documents)
        or (view.native == RERANK and any(name in view.extra for name in ONLY_V1))
    )
    fields: dict[str, Any] = {"model": upstream.model, "query": view.query}
    fields["documents"] = [{"text": each} if objects and isinstance(each, str) else each for each in view.documents]
    if view.top_n is not None:
        fields["top_n"] = view.top_n
    if old and view.return_documents is not None:
        fields["return_documents"] = view.return_documents
    if view.max_tokens_per_document is not None:
        if old:
            leave(draft, "max_tokens_per_doc")
        else:
            fields["max_tokens_per_doc"] = view.max_tokens_per_document
    if view.truncate is False:
        leave(draft, "truncate")  # Cohere always cuts
    if view.user is not None and draft.admits("user"):
        fields["user"] = view.user
    own = view.native == RERANK
    fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
    return Written(post(V1 if old else V2, encode(fields), upstream), draft.dropped)


def relay_request(body: bytes, upstream: Upstream) -> Written:
    """The same bytes but for `model`, at the version that knows what they say. Raises InvalidRequest."""
    changed = patched(body, upstream)
    try:
        wire = RERANK_REQUEST.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"the body is no request in Cohere's form: {error}") from None
    old = wire.return_documents is not None or said(wire.rank_fields) or said(wire.max_chunks_per_doc)
    old = old or any(is_object(each) for each in wire.documents)
    return Written(post(V1 if old else V2, changed, upstream))
