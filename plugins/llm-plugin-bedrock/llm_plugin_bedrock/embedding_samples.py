"""Known answers of `bedrock-invoke-embeddings`, for the contract kit: Cohere's, which take all inputs in one call, and
Titan's, which take one."""

import json
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import structs

from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from lockgate_ports.http import HttpRequest
from lockgate_ports.testkit import OperationAsked, OperationSample, OperationSamples
from lockgate_ports.usage import Usage

_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))
_COUNTED = (("content-type", "application/json"), ("x-amzn-bedrock-input-token-count", "8"))
_USAGE = Usage(input_tokens=8, total_tokens=8)
_MEMBERS = msgspec.json.Decoder(dict[str, Any])


def _body(embeddings: Any) -> bytes:
    return json.dumps({"id": "e-1", "embeddings": embeddings, "response_type": "embeddings_by_type"}).encode()


def _read_back(request: HttpRequest) -> OperationAsked:
    asked = _MEMBERS.decode(bytes(request.body))
    model, operation = request.target.split("/model/")[1].split("/")
    assert operation == "invoke"  # noqa: S101
    return OperationAsked(model=unquote(model), texts=tuple(asked["texts"]), size=asked.get("output_dimension"))


BEDROCK_COHERE_EMBEDDINGS = OperationSamples(
    dialect="bedrock-invoke-embeddings",
    read_back=_read_back,
    answer=OperationSample(body=_body({"float": _VECTORS}), headers=_COUNTED, said=_VECTORS, usage=_USAGE),
    no_usage=OperationSample(body=_body({"float": _VECTORS[:1]}), said=_VECTORS[:1]),
    more=(OperationSample(body=_body(_VECTORS), headers=_COUNTED, said=_VECTORS, usage=_USAGE),),
    invalid_key=BEDROCK_CONVERSE.invalid_key,
    rate_limited=BEDROCK_CONVERSE.rate_limited,
    server_error=BEDROCK_CONVERSE.server_error,
    more_errors=BEDROCK_CONVERSE.more_errors,
    no_answer=(_body({}), _body([]), b'{"message":"no room"}'),
    relay_request=b'{ "zz":[1.50 ,12345678901234567890123],"texts":["\\u00e9"],"input_type":"search_query"}',
)


def _titan_asked(request: HttpRequest) -> OperationAsked:
    asked = _MEMBERS.decode(bytes(request.body))
    model = request.target.split("/model/")[1].removesuffix("/invoke")
    return OperationAsked(model=unquote(model), texts=(asked["inputText"],), size=asked.get("dimensions"))


BEDROCK_TITAN_EMBEDDINGS = structs.replace(
    BEDROCK_COHERE_EMBEDDINGS,
    read_back=_titan_asked,
    answer=OperationSample(body=b'{"embedding":[0.5,-0.25],"inputTextTokenCount":8}', said=_VECTORS[:1], usage=_USAGE),
    no_usage=OperationSample(body=b'{"embedding":[0.5,-0.25]}', said=_VECTORS[:1]),
    more=(),
    no_answer=(b'{"embedding":null}', b'{"message":"no room"}'),
    relay_request=b'{ "zz":[1.50 ,12345678901234567890123],"inputText":"\\u00e9"}',
    several=False,
)
