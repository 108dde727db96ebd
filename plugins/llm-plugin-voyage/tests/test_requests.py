"""What Voyage is asked."""

import json
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_voyage.embeddings import VOYAGE_EMBEDDINGS
from llm_plugin_voyage.rerank import VOYAGE_RERANK
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.rerank import RerankRequest


def upstream(model: str) -> Upstream:
    return Upstream(provider_id="vo", origin=Origin("https", "vo.test", 443), prefix="/v1", model=model)


def embed(*inputs: Any, model: str = "voyage-4", **fields: Any) -> tuple[Any, Written]:
    told = VOYAGE_EMBEDDINGS.write_request(EmbedRequest(model="m", inputs=inputs, **fields), upstream(model))
    return json.loads(told.http.body), told


def rerank(*documents: str | Raw, **fields: Any) -> tuple[Any, Written]:
    view = RerankRequest(model="m", query="?", documents=documents, **fields)
    told = VOYAGE_RERANK.write_request(view, upstream("rerank-2.5"))
    return json.loads(told.http.body), told


def test_embeddings_go_by_voyages_words() -> None:
    body, told = embed("a", input_type="query", dimensions=256, truncate=False, encoding_format="base64")
    assert body == {
        "model": "voyage-4",
        "input": ["a"],
        "encoding_format": "base64",
        "input_type": "query",
        "truncation": False,
        "output_dimension": 256,
    }
    assert (told.http.target, told.dropped) == ("/v1/embeddings", ())


def test_a_purpose_without_a_word_is_left_out_and_named() -> None:
    body, told = embed("a", input_type="clustering")
    assert ("input_type" in body, told.dropped) == (False, ("input_type",))


def test_pictures_have_a_path_of_their_own() -> None:
    body, told = embed("a", Image(UrlSource("https://x.test/a")), Image(InlineSource("QUJD", "image/png")))
    assert told.http.target == "/v1/multimodalembeddings"
    assert [item["content"][0] for item in body["inputs"]] == [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": "https://x.test/a"},
        {"type": "image_base64", "image_base64": "data:image/png;base64,QUJD"},
    ]
    assert embed("a", model="voyage-multimodal-3")[1].http.target == "/v1/multimodalembeddings"
    relayed = VOYAGE_EMBEDDINGS.relay_request(b'{"model":"m","inputs":[]}', (), upstream("x"))
    assert relayed.http.target == "/v1/multimodalembeddings"


def test_token_ids_are_refused() -> None:
    with pytest.raises(Unsupported, match="token ids"):
        embed((1, 2))


def test_a_ranking_goes_by_voyages_words() -> None:
    body, told = rerank("a", top_n=3, truncate=True, return_documents=True, max_tokens_per_document=9)
    assert (body["top_k"], body["truncation"], body["return_documents"]) == (3, True, True)
    assert told.dropped == ("max_tokens_per_doc",)


def test_an_object_that_is_a_text_is_that_text_and_any_other_is_refused() -> None:
    assert rerank(Raw(b'{"text":"a"}'))[0]["documents"] == ["a"]
    with pytest.raises(Unsupported) as caught:
        rerank("a", Raw(b'{"text":"a","title":"b"}'))
    assert caught.value.param == "documents[1]"


def test_documents_come_back_as_texts() -> None:
    body = '{"data":[{"index":1,"relevance_score":0.5,"document":"é"},{"index":0,"relevance_score":0.1}]}'
    assert [result.document for result in VOYAGE_RERANK.read_response(body.encode()).results] == ["é", None]
