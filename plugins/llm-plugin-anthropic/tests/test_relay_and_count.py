"""Requests in the dialect's own bytes, and counts of tokens."""

import json
from typing import Any

import pytest

from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.quirks import Quirks
from lockgate_ports.chat import ChatRequest, Reasoning
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, UpstreamError
from lockgate_ports.http import Headers, Origin
from lockgate_ports.parts import system, user
from lockgate_ports.wire import Inbound, Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)

_BODY = b'{"model": "alias","max_tokens":9, "odd":[1.50],"messages":[{"role":"user","content":"Hi"}]}'
_CLOUD = Quirks(
    path="/models/{model}:rawPredict",
    stream_path="/models/{model}:streamRawPredict",
    count_path="/models/count-tokens:rawPredict",
    model_in_body=False,
    stream_in_body=False,
    version_in_body="vertex-2023-10-16",
)


def _upstream(*, stream: bool = False, headers: Headers = ()) -> Upstream:
    origin = Origin("https", "acme.test", 443)
    return Upstream(provider_id="acme", origin=origin, prefix="/p", model="real@1", stream=stream, headers=headers)


def test_the_bytes_stay_but_for_the_model() -> None:
    http = AnthropicMessages().relay_request(_BODY, (), _upstream()).http
    assert http.body == _BODY.replace(b"alias", b"real@1")
    assert (http.method, http.target) == ("POST", "/p/v1/messages")


def test_a_stream_is_asked_for_where_the_body_did_not() -> None:
    body = AnthropicMessages().relay_request(_BODY, (), _upstream(stream=True)).http.body
    assert json.loads(body)["stream"] is True
    streamed = _BODY.replace(b'"odd"', b'"stream":true,"odd"')
    assert json.loads(AnthropicMessages().relay_request(streamed, (), _upstream()).http.body)["stream"] is False


@pytest.mark.parametrize("quirks", [Quirks(), _CLOUD])
@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("member", [b"", b'"stream":true,', b'"stream":false,', b'"anthropic_beta":["x"],'])
def test_what_the_surface_has_read_changes_nothing_of_what_is_sent(
    quirks: Quirks, streams: bool, member: bytes
) -> None:
    dialect, body = AnthropicMessages(quirks), _BODY.replace(b'"odd"', member + b'"odd"')
    wire = dialect.read_request(Inbound("POST", "/v1/messages", {}, body)).wire
    assert wire is not None
    place = _upstream(stream=streams)
    assert dialect.relay_request(body, (), place, wire) == dialect.relay_request(body, (), place)


def test_the_clients_version_holds_and_betas_join() -> None:
    own = (("anthropic-version", "2023-06-01"), ("anthropic-beta", "a,b"), ("x-team", "blue"))
    travelled = (("anthropic-version", "2026-10-21"), ("anthropic-beta", "b, c"))
    headers = AnthropicMessages().relay_request(_BODY, travelled, _upstream(headers=own)).http.headers
    assert dict(headers)["anthropic-version"] == "2026-10-21"
    assert dict(headers)["anthropic-beta"] == "a,b,c"
    assert dict(headers)["x-team"] == "blue"
    assert len(dict(headers)) == len(headers)
    alone = AnthropicMessages().relay_request(_BODY, travelled, _upstream()).http.headers
    assert dict(alone)["anthropic-beta"] == "b, c"


def test_a_cloud_that_wants_the_model_in_the_path_and_the_version_in_the_body() -> None:
    dialect = AnthropicMessages(_CLOUD)
    streamed = _BODY.replace(b'"odd"', b'"stream":true,"odd"')
    relayed = dialect.relay_request(streamed, (), _upstream(stream=True)).http
    assert relayed.target == "/p/models/real@1:streamRawPredict"
    sent = json.loads(relayed.body)
    assert sent.keys() == {"max_tokens", "odd", "messages", "anthropic_version"}
    assert b"1.50" in relayed.body
    view = ChatRequest(model="m", messages=(user("Hi"),), stream=True)
    written = dialect.write_request(view, _upstream(stream=True)).http
    assert written.target == relayed.target
    assert json.loads(written.body).keys() == {"max_tokens", "messages", "anthropic_version"}
    counted = AnthropicCountTokens(_CLOUD).write_request(view, _upstream()).http
    assert counted.target == "/p/models/count-tokens:rawPredict"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"max_tokens":1}'])
def test_bytes_that_are_no_request_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        AnthropicMessages().relay_request(body, (), _upstream())


def test_a_count_is_asked_for_with_what_bears_on_it_alone() -> None:
    view = ChatRequest(
        model="m",
        messages=(system("Be brief."), user("Hi")),
        max_tokens=9,
        temperature=0.1,
        seed=3,
        stop=("END",),
        reasoning=Reasoning("none"),
    )
    written = AnthropicCountTokens().write_request(view, _upstream())
    assert written.http.target == "/p/v1/messages/count_tokens"
    assert json.loads(written.http.body).keys() == {"model", "system", "messages", "thinking"}
    assert written.dropped == ()


def test_a_count_is_relayed() -> None:
    body = _BODY.replace(b'"max_tokens":9, ', b"")
    http = AnthropicCountTokens().relay_request(body, (("anthropic-beta", "a"),), _upstream()).http
    assert http.body == body.replace(b"alias", b"real@1")
    assert http.target == "/p/v1/messages/count_tokens"
    assert ("anthropic-beta", "a") in http.headers


def test_a_clients_count_needs_no_limit() -> None:
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    inbound = Inbound("POST", "/v1/messages/count_tokens", {}, json.dumps(body).encode())
    request = AnthropicCountTokens().read_request(inbound)
    assert (request.operation, request.dialect, request.model) == ("count_tokens", "anthropic-count-tokens", "m")
    assert request.view.messages == (user("Hi"),)


def test_a_count_is_read_and_written() -> None:
    dialect = AnthropicCountTokens()
    assert dialect.read_response(b'{"input_tokens": 2095, "new": 1}') == TokenCount(2095)
    assert dialect.write_response(TokenCount(7), _ASKED).body == b'{"input_tokens":7}'
    usage = dialect.glance(b'{"input_tokens": 2095}').usage
    assert usage is not None
    assert usage.input_tokens == 0


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"input_tokens":"x"}', b'{"error":{"type":"api_error"}}'])
def test_no_count_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError) as caught:
        AnthropicCountTokens().glance(body)
    assert caught.value.kind == "transient"
