"""Embeddings through InvokeModel: Cohere under the contract, and the bodies of both makers."""

import json
import re
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec
import pytest

import llm_plugin_bedrock
from llm_plugin_bedrock.embeddings import InvokeEmbeddings
from llm_plugin_bedrock.kinds import BEDROCK
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from llm_plugin_bedrock.settings import BedrockSettings
from lockgate_ports.dialect import Upstream
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, split_url
from lockgate_ports.model import Attempt
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import ALIAS, EmbeddingsContract, OperationAsked, OperationSample, OperationSamples
from lockgate_ports.testkit.scripted import Exchange, Script, ScriptedHttp
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.75))
TITAN, TITAN_V1, PICTURES = "amazon.titan-embed-text-v2:0", "amazon.titan-embed-text-v1", "amazon.titan-embed-image-v1"
COHERE, COHERE_V3 = "us.cohere.embed-v4:0", "cohere.embed-english-v3"


def read_back(request: HttpRequest) -> OperationAsked:
    asked = json.loads(request.body)
    found = re.fullmatch(r"/model/([^/]+)/invoke", request.target)
    assert found is not None
    return OperationAsked(
        model=unquote(found.group(1)), texts=tuple(asked["texts"]), size=asked.get("output_dimension")
    )


SAMPLES = OperationSamples(
    dialect="bedrock-invoke-embeddings",
    read_back=read_back,
    answer=OperationSample(body=json.dumps({"embeddings": {"float": VECTORS}, "id": "e"}).encode(), said=VECTORS),
    no_usage=OperationSample(body=json.dumps({"embeddings": VECTORS}).encode(), said=VECTORS),
    more=(
        OperationSample(
            body=json.dumps({"embedding": VECTORS[0], "inputTextTokenCount": 4}).encode(),
            said=VECTORS[:1],
            usage=Usage(input_tokens=4, total_tokens=4),
        ),
    ),
    invalid_key=BEDROCK_CONVERSE.invalid_key,
    rate_limited=BEDROCK_CONVERSE.rate_limited,
    server_error=BEDROCK_CONVERSE.server_error,
    more_errors=BEDROCK_CONVERSE.more_errors,
    no_answer=(b'{"embeddings":[]}', b'{"message":"no room"}'),
    relay_request=b'{ "zz":[1.50],"name":"' + b'x","texts":["Hi"]}',
)
assert ALIAS.encode() not in SAMPLES.relay_request  # the model stands in the path


class TestCohereOnBedrock(EmbeddingsContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "us-east-1", "auth": "bearer"}
    model = COHERE
    samples = SAMPLES


def written(model: str, *inputs: Any, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    origin, prefix = split_url("https://bedrock.test")
    upstream = Upstream(provider_id="aws", origin=origin, prefix=prefix, model=model)
    out = InvokeEmbeddings().write_request(EmbedRequest(model="alias", inputs=inputs, **fields), upstream)
    return msgspec.json.decode(out.http.body), out.dropped


@pytest.mark.parametrize(
    ("model", "inputs", "fields", "body", "dropped"),
    [
        (TITAN, ("Hi",), {"dimensions": 256}, {"inputText": "Hi", "dimensions": 256}, ()),
        (TITAN_V1, ("Hi",), {"dimensions": 256}, {"inputText": "Hi"}, ("dimensions",)),
        (TITAN, ("Hi",), {"user": "u", "input_type": "query"}, {"inputText": "Hi"}, ("input_type", "user")),
        (
            PICTURES,
            (Image(InlineSource("AA==", "image/png")),),
            {"dimensions": 384},
            {"inputImage": "AA==", "embeddingConfig": {"outputEmbeddingLength": 384}},
            (),
        ),
        (
            COHERE,
            ("a", "b"),
            {"input_type": "query", "truncate": True, "dimensions": 512},
            {
                "texts": ["a", "b"],
                "input_type": "search_query",
                "embedding_types": ["float"],
                "truncate": "END",
                "output_dimension": 512,
            },
            (),
        ),
        (
            COHERE_V3,
            ("a",),
            {},
            {"texts": ["a"], "input_type": "search_document", "embedding_types": ["float"]},
            (),
        ),
        (
            COHERE_V3,
            ("a",),
            {"input_type": "similarity", "truncate": False, "dimensions": 512},
            {"texts": ["a"], "input_type": "search_document", "embedding_types": ["float"], "truncate": "NONE"},
            ("input_type", "dimensions"),
        ),
        (
            COHERE,
            (Image(InlineSource("AA==", "image/png")),),
            {},
            {"images": ["data:image/png;base64,AA=="], "input_type": "image", "embedding_types": ["float"]},
            (),
        ),
    ],
)
def test_each_makers_body(
    model: str, inputs: Any, fields: dict[str, Any], body: dict[str, Any], dropped: tuple[str, ...]
) -> None:
    assert written(model, *inputs, **fields) == (body, dropped)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (TITAN, ((1, 2),)),
        (TITAN, (Image(InlineSource("AA==", "image/png")),)),
        (PICTURES, (Image(UrlSource("https://x.test/a.png")),)),
        (COHERE, ("a", (1, 2))),
        (COHERE, ("a", Image(InlineSource("AA==", "image/png")))),
        ("amazon.nova-lite-v1:0", ("a",)),
    ],
)
def test_inputs_that_a_model_does_not_read_are_refused(model: str, inputs: Any) -> None:
    with pytest.raises(Unsupported):
        written(model, *inputs)


