"""The dialect `jina-embeddings` (Jina AI API, Embeddings)."""

from typing import Any

from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedInput, EmbedRequest, EmbedResponse, InputType
from lockgate_ports.json_dialect import JsonDialect
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.vector_answers import VectorAnswers

_TASKS: dict[InputType, str] = {
    "query": "retrieval.query",
    "document": "retrieval.passage",
    "classification": "classification",
    "clustering": "separation",
    "similarity": "text-matching",
}


def _content(view: EmbedRequest, draft: Draft) -> dict[str, Any]:
    write = _item if any(isinstance(each, Image) for each in view.inputs) else _text
    fields: dict[str, Any] = {"input": [write(each, f"input[{at}]", draft) for at, each in enumerate(view.inputs)]}
    if view.input_type is not None:
        fields["task"] = _TASKS[view.input_type]
    if view.encoding_format == "base64":
        fields["embedding_type"] = "base64"
    return fields


def _text(each: EmbedInput, at: str, draft: Draft) -> str:
    if not isinstance(each, str):
        raise draft.cannot_say("token ids; send text", at)
    return each


def _item(each: EmbedInput, at: str, draft: Draft) -> dict[str, str]:
    if not isinstance(each, Image):
        return {"text": _text(each, at, draft)}
    match each.source:
        case UrlSource(url):
            return {"image": url}
        case InlineSource(data):
            return {"image": data}
        case _:
            raise draft.cannot_say("image by a file id", at)


JINA_EMBEDDINGS: JsonDialect[EmbedRequest, EmbedResponse] = JsonDialect(
    "embeddings",
    "/embeddings",
    _content,
    VectorAnswers("jina-embeddings", DETAIL_ERRORS),
    words={"dimensions": "dimensions", "truncate": "truncate"},
    lacks={"user": "user"},
    # nobody else has a word of one of these names with another meaning
    also=("task", "late_chunking", "embedding_type", "normalized", "return_multivector"),
)
