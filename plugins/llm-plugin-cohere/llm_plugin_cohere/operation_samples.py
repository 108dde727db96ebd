"""Known answers of `cohere-embeddings` and `cohere-rerank`, for the contract of every provider that speaks them."""

import json
from typing import Any

import msgspec

from llm_plugin_cohere.samples import INVALID_KEY, MORE_ERRORS, RATE_LIMITED, SERVER_ERROR, error_body
from lockgate_ports.http import HttpRequest
from lockgate_ports.testkit import ALIAS, OperationAsked, OperationSample, OperationSamples
from lockgate_ports.usage import Usage

_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))
_USAGE = Usage(input_tokens=8, output_tokens=0)
_NO_META = {"api_version": {"version": "2"}}
_ODD = b'{ "zz":[1.50 ,12345678901234567890123],"model":"' + ALIAS.encode() + b'",'


def _embedded(meta: dict[str, Any], **forms: Any) -> bytes:
    answer = {"id": "e-7", "texts": ["Grüße", "東京", "🗼"], "embeddings": forms, "meta": meta}
    return json.dumps(answer, ensure_ascii=False).encode()


def _ranked(meta: dict[str, Any], *results: tuple[int, float]) -> bytes:
    rows = [{"index": index, "relevance_score": score} for index, score in results]
    return json.dumps({"id": "r-7", "results": rows, "meta": meta}).encode()


class _Embed(msgspec.Struct):
    model: str
    texts: tuple[str, ...]
    input_type: str
    output_dimension: int | None = None


class _Rerank(msgspec.Struct):
    model: str
    query: str
    documents: tuple[str, ...]
    top_n: int | None = None


def _read_embed(request: HttpRequest) -> OperationAsked:
    asked = msgspec.json.decode(bytes(request.body), type=_Embed)
    return OperationAsked(model=asked.model, texts=asked.texts, size=asked.output_dimension)


def _read_rerank(request: HttpRequest) -> OperationAsked:
    asked = msgspec.json.decode(bytes(request.body), type=_Rerank)
    return OperationAsked(model=asked.model, texts=(asked.query, *asked.documents), size=asked.top_n)


COHERE_EMBEDDINGS = OperationSamples(
    dialect="cohere-embeddings",
    read_back=_read_embed,
    answer=OperationSample(
        body=_embedded({**_NO_META, "billed_units": {"input_tokens": 8}}, float=_VECTORS),
        said=_VECTORS,
        usage=_USAGE,
    ),
    no_usage=OperationSample(body=_embedded(_NO_META, float=_VECTORS), said=_VECTORS),
    more=(
        OperationSample(body=_embedded(_NO_META, int8=((1, -2), (3, 4))), said=((1.0, -2.0), (3.0, 4.0))),
        OperationSample(body=_embedded(_NO_META, base64=["AAAAPwAAgL4="]), said=((0.5, -0.25),)),
        OperationSample(
            body=_embedded({"billed_units": {"input_tokens": 2, "image_tokens": 30}}, float=_VECTORS, int8=((1, 2),)),
            said=_VECTORS,
            usage=Usage(input_tokens=32, output_tokens=0, input_image_tokens=30),
        ),
    ),
    invalid_key=INVALID_KEY,
    rate_limited=RATE_LIMITED,
    server_error=SERVER_ERROR,
    more_errors=MORE_ERRORS,
    no_answer=(_embedded(_NO_META), error_body("no room")),
    relay_request=_ODD + b'"texts":["\\u00e9"],"input_type":"search_query"}',
)
COHERE_RERANK = OperationSamples(
    dialect="cohere-rerank",
    read_back=_read_rerank,
    answer=OperationSample(
        body=_ranked(
            {"billed_units": {"search_units": 1}, "tokens": {"input_tokens": 8}}, (2, 0.75), (0, 0.5), (1, 0.01)
        ),
        said=((2, 0.75), (0, 0.5), (1, 0.01)),
        usage=Usage(input_tokens=8, output_tokens=0, billed_requests=1),
    ),
    no_usage=OperationSample(body=_ranked(_NO_META, (1, 0.75)), said=((1, 0.75),)),
    invalid_key=INVALID_KEY,
    rate_limited=RATE_LIMITED,
    server_error=SERVER_ERROR,
    more_errors=MORE_ERRORS,
    no_answer=(b'{"id":"r-7","meta":{}}', error_body("no room")),
    relay_request=_ODD + b'"query":"?","documents":["\\u00e9"]}',
)
