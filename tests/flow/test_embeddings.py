"""Embeddings: bytes in, bytes out, by the surface, the official SDK and the embedder's call."""

import json
from array import array
from base64 import b64encode
from typing import Any

import openai
import pytest
from gateway import CANARY, serving, settings
from upstream import http, upstream

from lockgate import EmbedRequest, Unsupported

NUMBERS = (0.5, -1.25, 3.0)
PACKED = b64encode(array("f", NUMBERS).tobytes()).decode()


def vectors(*embeddings: Any) -> bytes:
    data = [{"object": "embedding", "index": place, "embedding": each} for place, each in enumerate(embeddings)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    return json.dumps({"object": "list", "data": data, "model": "e-1", "usage": usage, "odd": 1.50}, indent=1).encode()


async def test_request_and_answer_go_through_in_their_own_bytes():
    odd = b'{ "input":[[1,2],[3]], "zz":1.50,"model":"fast","dimensions":3,"encoding_format":"base64","user":"u"}'
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(vectors(PACKED, PACKED))])
        told = await gw.ask(odd, path="/v1/embeddings")
        assert told.body == vectors(PACKED, PACKED)
        assert up.seen[0].path == "/v1/embeddings"
        assert up.seen[0].body == odd.replace(b'"fast"', b'"m"')
        assert up.seen[0].headers["authorization"] == f"Bearer {CANARY}"
        assert told.headers["x-lockgate-target"] == "up/m"


async def test_the_official_sdk_gets_numbers_from_either_form():
    async with upstream() as up, serving(settings(up.url)) as gw:
        client = openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)
        for form in (PACKED, NUMBERS):
            up.say([http(vectors(form))])
            answer = await client.embeddings.create(model="fast", input="hi")
            assert tuple(answer.data[0].embedding) == NUMBERS
            assert answer.usage.prompt_tokens == 4
        await client.close()


async def test_an_embedder_gets_vectors_and_who_made_them():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(vectors(PACKED, NUMBERS))])
        request = EmbedRequest(model="fast", inputs=("a", "b"), dimensions=3, input_type="query")
        answer = await gw.gateway.embed(request)
        assert answer.vectors == (NUMBERS, NUMBERS)
        assert str(answer.target) == "up/m"
        assert answer.dropped == ("input_type",)
        assert answer.response.usage is not None
        assert answer.response.usage.input_tokens == 4
        assert up.seen[0].json == {"model": "m", "input": ["a", "b"], "dimensions": 3}


async def test_usage_of_an_embedding_is_counted():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(vectors(PACKED))])
        await gw.ask({"model": "fast", "input": "hi"}, path="/v1/embeddings")
        metrics = (await gw.get("/metrics")).body.decode()
        assert 'gen_ai_operation_name="embeddings"' in metrics
        assert "input" in metrics


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "fast"}, "input"),
        ({"model": "fast", "input": []}, "input"),
        ({"model": "fast", "input": ["a", 1]}, "input"),
        ({"model": "fast", "input": {"a": 1}}, "input"),
        ({"model": "fast", "input": "a", "dimensions": 0}, "dimensions"),
        ({"model": "fast", "input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"model": "", "input": "a"}, "model"),
    ],
)
async def test_a_bad_request_is_refused_by_the_name_of_the_field(body: Any, param: str):
    async with upstream() as up, serving(settings(up.url)) as gw:
        told = await gw.ask(body, path="/v1/embeddings")
        assert told.status == 400
        assert told.json["error"]["param"] == param
        assert up.seen == []


async def test_an_answer_without_vectors_is_a_fault_of_the_upstream():
    async with upstream() as up, serving(settings(up.url, retry={"max_attempts": 1})) as gw:
        for body in (
            b'{"object":"list","data":[]}',
            b'{"error":{"message":"no room","type":"server_error"}}',
            b"<html>",
        ):
            up.say([http(body)])
            assert (await gw.ask({"model": "fast", "input": "hi"}, path="/v1/embeddings")).status == 502


async def test_a_picture_is_refused_where_only_texts_are_embedded():
    from lockgate_ports.parts import Image, UrlSource

    async with upstream() as up, serving(settings(up.url)) as gw:
        with pytest.raises(Unsupported, match=r"input\[1\]: up takes no picture"):
            await gw.gateway.embed(EmbedRequest(model="fast", inputs=("a", Image(UrlSource("https://a.test/b.png")))))
        assert up.seen == []


@pytest.mark.parametrize("sent", [NUMBERS, PACKED], ids=["numbers", "base64"])
@pytest.mark.parametrize(("wish", "shown"), [("base64", PACKED), ("float", list(NUMBERS)), (None, list(NUMBERS))])
async def test_vectors_have_the_encoding_that_the_client_asked_for(sent: Any, wish: str | None, shown: Any):
    async with upstream() as up:
        config = settings(up.url)
        config["providers"]["up"]["kind"] = "voyage"
        async with serving(config) as gw:
            up.say([http(vectors(sent))])
            asked = {"model": "fast", "input": "hi"} | ({} if wish is None else {"encoding_format": wish})
            told = await gw.ask(asked, path="/v1/embeddings")
            assert told.json["data"][0]["embedding"] == shown


async def test_base64_that_is_none_is_the_providers_fault():
    async with upstream() as up:
        config = settings(up.url)
        config["providers"]["up"]["kind"] = "voyage"
        async with serving(config) as gw:
            up.say([http(vectors("AAA="))])
            told = await gw.ask({"model": "fast", "input": "hi"}, path="/v1/embeddings")
            assert (told.status, told.headers["x-lockgate-error"]) == (502, "upstream_transient")
