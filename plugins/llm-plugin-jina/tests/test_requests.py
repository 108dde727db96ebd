"""What Jina is asked."""

import json
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_jina.embeddings import JINA_EMBEDDINGS
from llm_plugin_jina.rerank import JINA_RERANK
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import Image, InlineSource
from lockgate_ports.rerank import RerankRequest

UPSTREAM = Upstream(provider_id="ji", origin=Origin("https", "ji.test", 443), prefix="/v1", model="real")


def embed(*inputs: Any, **fields: Any) -> tuple[Any, Written]:
    told = JINA_EMBEDDINGS.write_request(EmbedRequest(model="m", inputs=inputs, **fields), UPSTREAM)
    return json.loads(told.http.body), told


@pytest.mark.parametrize(
    ("given", "task"),
    [
        ("query", "retrieval.query"),
        ("document", "retrieval.passage"),
        ("classification", "classification"),
        ("clustering", "separation"),
        ("similarity", "text-matching"),
    ],
)
def test_what_vectors_are_for_is_a_task(given: str, task: str) -> None:
    assert embed("a", input_type=given)[0]["task"] == task


def test_embeddings_go_by_jinas_words() -> None:
    body, told = embed("a", dimensions=64, truncate=True, encoding_format="base64", user="u")
    assert body == {
        "model": "real",
        "input": ["a"],
        "dimensions": 64,
        "truncate": True,
        "embedding_type": "base64",
    }
    assert (told.http.target, told.dropped) == ("/v1/embeddings", ("user",))


def test_late_chunking_may_come_from_a_client_of_any_dialect() -> None:
    body, told = embed("a", extra={"late_chunking": Raw(b"true"), "zz": Raw(b"1")}, native="other")
    assert (body["late_chunking"], told.dropped) == (True, ("zz",))


def test_pictures_stand_beside_texts() -> None:
    assert embed("a", Image(InlineSource("QUJD")))[0]["input"] == [{"text": "a"}, {"image": "QUJD"}]
    with pytest.raises(Unsupported, match="token ids"):
        embed((1, 2))


def test_documents_come_back_only_where_the_caller_asks() -> None:
    def rerank(**fields: Any) -> Any:
        view = RerankRequest(model="m", query="?", documents=("a", Raw(b'{"text":"b"}')), **fields)
        return json.loads(JINA_RERANK.write_request(view, UPSTREAM).http.body)

    assert rerank()["return_documents"] is False
    assert rerank(return_documents=True, top_n=1)["return_documents"] is True
    assert rerank(top_n=1)["top_n"] == 1
    assert rerank()["documents"] == ["a", {"text": "b"}]


def test_documents_come_back_as_they_are() -> None:
    rows = '{"index":1,"relevance_score":0.5,"document":"é"},{"index":0,"relevance_score":0.1,"document":{"text":"b"}}'
    first, second = JINA_RERANK.read_response(b'{"results":[' + rows.encode() + b"]}").results
    assert first.document == "é"
    assert isinstance(second.document, Raw)
    assert bytes(second.document) == b'{"text":"b"}'
