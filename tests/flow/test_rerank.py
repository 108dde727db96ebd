"""Reranking: clients that speak Cohere's form, and embedders, in front of providers of several forms."""

import json
from typing import Any

import pytest
from gateway import CANARY, serving, settings
from upstream import Upstream, http, upstream

from lockgate import RerankRequest, Unsupported, UpstreamError

ODD = b'{ "zz":[1.50 ,12345678901234567890123],"model":"best","query":"Wo?","documents":["a","\\u00e9"], "top_n":2}'
RANKED = b'{"id":"r-1", "x_new":1.50,"results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.1}],'
RANKED += b'"meta":{"billed_units":{"search_units":1}}}'


def rows(up: Upstream) -> dict[str, Any]:
    """A provider for each form, and a route `best` to the first."""
    own = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    base = up.url.removesuffix("/v1")
    config = settings(up.url)
    config["providers"] |= {
        "form-a": {"kind": "cohere", "base_url": base, **own},
        "form-b": {"kind": "voyage", "base_url": up.url, **own},
        "form-c": {"kind": "jina", "base_url": up.url, **own},
    }
    config["routes"] = {"best": {"targets": ["form-a/ranker"]}}
    return config


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
async def test_the_same_form_on_both_sides_goes_through_in_its_own_bytes(path: str):
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(RANKED)])
        told = await gw.ask(ODD, path=path)
        assert (told.status, told.body) == (200, RANKED)
        assert up.seen[0].body == ODD.replace(b'"best"', b'"ranker"')
        assert up.seen[0].path == "/v2/rerank"
        assert up.seen[0].headers["authorization"] == f"Bearer {CANARY}"
        assert told.headers["x-lockgate-target"] == "form-a/ranker"


@pytest.mark.parametrize(("provider", "member", "size"), [("form-b", "data", "top_k"), ("form-c", "results", "top_n")])
async def test_a_client_of_one_form_is_served_by_a_provider_of_another(provider: str, member: str, size: str):
    async with upstream() as up, serving(rows(up)) as gw:
        ranking = [{"index": 1, "relevance_score": 0.75}, {"index": 0, "relevance_score": 0.5}]
        up.say([http(json.dumps({member: ranking, "model": "m-1", "usage": {"total_tokens": 12}}).encode())])
        asked = {"model": f"{provider}/m", "query": "Wo?", "documents": ["a", "b"], "top_n": 2, "rank_fields": ["text"]}
        told = await gw.ask(asked, path="/v2/rerank")
        assert told.status == 200
        assert told.json["results"] == ranking
        assert told.json["meta"]["tokens"]["input_tokens"] == 12
        assert told.headers["x-lockgate-dropped"] == "rank_fields"
        sent = up.seen[0].json
        assert (sent["model"], sent["query"], sent["documents"], sent[size]) == ("m", "Wo?", ["a", "b"], 2)
        assert up.seen[0].path == "/v1/rerank"


async def test_an_embedder_ranks_documents():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(RANKED)])
        answer = await gw.gateway.rerank(RerankRequest(model="best", query="Wo?", documents=("a", "b")))
        assert answer.order == (1, 0)
        assert answer.response.results[0].score == 0.9
        assert answer.response.search_units == 1
        assert str(answer.target) == "form-a/ranker"


async def test_an_overloaded_provider_is_asked_again():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(b'{"message":"busy"}', 503)], [http(RANKED)])
        told = await gw.ask(ODD, path="/v2/rerank")
        assert told.status == 200
        assert told.headers["x-lockgate-attempts"] == "2"


async def test_a_provider_without_reranking_says_so():
    async with upstream() as up, serving(rows(up)) as gw:
        with pytest.raises(Unsupported, match="up offers no rerank"):
            await gw.gateway.rerank(RerankRequest(model="up/m", query="Wo?", documents=("a",)))
        told = await gw.ask({"model": "up/m", "query": "?", "documents": ["a"]}, path="/v2/rerank")
        assert (told.status, up.seen) == (400, [])
        assert "offers no rerank" in told.json["message"]


async def test_a_providers_own_error_reaches_a_client_of_its_form_as_it_came():
    async with upstream() as up, serving(rows(up)) as gw:
        body = b'{"id":"e-1","message":"invalid request: top_n", "x":1.50}'
        up.say([http(body, 422)])
        told = await gw.ask(ODD, path="/v2/rerank")
        assert (told.status, told.body) == (422, body)


async def test_a_wrong_key_of_the_gateways_is_no_fault_of_the_clients():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(f'{{"message":"invalid api token {CANARY}"}}'.encode(), 401)])
        told = await gw.ask(ODD, path="/v2/rerank")
        assert told.status == 502
        assert told.json["id"] == told.headers["x-request-id"]  # told in our words, not handed on
        assert CANARY not in told.body.decode()
        with pytest.raises(UpstreamError) as caught:
            await gw.gateway.rerank(RerankRequest(model="best", query="?", documents=("a",)))
        assert caught.value.kind == "auth"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no body"),
        (b"{", "not valid JSON"),
        (b'{"query":"?","documents":["a"]}', "model is missing"),
        (b'{"model":"best","documents":["a"]}', "query is missing"),
        (b'{"model":"best","query":"?","documents":[]}', "documents is empty"),
        (b'{"model":"best","query":"?","documents":["a",7]}', r"documents[1] must be a string or an object"),
        (b'{"model":"best","query":"?","documents":["a"],"top_n":0}', "top_n must be 1 or more"),
        (b'{"model":"best","query":"\xff","documents":["a"]}', "not valid UTF-8"),
        (b'{"model":"best","query":"?","documents":["a"],"zz":"\xff"}', "not valid UTF-8"),
        (b'{"model":"no-such","query":"?","documents":["a"]}', "no-such"),
    ],
)
async def test_a_bad_request_is_told_what_is_wrong(body: bytes, says: str):
    async with upstream() as up, serving(rows(up)) as gw:
        told = await gw.ask(body, path="/v2/rerank")
        assert told.status in (400, 404)
        assert says in told.json["message"]
        assert up.seen == []


async def test_documents_in_the_answer_are_asked_of_the_version_that_knows_them():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(RANKED)])
        asked = {"model": "best", "query": "?", "documents": [{"text": "a"}, "b"], "return_documents": True}
        await gw.ask(asked, path="/v1/rerank")
        assert up.seen[0].path == "/v1/rerank"
        await gw.gateway.rerank(RerankRequest(model="best", query="?", documents=("a",), return_documents=True))
        assert (up.seen[1].path, up.seen[1].json["return_documents"]) == ("/v1/rerank", True)


@pytest.mark.parametrize("wish", [True, False, None])
async def test_documents_come_back_where_the_client_asks_for_them_whatever_the_provider_sends(wish: bool | None):
    async with upstream() as up, serving(rows(up)) as gw:
        results = [{"index": 1, "relevance_score": 0.75, "document": "b"}, {"index": 0, "relevance_score": 0.5}]
        up.say([http(json.dumps({"data": results, "model": "m-1", "usage": {"total_tokens": 12}}).encode())])
        asked = {"model": "form-b/m", "query": "Wo?", "documents": ["a", "b"]}
        told = await gw.ask(asked | ({} if wish is None else {"return_documents": wish}), path="/v1/rerank")
        shown = [each.get("document") for each in told.json["results"]]
        assert shown == ([{"text": "b"}, {"text": "a"}] if wish else [None, None])
