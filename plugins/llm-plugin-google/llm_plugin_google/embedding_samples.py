"""Known answers of `gemini-embeddings`, and of Vertex AI's predict, for the contract kit."""

import json
from typing import Any

import msgspec

from llm_plugin_google.embeddings import BATCH
from llm_plugin_google.samples import GEMINI
from lockgate_ports.http import HttpRequest
from lockgate_ports.testkit import ALIAS, OperationAsked, OperationSample, OperationSamples
from lockgate_ports.usage import Usage

_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))
_USAGE = Usage(input_tokens=9, output_tokens=0, total_tokens=9)
_MEMBERS = msgspec.json.Decoder(dict[str, Any])


def _sample(answer: dict[str, Any], said: int, usage: Usage | None = None) -> OperationSample:
    return OperationSample(body=json.dumps(answer).encode(), said=_VECTORS[:said], usage=usage)


def _batch_asked(request: HttpRequest) -> OperationAsked:
    requests = _MEMBERS.decode(bytes(request.body))["requests"]
    (model,) = {each["model"].removeprefix("models/") for each in requests}
    (size,) = {each.get("outputDimensionality") for each in requests}
    return OperationAsked(model=model, texts=tuple(each["content"]["parts"][0]["text"] for each in requests), size=size)


def _predict_asked(request: HttpRequest) -> OperationAsked:
    asked = _MEMBERS.decode(bytes(request.body))
    return OperationAsked(
        model=request.target.rpartition("/")[2].removesuffix(":predict"),
        texts=tuple(each["content"] for each in asked["instances"]),
        size=asked.get("parameters", {}).get("outputDimensionality"),
    )


_BATCHED = {"embeddings": [{"values": vector} for vector in _VECTORS]}
GEMINI_EMBEDDINGS = OperationSamples(
    dialect=BATCH,
    read_back=_batch_asked,
    answer=_sample({**_BATCHED, "usageMetadata": {"promptTokenCount": 9}}, 3, _USAGE),
    no_usage=_sample({"embeddings": _BATCHED["embeddings"][:1]}, 1),
    invalid_key=GEMINI.invalid_key,
    rate_limited=GEMINI.rate_limited,
    server_error=GEMINI.server_error,
    more_errors=GEMINI.more_errors,
    no_answer=(b'{"embeddings":[]}', b'{"error":{"code":503,"message":"no room","status":"UNAVAILABLE"}}'),
    relay_request=b'{"requests":[{"content":{"parts":[{"text":"\\u00e9"}]},"zz":[1.50],"model":"models/%b"}]}'
    % ALIAS.encode(),
)


def _predicted(count: int, **statistics: int) -> dict[str, Any]:
    told = {"statistics": statistics} if statistics else {}
    return {"predictions": [{"embeddings": {"values": vector, **told}} for vector in _VECTORS[:count]]}


VERTEX_EMBEDDINGS = msgspec.structs.replace(
    GEMINI_EMBEDDINGS,
    dialect="vertex-embeddings",
    read_back=_predict_asked,
    answer=_sample(_predicted(3, tokenCount=3), 3, _USAGE),
    no_usage=_sample(_predicted(1), 1),
    no_answer=(b'{"predictions":[]}', b'{"error":{"code":503,"message":"no room","status":"UNAVAILABLE"}}'),
    relay_request=None,
)
