"""What is asked of Cohere's embeddings, and what is read."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from llm_plugin_cohere.embeddings import CohereEmbeddings
from lockgate_ports.dialect import Params, Upstream
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import Image, InlineSource, UrlSource

URL = Image(UrlSource("https://x.test/a.png"))
INLINE = Image(InlineSource("QUJD", "image/png"))


def written(*inputs: Any, params: Params = "drop", **fields: Any) -> tuple[Any, tuple[str, ...]]:
    origin = Origin("https", "co.test", 443)
    upstream = Upstream(provider_id="co", origin=origin, prefix="/p", model="real", params=params)
    told = CohereEmbeddings().write_request(EmbedRequest(model="m", inputs=inputs, **fields), upstream)
    assert told.http.target == "/p/v2/embed"
    return json.loads(told.http.body), told.dropped


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("query", "search_query"),
        ("document", "search_document"),
        ("classification", "classification"),
        ("clustering", "clustering"),
    ],
)
def test_what_vectors_are_for_is_said_in_coheres_words(given: str, word: str) -> None:
    body, dropped = written("a", input_type=given)
    assert (body["input_type"], dropped) == (word, ())


def test_a_purpose_that_nobody_said_is_taken_as_a_document_and_named() -> None:
    body, dropped = written("a", "b")
    assert (body["texts"], body["input_type"], body["embedding_types"]) == (["a", "b"], "search_document", ["float"])
    assert dropped == ("input_type (taken as search_document)",)
    assert written("a", input_type="similarity")[1] == ("input_type", "input_type (taken as search_document)")


def test_size_and_cutting_go_by_coheres_words() -> None:
    body, _ = written("a", dimensions=256, truncate=True)
    assert (body["output_dimension"], body["truncate"]) == (256, "END")
    assert written("a", truncate=False)[0]["truncate"] == "NONE"


def test_pictures_alone_and_among_words() -> None:
    body, dropped = written(INLINE)
    assert (body["images"], body["input_type"], dropped) == (["data:image/png;base64,QUJD"], "image", ())
    body, _ = written("a", URL, input_type="query")
    assert [item["content"][0]["type"] for item in body["inputs"]] == ["text", "image_url"]
    assert body["input_type"] == "search_query"


def test_token_ids_are_refused_by_their_place() -> None:
    with pytest.raises(Unsupported) as caught:
        written("a", (1, 2))
    assert caught.value.param == "input[1]"


def test_what_another_dialect_adds_is_named() -> None:
    assert written("a", input_type="query", user="u", extra={"zz": Raw(b"1")}, native="other")[1] == ("user", "zz")
    own = {"embedding_types": Raw(b'["int8"]')}
    assert written("a", input_type="query", extra=own, native="cohere-embeddings")[0]["embedding_types"] == ["int8"]


def test_where_several_forms_were_asked_for_none_is_lost() -> None:
    answer = CohereEmbeddings().read_response(b'{"embeddings":{"int8":[[1,2]],"float":[[0.5,1]]}}')
    assert answer.embeddings[0].floats == (0.5, 1.0)
    assert msgspec.json.decode(answer.extra["embeddings"])["int8"] == [[1.0, 2.0]]
