"""Every kind that makes embeddings under the contract of those, and the words of their own for what is asked."""

import json
from typing import Any

import msgspec
import pytest

import llm_plugin_openai_compatible_presets
from llm_plugin_openai.samples import OPENAI_CHAT
from llm_plugin_openai_compatible_presets.hosted import HOSTED
from llm_plugin_openai_compatible_presets.local import LOCAL
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import Unsupported
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import HttpRequest
from lockgate_ports.model import Attempt
from lockgate_ports.testkit import (
    ALIAS,
    EmbeddingsContract,
    Exchange,
    OperationAsked,
    OperationSample,
    OperationSamples,
    ScriptedHttp,
)
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))
# the contract asks for vectors of a length, which one row must refuse; its own tests stand below
_ROWS = [row for row in (*HOSTED, *LOCAL) if row.embeddings is not None and "dimensions" not in row.embeddings.lacks]


class _Asked(msgspec.Struct):
    model: str
    input: tuple[str, ...]
    dimensions: int | None = None
    output_dimension: int | None = None


def _body(*order: int, usage: dict[str, int] | None = None) -> bytes:
    data = [{"object": "embedding", "index": index, "embedding": _VECTORS[index]} for index in order]
    answer = {"object": "list", "model": "sample-1", "data": data} | ({"usage": usage} if usage else {})
    return json.dumps(answer).encode()


def _read_back(request: HttpRequest) -> OperationAsked:
    asked = msgspec.json.decode(request.body, type=_Asked)
    return OperationAsked(model=asked.model, texts=asked.input, size=asked.dimensions or asked.output_dimension)


_SAMPLES = OperationSamples(
    dialect="openai-embeddings",
    read_back=_read_back,
    answer=OperationSample(
        body=_body(0, 1, 2, usage={"prompt_tokens": 8, "total_tokens": 8}),
        said=_VECTORS,
        usage=Usage(input_tokens=8, output_tokens=0, total_tokens=8),
    ),
    no_usage=OperationSample(body=_body(0, 1, 2), said=_VECTORS),
    more=(OperationSample(body=_body(2, 0, 1), said=_VECTORS),),
    invalid_key=OPENAI_CHAT.invalid_key,
    rate_limited=OPENAI_CHAT.rate_limited,
    server_error=OPENAI_CHAT.server_error,
    no_answer=(b'{"object":"list"}', OPENAI_CHAT.server_error.body),
    relay_request=b'{ "zz":[1.50 ,12345678901234567890123],"model":"' + ALIAS.encode() + b'","input":["\\u00e9"]}',
)


def _contract(kind: str) -> type[EmbeddingsContract]:
    attributes: dict[str, Any] = {
        "plugin": llm_plugin_openai_compatible_presets,
        "kind": kind,
        "settings": {"base_url": f"http://{kind}.test/v1"},
        "model": "sample-1",
        "samples": _SAMPLES,
        "__module__": __name__,
    }
    return type(f"Test_{kind}", (EmbeddingsContract,), attributes)


globals().update({f"Test_{row.kind}": _contract(row.kind) for row in _ROWS})


async def _sent(factory: ModelFactory[Any], *, relay: bool, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    http = ScriptedHttp()
    http.script.append(Exchange(chunks=(_body(0),)))
    model = factory.build(factory.settings(), BuildContext("acme", http))
    view = EmbedRequest(model="m", inputs=("Hi",), **fields)
    body = json.dumps({"model": "m", "input": ["Hi"]} | fields).encode()
    asked = (
        Request[EmbedRequest](operation="embeddings", model="m", stream=False, dialect="openai-embeddings", body=body)
        if relay
        else Request(operation="embeddings", model="m", stream=False, view=view)
    )
    reply: Any = await model.embed(asked, Attempt("real"))
    told: EmbedResponse = reply.view
    assert told.embeddings[0].floats == _VECTORS[0]
    return json.loads(http.requests[0].body), reply.dropped


@pytest.mark.parametrize("relay", [False, True])
async def test_mistral_is_given_its_own_name_for_the_length(
    factories: dict[str, ModelFactory[Any]], relay: bool
) -> None:
    sent, dropped = await _sent(factories["mistral"], relay=relay, dimensions=256, user="u")
    assert sent == {"model": "real", "input": ["Hi"], "output_dimension": 256}
    assert dropped == ("user",)


@pytest.mark.parametrize("relay", [False, True])
async def test_a_length_that_cannot_be_chosen_is_refused(factories: dict[str, ModelFactory[Any]], relay: bool) -> None:
    with pytest.raises(Unsupported) as caught:
        await _sent(factories["together"], relay=relay, dimensions=256)
    assert caught.value.param == "dimensions"


@pytest.mark.parametrize("relay", [False, True])
async def test_base64_is_not_asked_of_a_provider_that_knows_none(
    factories: dict[str, ModelFactory[Any]], relay: bool
) -> None:
    sent, dropped = await _sent(factories["together"], relay=relay, encoding_format="base64")
    assert "encoding_format" not in sent
    assert dropped == ("encoding_format",)


async def test_a_provider_without_embeddings_says_so(factories: dict[str, ModelFactory[Any]]) -> None:
    with pytest.raises(Unsupported, match="embeddings"):
        await _sent(factories["groq"], relay=False)
