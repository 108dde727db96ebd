"""Vectors and counts of tokens, from both of Google's places and for its clients."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from llm_plugin_google.count_tokens import GeminiCountTokens
from llm_plugin_google.embed_surface import GeminiBatchEmbed, GeminiEmbedContent
from llm_plugin_google.embeddings import GeminiEmbeddings
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import Upstream
from lockgate_ports.embed import Embedding, EmbedRequest, EmbedResponse
from lockgate_ports.errors import InvalidRequest, Unsupported, UpstreamError
from lockgate_ports.parts import Image, InlineSource, system, user
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Inbound, Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)
_EMBED = Request(operation="embeddings", model="e", stream=False, view=EmbedRequest(model="e", inputs=("a",)))

Place = Callable[..., Upstream]


def _inbound(fields: dict[str, Any], method: str) -> Inbound:
    body = json.dumps(fields).encode()
    return Inbound("POST", f"/v1beta/models/a/m:{method}", {}, body, path_values={"model": "a/m"})


def test_a_batch_names_the_model_and_the_task_for_each(place: Place) -> None:
    view = EmbedRequest(
        model="m",
        inputs=("a", Image(InlineSource("AA", "image/png"))),
        dimensions=8,
        input_type="query",
        truncate=True,
        user="u",
    )
    written = GeminiEmbeddings().write_request(view, place("gemini-embedding-001"))
    assert written.http.target == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    first, second = json.loads(written.http.body)["requests"]
    assert first == {
        "model": "models/gemini-embedding-001",
        "content": {"parts": [{"text": "a"}]},
        "taskType": "RETRIEVAL_QUERY",
        "outputDimensionality": 8,
    }
    assert second["content"] == {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA"}}]}
    assert written.dropped == ("user", "truncate")


def test_vertex_predicts_with_older_models_and_embeds_with_newer(place: Place) -> None:
    view = EmbedRequest(model="m", inputs=("a",), dimensions=8, input_type="document", truncate=False)
    older = GeminiEmbeddings(vertex=True).write_request(view, place("text-embedding-005"))
    assert older.http.target == "/v1beta/models/text-embedding-005:predict"
    assert json.loads(older.http.body) == {
        "instances": [{"content": "a", "task_type": "RETRIEVAL_DOCUMENT"}],
        "parameters": {"outputDimensionality": 8, "autoTruncate": False},
    }
    newer = GeminiEmbeddings(vertex=True).write_request(view, place("gemini-embedding-2"))
    assert newer.http.target == "/v1beta/models/gemini-embedding-2:embedContent"
    config = {"taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 8, "autoTruncate": False}
    assert json.loads(newer.http.body) == {"content": {"parts": [{"text": "a"}]}, "embedContentConfig": config}
    two = EmbedRequest(model="m", inputs=("a", "b"))
    with pytest.raises(Unsupported, match="more than one input"):
        GeminiEmbeddings(vertex=True).write_request(two, place("gemini-embedding-2"))


def test_token_ids_are_refused(place: Place) -> None:
    with pytest.raises(Unsupported, match=r"input\[0\]"):
        GeminiEmbeddings().write_request(EmbedRequest(model="m", inputs=((1, 2),)), place("e"))


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"embeddings":[{"values":[0.5]}]}', None),
        (b'{"embedding":{"values":[0.5]},"usageMetadata":{"promptTokenCount":3}}', 3),
        (b'{"predictions":[{"embeddings":{"values":[0.5],"statistics":{"token_count":3,"tokenCount":3}}}]}', 3),
    ],
)
def test_vectors_are_read_from_all_three_answers(body: bytes, usage: int | None) -> None:
    answer = GeminiEmbeddings().read_response(body)
    assert answer.embeddings == (Embedding(0, (0.5,)),)
    assert (answer.usage.input_tokens if answer.usage is not None else None) == usage
    assert GeminiEmbeddings().glance(body).usage == answer.usage


@pytest.mark.parametrize("body", [b"", b"{}", b'{"embeddings":[]}', b'{"embeddings":[{}]}', b'{"error":{"code":500}}'])
def test_no_vectors_are_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        GeminiEmbeddings().read_response(body)


def test_a_clients_batch_is_read_and_relayed_with_the_providers_name(place: Place) -> None:
    fields = {
        "requests": [{"model": "models/a/m", "content": {"parts": [{"text": "x"}]}, "title": "t", "taskType": "NEW"}]
    }
    asked = GeminiBatchEmbed().read_request(_inbound(fields, "batchEmbedContents"))
    assert (asked.model, asked.view.inputs, set(asked.view.extra)) == ("a/m", ("x",), {"title", "taskType"})
    assert asked.body is not None
    relayed = json.loads(GeminiEmbeddings().relay_request(asked.body, (), place("real")).http.body)
    assert relayed == {"requests": [{**fields["requests"][0], "model": "models/real"}]}
    again = json.loads(GeminiEmbeddings().write_request(asked.view, place("real")).http.body)
    assert again == relayed


def test_a_batch_of_different_wishes_has_no_canonical_form() -> None:
    one = {"content": {"parts": [{"text": "x"}]}}
    asked = GeminiBatchEmbed().read_request(
        _inbound({"requests": [one, {**one, "taskType": "A"}]}, "batchEmbedContents")
    )
    with pytest.raises(InvalidRequest, match=r"requests\[1\]"):
        _ = asked.view


def test_one_content_gets_one_vector() -> None:
    fields = {"content": {"parts": [{"text": "x"}]}, "output_dimensionality": 2}
    asked = GeminiEmbedContent().read_request(_inbound(fields, "embedContent"))
    assert (asked.view.inputs, asked.view.dimensions) == (("x",), 2)
    answer = EmbedResponse(embeddings=(Embedding(0, (0.5,)),), usage=Usage(input_tokens=2, output_tokens=0))
    assert json.loads(GeminiEmbedContent().write_response(answer, _EMBED).body) == {
        "embedding": {"values": [0.5]},
        "usageMetadata": {"promptTokenCount": 2, "totalTokenCount": 2},
    }


def test_tokens_are_counted_of_the_whole_request(place: Place) -> None:
    view = ChatRequest(model="m", messages=(system("S"), user("Hi")), service_tier="flex")
    whole = GeminiCountTokens().write_request(view, place("g"))
    assert whole.http.target == "/v1beta/models/g:countTokens"
    inner = json.loads(whole.http.body)["generateContentRequest"]
    assert (inner["model"], inner["contents"][0]["role"], "systemInstruction" in inner) == ("models/g", "user", True)
    flat = json.loads(GeminiCountTokens(vertex=True).write_request(view, place("g")).http.body)
    assert set(flat) == {"contents", "systemInstruction"}
    assert GeminiCountTokens().read_response(b'{"totalTokens":7}') == TokenCount(7)
    with pytest.raises(UpstreamError):
        GeminiCountTokens().read_response(b"{}")


def test_a_client_counts_contents_or_a_whole_request() -> None:
    contents = [{"role": "user", "parts": [{"text": "Hi"}]}]
    plain = GeminiCountTokens().read_request(_inbound({"contents": contents}, "countTokens"))
    assert (plain.operation, plain.body is not None, plain.view.messages) == ("count_tokens", True, (user("Hi"),))
    request = {"model": "models/a/m", "contents": contents, "systemInstruction": {"parts": [{"text": "S"}]}}
    whole = GeminiCountTokens().read_request(_inbound({"generateContentRequest": request}, "countTokens"))
    assert (whole.body, whole.view.messages, whole.view.extra) == (None, (system("S"), user("Hi")), {})
    assert json.loads(GeminiCountTokens().write_response(TokenCount(7), _ASKED).body) == {"totalTokens": 7}
    with pytest.raises(InvalidRequest, match="contents is missing"):
        GeminiCountTokens().read_request(_inbound({}, "countTokens"))
