"""The dialect openai-embeddings: what each side reads and writes."""

import json
from typing import Any

import pytest

from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
from lockgate_ports.dialect import Upstream
from lockgate_ports.embed import Embedding, EmbedRequest, EmbedResponse
from lockgate_ports.errors import InvalidRequest, Unsupported, UpstreamError
from lockgate_ports.parts import Image, UrlSource
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Inbound, Request

_EMBED = Request(operation="embeddings", model="e", stream=False, view=EmbedRequest(model="e", inputs=("a",)))

_DIALECT = OpenAIEmbeddings()
_ANSWER = (
    b'{"object":"list","data":[{"embedding":[0.5],"index":1},{"embedding":"AAA=","index":0}],"model":"e","id":"x"}'
)


def _view(**fields: Any) -> EmbedRequest:
    body = json.dumps({"model": "m", "input": "hi"} | fields).encode()
    return _DIALECT.read_request(Inbound("POST", "/v1/embeddings", {}, body)).view


def _sent(view: EmbedRequest, upstream: Upstream, dialect: OpenAIEmbeddings = _DIALECT) -> dict[str, Any]:
    return json.loads(dialect.write_request(view, upstream).http.body)


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("hi", ("hi",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([[1, 2], [3]], ((1, 2), (3,))),
    ],
)
def test_inputs_are_texts_or_tokens(given: Any, inputs: Any, upstream: Upstream) -> None:
    view = _view(input=given)
    assert view.inputs == inputs
    assert _sent(view, upstream) == {"model": "real", "input": json.loads(json.dumps(inputs))}


def test_a_request_that_was_read_and_written_says_the_same(upstream: Upstream) -> None:
    whole = {"input": ["a"], "dimensions": 3, "encoding_format": "base64", "user": "u", "odd": {"n": 1.5}}
    assert _sent(_view(**whole), upstream) == whole | {"model": "real"}


def test_the_words_of_another_language_are_left_out_and_named(upstream: Upstream) -> None:
    view = EmbedRequest(model="m", inputs=("a",), input_type="query", truncate=True)
    written = _DIALECT.write_request(view, upstream)
    assert written.dropped == ("input_type", "truncate")
    assert json.loads(written.http.body) == {"model": "real", "input": ["a"]}


def test_what_the_server_lacks_is_left_out_or_refused(upstream: Upstream) -> None:
    dialect = OpenAIEmbeddings(lacks=("user", "dimensions"))
    assert dialect.write_request(EmbedRequest(model="m", inputs=("a",), user="u"), upstream).dropped == ("user",)
    with pytest.raises(Unsupported) as caught:
        dialect.write_request(EmbedRequest(model="m", inputs=("a",), dimensions=3), upstream)
    assert caught.value.param == "dimensions"


@pytest.mark.parametrize("inputs", [("a", Image(UrlSource("https://a.test/b.png"))), ("a", (1, 2))])
def test_inputs_the_language_cannot_say_are_refused_by_place(inputs: Any, upstream: Upstream) -> None:
    with pytest.raises(Unsupported) as caught:
        _DIALECT.write_request(EmbedRequest(model="m", inputs=inputs), upstream)
    assert caught.value.param == "input[1]"


def test_vectors_stand_in_the_order_of_the_inputs() -> None:
    answer = _DIALECT.read_response(_ANSWER)
    assert answer.embeddings == (Embedding(0, "AAA="), Embedding(1, (0.5,)))
    assert (answer.model, answer.extra.keys()) == ("e", {"id"})
    assert answer.usage is None


_NO_ANSWERS = (b"", b"<html>", b"[]", b'{"data":[]}', b'{"data":[{"embedding":1}]}', b'{"error":"x"}')


@pytest.mark.parametrize("body", _NO_ANSWERS)
def test_an_answer_without_vectors_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        _DIALECT.read_response(body)


def test_usage_of_an_embedding_has_no_output() -> None:
    body = b'{"data":[{"embedding":[0.5]}],"usage":{"prompt_tokens":4,"total_tokens":4}}'
    usage = Usage(input_tokens=4, output_tokens=0, total_tokens=4)
    assert _DIALECT.glance(body).usage == usage
    assert _DIALECT.read_response(body).usage == usage


def test_an_answer_is_written_as_openai_writes_it() -> None:
    vectors = (Embedding(0, "AACAPw=="), Embedding(1, (0.5,)))
    usage = Usage(input_tokens=4)
    assert json.loads(
        _DIALECT.write_response(EmbedResponse(embeddings=vectors, model="e", usage=usage), _EMBED).body
    ) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.5]},
        ],
        "model": "e",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }


def test_a_model_that_stands_twice_is_refused_in_relaying(upstream: Upstream) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _DIALECT.relay_request(b'{"model":"m","input":"a","model":"n"}', (), upstream)
    assert caught.value.param == "model"