def asked(*texts: str) -> Request[EmbedRequest]:
    view = EmbedRequest(model="alias", inputs=texts)
    return Request(operation="embeddings", model="alias", stream=False, view=view)


def titan(*script: Script) -> tuple[Any, ScriptedHttp, Attempt]:
    http = ScriptedHttp(*script)
    model = BEDROCK.build(BedrockSettings(region="us-east-1"), BuildContext("aws", http))
    return model, http, Attempt(TITAN, Secret("ABSKexample", "env:K"))


def answered(number: int) -> Exchange:
    return Exchange(chunks=(json.dumps({"embedding": [number], "inputTextTokenCount": 2}).encode(),))


async def test_many_inputs_are_asked_one_by_one_where_a_model_takes_one() -> None:
    model, http, attempt = titan(*(answered(number) for number in range(6)))
    reply = await model.embed(asked(*"abcdef"), attempt)
    assert [each.index for each in reply.view.embeddings] == list(range(6))
    by_text = {json.loads(each.body)["inputText"]: (float(place),) for place, each in enumerate(http.requests)}
    assert [each.vector for each in reply.view.embeddings] == [by_text[text] for text in "abcdef"]
    assert reply.view.usage == reply.glance.usage == Usage(input_tokens=12, total_tokens=12)
    assert http.leaks == []


async def test_one_input_that_fails_fails_the_call_and_stops_the_rest() -> None:
    refused = Exchange(status=429, chunks=(b'{"message":"slow down"}',))
    model, http, attempt = titan(answered(0), refused, *(answered(number) for number in range(40)))
    with pytest.raises(UpstreamError, match="slow down") as caught:
        await model.embed(asked(*map(str, range(40))), attempt)
    assert caught.value.kind == "rate_limit"
    assert len(http.requests) < 20
    assert http.leaks == []


@pytest.mark.parametrize(
    ("told", "counted"), [("7", Usage(input_tokens=7, total_tokens=7)), ("", None), ("seven", None), ("²", None)]
)
async def test_what_a_model_reads_is_counted_by_the_head_of_its_answer(told: str, counted: Usage | None) -> None:
    head = (("content-type", "application/json"), ("x-amzn-bedrock-input-token-count", told))
    http = ScriptedHttp(*[Exchange(headers=head, chunks=(b'{"embeddings":[[0.5]],"id":"e"}',)) for _ in range(2)])
    context = BuildContext(name="aws", http=http)
    model = BEDROCK.build(BedrockSettings(region="us-east-1", auth="bearer"), context)
    attempt = Attempt(model=COHERE, secret=Secret("k", "env:K"))
    view = EmbedRequest(model="alias", inputs=("a",))
    reply = await model.embed(Request(operation="embeddings", model="alias", stream=False, view=view), attempt)
    assert (reply.glance.usage, reply.view.usage) == (counted, counted)
    own = Request[EmbedRequest](
        operation="embeddings", model="alias", stream=False, dialect=InvokeEmbeddings.name, body=b"{}", view=view
    )
    relayed = await model.embed(own, attempt)
    assert (relayed.glance.usage, relayed.view.usage) == (counted, counted)
