"""Samples of dialects that answer with a list, in the form that Voyage AI and Jina AI share.

Vectors are OpenAI's `data`, rankings `{index, relevance_score}`, usage `total_tokens`, and errors `{"detail": ...}`.
"""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from lockgate_ports.http import HttpRequest
from lockgate_ports.testkit.operation_samples import OperationAsked, OperationSample, OperationSamples
from lockgate_ports.testkit.samples import ALIAS, KEY, Refused
from lockgate_ports.usage import Usage

_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))
_USAGE = Usage(input_tokens=8, output_tokens=0, total_tokens=8)
_SPENT = {"total_tokens": 8}
_MEMBERS = msgspec.json.Decoder(dict[str, Any])
_ODD = b'{ "zz":[1.50 ,12345678901234567890123],"model":"' + ALIAS.encode() + b'",'


def _answer(usage: Mapping[str, int] | None, member: str, rows: list[dict[str, Any]]) -> bytes:
    answer: dict[str, Any] = {"object": "list", member: rows, "model": "sample-1"}
    return json.dumps(answer | ({"usage": dict(usage)} if usage else {}), ensure_ascii=False).encode()


def _embedded(usage: Mapping[str, int] | None, *places: int) -> bytes:
    rows = [{"object": "embedding", "embedding": _VECTORS[place], "index": place} for place in places]
    return _answer(usage, "data", rows)


def _ranked(usage: Mapping[str, int] | None, member: str, *results: tuple[int, float]) -> bytes:
    return _answer(usage, member, [{"index": index, "relevance_score": score} for index, score in results])


def _error(detail: Any) -> bytes:
    return json.dumps({"detail": detail}).encode()


_INVALID_KEY = Refused(status=401, kind="auth", body=_error(f"Provided API key is invalid: {KEY}."))
_RATE_LIMITED = Refused(
    status=429,
    kind="rate_limit",
    body=_error("Too many requests per minute."),
    headers=(("content-type", "application/json"), ("retry-after", "7")),
    retry_after=7.0,
)
_SERVER_ERROR = Refused(status=503, kind="overloaded", body=_error("Service unavailable"))
_MORE_ERRORS = (
    Refused(status=404, kind="not_found", body=_error("Not Found")),
    Refused(status=400, kind="context_length", body=_error("The example exceeds the maximum of 8 tokens.")),
    Refused(
        status=422,
        kind="invalid_request",
        body=_error([{"loc": ["body", "input"], "msg": "field required", "type": "value_error.missing"}]),
    ),
    Refused(status=402, kind="quota", body=_error("Payment required")),
    Refused(status=403, kind="quota", body=_error("Insufficient account balance")),
    Refused(status=403, kind="permission", body=_error("This IP address is not allowed")),
    Refused(status=500, kind="transient", body=_error("Internal Server Error")),
)


def vector_samples(dialect: str, *, size: str, spent: Mapping[str, int] = _SPENT) -> OperationSamples:
    """Those of a dialect of embeddings; `size` is the request's field for how many numbers a vector has, `spent` its
    words for 8 tokens."""

    def read_back(request: HttpRequest) -> OperationAsked:
        asked = _MEMBERS.decode(bytes(request.body))
        return OperationAsked(model=asked["model"], texts=tuple(asked["input"]), size=asked.get(size))

    base64 = _answer(None, "data", [{"embedding": "AAAAPwAAgL4=", "index": 0}])
    return OperationSamples(
        dialect=dialect,
        read_back=read_back,
        answer=OperationSample(body=_embedded(spent, 0, 1, 2), said=_VECTORS, usage=_USAGE),
        no_usage=OperationSample(body=_embedded(None, 0), said=_VECTORS[:1]),
        more=(
            OperationSample(body=_embedded(spent, 2, 0, 1), said=_VECTORS, usage=_USAGE),
            OperationSample(body=base64, said=((0.5, -0.25),)),
        ),
        invalid_key=_INVALID_KEY,
        rate_limited=_RATE_LIMITED,
        server_error=_SERVER_ERROR,
        more_errors=_MORE_ERRORS,
        no_answer=(_embedded(spent), _error("no room")),
        relay_request=_ODD + b'"input":["\\u00e9"]}',
    )


def ranking_samples(dialect: str, *, member: str, size: str) -> OperationSamples:
    """Those of a dialect of reranking; `member` holds the list, `size` is the request's field for how many rows."""

    def read_back(request: HttpRequest) -> OperationAsked:
        asked = _MEMBERS.decode(bytes(request.body))
        return OperationAsked(model=asked["model"], texts=(asked["query"], *asked["documents"]), size=asked.get(size))

    ranking = ((2, 0.75), (0, 0.5), (1, 0.01))
    return OperationSamples(
        dialect=dialect,
        read_back=read_back,
        answer=OperationSample(body=_ranked(_SPENT, member, *ranking), said=ranking, usage=_USAGE),
        no_usage=OperationSample(body=_ranked(None, member, (1, 0.75)), said=((1, 0.75),)),
        invalid_key=_INVALID_KEY,
        rate_limited=_RATE_LIMITED,
        server_error=_SERVER_ERROR,
        more_errors=_MORE_ERRORS,
        no_answer=(b'{"object":"list"}', _error("no room")),
        relay_request=_ODD + b'"query":"?","documents":["\\u00e9"]}',
    )
