"""Other makers' models on Vertex AI: who is asked where, in which words."""

import json
from typing import Any, get_args

import pytest

from llm_plugin_google import contract
from llm_plugin_google.partners import Maker, maker_and_name
from llm_plugin_google.vertex import VERTEX, VertexSettings
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import Params
from lockgate_ports.errors import SettingsError, Unsupported, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.testkit.capabilities import contracts_in
from lockgate_ports.wire import Request

_CLAUDE = "claude-opus-4-5@20251101"
_MESSAGE = b'{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'
_VIEW = ChatRequest(model="m", messages=(user("Hi"),))


def _vertex(http: ScriptedHttp, **settings: Any) -> ModelPort:
    return VERTEX.build(VertexSettings(project="acme", **settings), BuildContext("v", http))


def _from_client(betas: str | None = None, **fields: Any) -> Request[ChatRequest]:
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], **fields}
    headers = (("anthropic-version", "2023-06-01"), *((("anthropic-beta", betas),) if betas else ()))
    return Request(
        operation="chat",
        model="m",
        stream=False,
        dialect="anthropic-messages",
        body=json.dumps(body).encode(),
        headers=headers,
        read=lambda: _VIEW,
    )


async def _asked(request: Request[ChatRequest], model: str = _CLAUDE, **settings: Any) -> HttpRequest:
    http = ScriptedHttp(Exchange(chunks=(_MESSAGE,)))
    await _vertex(http, **settings).chat(request, Attempt(model, Secret("ya29.token", "env:T")))
    return http.requests[0]


@pytest.mark.parametrize(
    ("model", "maker", "name"),
    [
        (_CLAUDE, "anthropic", _CLAUDE),
        (f"anthropic/{_CLAUDE}", "anthropic", _CLAUDE),
        (f"publishers/anthropic/models/{_CLAUDE}", "anthropic", _CLAUDE),
        ("gemini-2.5-flash", "google", "gemini-2.5-flash"),
        ("google/gemini-2.5-flash", "google", "gemini-2.5-flash"),
        ("mistral-small-2503", "mistralai", "mistral-small-2503"),
        ("mistralai/mistral-medium-3", "mistralai", "mistral-medium-3"),
        ("publishers/ai21/models/jamba-1.5-mini@001", "ai21", "jamba-1.5-mini@001"),
        ("jamba-1.5-large@001", "ai21", "jamba-1.5-large@001"),
        ("endpoints/42", "google", "endpoints/42"),
        ("tunedModels/7", "google", "tunedModels/7"),
        ("meta/llama-3.3-70b-instruct-maas", "open", "meta/llama-3.3-70b-instruct-maas"),
        ("publishers/qwen/models/qwen3-maas", "open", "qwen/qwen3-maas"),
    ],
)
def test_the_name_tells_whose_a_model_is(model: str, maker: str, name: str) -> None:
    assert maker_and_name(model) == (maker, name)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
async def test_claude_is_asked_at_its_makers_place(location: str, host: str) -> None:
    request = await _asked(Request(operation="chat", model="m", stream=False, view=_VIEW), location=location)
    place = f"/v1/projects/acme/locations/{location}/publishers/anthropic/models/{_CLAUDE}"
    assert (request.origin.host, request.target) == (host, f"{place}:rawPredict")
    body = json.loads(request.body)
    assert body.keys() == {"anthropic_version", "max_tokens", "messages"}
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert body["max_tokens"] == 64000
    assert ("authorization", "Bearer ya29.token") in request.headers


async def test_a_client_of_claude_keeps_its_bytes_but_for_what_vertex_wants_elsewhere() -> None:
    request = await _asked(_from_client(zz=[1.5], anthropic_version="bedrock-2023-05-31"))
    assert json.loads(request.body) == {
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
        "zz": [1.5],
        "anthropic_version": "vertex-2023-10-16",
    }
    assert "anthropic-version" not in dict(request.headers)


async def test_betas_go_into_header_and_body_each_where_it_counts() -> None:
    betas = "context-1m-2025-08-07, compact-2026-01-12"
    request = await _asked(_from_client(betas, anthropic_beta=["computer-use-2025-01-24"]), betas=("house-1",))
    assert json.loads(request.body)["anthropic_beta"] == [
        "house-1",
        "context-1m-2025-08-07",
        "compact-2026-01-12",
        "computer-use-2025-01-24",
    ]
    assert dict(request.headers)["anthropic-beta"] == "house-1,compact-2026-01-12,computer-use-2025-01-24"


@pytest.mark.parametrize(("params", "sent"), [("drop", False), ("pass", True)])
async def test_a_beta_that_vertex_would_refuse_is_left_out_and_named(params: Params, sent: bool) -> None:
    http = ScriptedHttp(Exchange(chunks=(_MESSAGE,)))
    attempt = Attempt(_CLAUDE, Secret("ya29.token", "env:T"))
    reply = await _vertex(http, params=params).chat(_from_client("claude-code-20250219"), attempt)
    assert ("anthropic_beta" in json.loads(http.requests[0].body)) is sent
    assert reply.dropped == (() if sent else ("anthropic-beta.claude-code-20250219",))
    with pytest.raises(Unsupported, match="claude-code"):
        await _vertex(http, params="strict").chat(_from_client("claude-code-20250219"), attempt)


async def test_tokens_of_claude_are_counted_at_a_place_that_reads_the_model_in_the_body() -> None:
    http = ScriptedHttp(Exchange(chunks=(b'{"input_tokens":7}',)), Exchange(chunks=(b'{"input_tokens":7}',)))
    vertex, attempt = _vertex(http), Attempt(f"anthropic/{_CLAUDE}", Secret("ya29.token", "env:T"))
    asked: Request[ChatRequest] = Request(operation="count_tokens", model="m", stream=False, view=_VIEW)
    reply = await vertex.count_tokens(asked, attempt)
    assert reply.view.input_tokens == 7
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    relayed: Request[ChatRequest] = Request(
        operation="count_tokens", model="m", stream=False, dialect="anthropic-count-tokens", body=body, view=_VIEW
    )
    await vertex.count_tokens(relayed, attempt)
    for request in http.requests:
        assert request.target.endswith("/locations/global/publishers/anthropic/models/count-tokens:rawPredict")
        assert json.loads(request.body) == {
            "model": _CLAUDE,
            "messages": [{"role": "user", "content": "Hi"}],
            "anthropic_version": "vertex-2023-10-16",
        }


async def test_an_error_is_read_in_the_form_of_whoever_gives_it() -> None:
    googles = b'[{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED"}}]'
    claudes = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    http = ScriptedHttp(Exchange(status=429, chunks=(googles,)), Exchange(status=529, chunks=(claudes,)))
    vertex, attempt = _vertex(http), Attempt(_CLAUDE, Secret("ya29.token", "env:T"))
    with pytest.raises(UpstreamError, match="Quota exceeded") as first:
        await vertex.chat(_from_client(), attempt)
    assert (first.value.kind, first.value.upstream_code) == ("rate_limit", "RESOURCE_EXHAUSTED")
    with pytest.raises(UpstreamError) as second:
        await vertex.chat(_from_client(), attempt)
    assert (second.value.kind, second.value.dialect) == ("overloaded", "anthropic-messages")


async def test_an_open_model_is_asked_in_openais_language() -> None:
    http = ScriptedHttp(Exchange(chunks=(b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}',)))
    request = Request(operation="chat", model="m", stream=False, view=_VIEW)
    await _vertex(http, location="us-central1").chat(request, Attempt("meta/llama-4", Secret("ya29.token", "env:T")))
    (asked,) = http.requests
    assert asked.target == "/v1/projects/acme/locations/us-central1/endpoints/openapi/chat/completions"
    assert json.loads(asked.body)["model"] == "meta/llama-4"


@pytest.mark.parametrize(
    ("model", "place", "name"),
    [
        ("mistral-small-2503", "mistralai/models/mistral-small-2503", "mistral-small-2503"),
        ("mistralai/mistral-large@2407", "mistralai/models/mistral-large@2407", "mistral-large"),
        ("jamba-1.5-mini@001", "ai21/models/jamba-1.5-mini@001", "jamba-1.5-mini"),
    ],
)
async def test_mistral_and_ai21_are_asked_at_their_makers_place(model: str, place: str, name: str) -> None:
    http = ScriptedHttp(Exchange(chunks=(b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}',)))
    request = Request(operation="chat", model="m", stream=False, view=_VIEW)
    await _vertex(http, location="europe-west4").chat(request, Attempt(model, Secret("ya29.token", "env:T")))
    (asked,) = http.requests
    assert asked.target == f"/v1/projects/acme/locations/europe-west4/publishers/{place}:rawPredict"
    assert json.loads(asked.body) == {"model": name, "messages": [{"role": "user", "content": "Hi"}]}
    stream = ScriptedHttp(Exchange(headers=(("content-type", "text/event-stream"),), chunks=(b"data: [DONE]\n\n",)))
    streamed = Request(operation="chat", model="m", stream=True, view=_VIEW)
    await (await _vertex(stream).stream(streamed, Attempt(model, Secret("ya29.token", "env:T")))).aclose()
    (asked,) = stream.requests
    assert asked.target == f"/v1/projects/acme/locations/global/publishers/{place}:streamRawPredict"
    assert json.loads(asked.body)["stream"] is True


async def test_what_vertex_refuses_of_mistral_is_read_in_googles_words() -> None:
    googles = b'{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED"}}'
    makers = b'{"object":"error","message":"Too many tokens: context length exceeded","type":"invalid_request_error"}'
    http = ScriptedHttp(Exchange(status=429, chunks=(googles,)), Exchange(status=400, chunks=(makers,)))
    vertex, attempt = _vertex(http), Attempt("mistral-small-2503", Secret("ya29.token", "env:T"))
    request = Request(operation="chat", model="m", stream=False, view=_VIEW)
    for kind, code in (("rate_limit", "RESOURCE_EXHAUSTED"), ("context_length", "invalid_request_error")):
        with pytest.raises(UpstreamError) as caught:
            await vertex.chat(request, attempt)
        assert (caught.value.kind, caught.value.upstream_code) == (kind, code)


def test_each_makers_language_is_under_contract() -> None:
    of_vertex = [each for each in contracts_in(contract) if each.kind == "vertex"]
    assert {maker_and_name(each.model)[0] for each in of_vertex} == set(get_args(Maker))


def test_a_beta_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"betas\[1\]: 'a,b'"):
        _vertex(ScriptedHttp(), betas=("ok", "a,b"))
