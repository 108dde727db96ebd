"""The kind: where each operation is asked for, which settings cannot be, and what becomes of filtered content."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
import yaml

from llm_plugin_azure.kind import AZURE_OPENAI
from lockgate_ports.chat import ChatRequest
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Origin
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_CHAT = b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}'
_RESPONSE = b'{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}'
_VECTORS = b'{"data":[{"embedding":[0.5],"index":0}]}'
_TRY = Attempt("gpt 5/x", Secret("k"))
_BASE = "https://r.openai.azure.com"


def _model(http: ScriptedHttp, **settings: Any) -> ModelPort:
    return AZURE_OPENAI.build(
        msgspec.convert({"base_url": _BASE} | settings, AZURE_OPENAI.settings), BuildContext("az", http)
    )


def _request(dialect: str | None = None, body: bytes | None = None) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hi"),))
    return Request(operation="chat", model="m", stream=False, view=view, dialect=dialect, body=body)


@pytest.mark.parametrize(
    ("settings", "chat", "embeddings", "responses"),
    [
        ({}, "/openai/v1/chat/completions", "/openai/v1/embeddings", "/openai/v1/responses"),
        (
            {"base_url": f"{_BASE}/openai/v1/", "api_version": "preview"},
            "/openai/v1/chat/completions?api-version=preview",
            "/openai/v1/embeddings?api-version=preview",
            "/openai/v1/responses?api-version=preview",
        ),
        (
            {"paths": "deployments"},
            "/openai/deployments/gpt%205%2Fx/chat/completions?api-version=2024-10-21",
            "/openai/deployments/gpt%205%2Fx/embeddings?api-version=2024-10-21",
            "/openai/responses?api-version=2025-04-01-preview",
        ),
        (
            {"paths": "models", "base_url": "https://r.services.ai.azure.com"},
            "/models/chat/completions?api-version=2024-05-01-preview",
            "/models/embeddings?api-version=2024-05-01-preview",
            "/openai/responses?api-version=2025-04-01-preview",
        ),
    ],
)
async def test_each_operation_has_its_path(
    settings: dict[str, Any], chat: str, embeddings: str, responses: str
) -> None:
    http = ScriptedHttp(*(Exchange(chunks=(body,)) for body in (_CHAT, _CHAT, _VECTORS, _RESPONSE)))
    model = _model(http, **settings)
    await model.chat(_request(), _TRY)
    await model.chat(_request("openai-chat", b'{"model":"m","messages":[]}'), _TRY)
    view = EmbedRequest(model="m", inputs=("Hi",))
    await model.embed(Request(operation="embeddings", model="m", stream=False, view=view), _TRY)
    await model.chat(_request("openai-responses", b'{"model":"m","input":"Hi"}'), _TRY)
    assert [request.target for request in http.requests] == [chat, chat, embeddings, responses]
    assert all(json.loads(request.body)["model"] == "gpt 5/x" for request in http.requests)
    assert all(("api-key", "k") in request.headers for request in http.requests)


async def test_the_verdicts_of_the_content_filter_reach_a_client_of_the_same_language() -> None:
    body = b'{"prompt_filter_results":[{"prompt_index":0}],' + _CHAT[1:]
    reply = await _model(ScriptedHttp(Exchange(chunks=(body,)))).chat(
        _request("openai-chat", b'{"model":"m","messages":[]}'), _TRY
    )
    assert reply.body == body


@pytest.mark.parametrize(
    ("settings", "deployment"),
    [
        ({}, "claude-opus-4-6"),
        ({"base_url": f"{_BASE}/anthropic/v1"}, "Our-Claude"),
        ({"claude": {"clever": "claude-opus-4-6"}, "betas": ["files-api-2025-04-14"]}, "clever"),
    ],
)
async def test_claude_is_asked_in_its_own_language(settings: dict[str, Any], deployment: str) -> None:
    message = b'{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'
    http = ScriptedHttp(Exchange(chunks=(message,)), Exchange(chunks=(b'{"input_tokens":7}',)))
    model, attempt = _model(http, **settings), Attempt(deployment, Secret("the-key"))
    await model.chat(_request(), attempt)
    count = Request(operation="count_tokens", model="m", stream=False, view=_request().view)
    assert (await model.count_tokens(count, attempt)).view.input_tokens == 7
    targets = [request.target for request in http.requests]
    assert targets == ["/anthropic/v1/messages", "/anthropic/v1/messages/count_tokens"]
    headers = dict(http.requests[0].headers)
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("the-key", "2023-06-01")
    assert headers.get("anthropic-beta") == ("files-api-2025-04-14" if "betas" in settings else None)
    body = json.loads(http.requests[0].body)
    assert (body["model"], body["max_tokens"]) == (deployment, 4096 if deployment == "Our-Claude" else 64000)


@pytest.mark.parametrize(
    ("settings", "scopes"),
    [
        ({}, ["https://ai.azure.com/.default", "https://cognitiveservices.azure.com/.default"]),
        ({"scope": "https://own/.default"}, ["https://own/.default", "https://own/.default"]),
    ],
)
async def test_entra_gives_a_token_for_claude_too(settings: dict[str, Any], scopes: list[str]) -> None:
    tokens = [Exchange(chunks=(b'{"access_token":"minted-%d","expires_in":3600}' % place,)) for place in (0, 1)]
    message = b'{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}'
    http = ScriptedHttp(tokens[0], Exchange(chunks=(message,)), tokens[1], Exchange(chunks=(_CHAT,)))
    model = _model(http, auth="entra", tenant_id="t", client_id="c", **settings)
    await model.chat(_request(), Attempt("claude-opus-4-6", Secret("the-client-secret")))
    await model.chat(_request(), Attempt("gpt", Secret("the-client-secret")))
    asked = [parse_qs(request.body.decode())["scope"][0] for request in http.requests[::2]]
    assert asked == scopes
    for place, request in enumerate(http.requests[1::2]):
        assert ("authorization", f"Bearer minted-{place}") in request.headers
        assert not {"x-api-key", "api-key"} & dict(request.headers).keys()


@pytest.mark.parametrize("code", ["content_filter", "400", None])
async def test_a_prompt_that_the_filter_refuses_is_no_fault_of_the_request(code: str | None) -> None:
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    error = {"error": {"message": "Refused.", "param": "prompt", "code": code, "status": 400, "innererror": inner}}
    http = ScriptedHttp(Exchange(status=400, chunks=(json.dumps(error).encode(),)))
    with pytest.raises(UpstreamError) as caught:
        await _model(http).chat(_request(), _TRY)
    assert caught.value.kind == "content_filter"
    assert caught.value.param == "prompt"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "r.openai.azure.com"}, "base_url: "),
        ({"auth": "entra", "client_id": "c"}, "tenant_id is missing"),
        ({"auth": "entra", "tenant_id": "t"}, "client_id is missing"),
        ({"tenant_id": "t"}, "tenant_id belongs to auth: entra"),
        ({"auth": "entra", "tenant_id": "t", "client_id": "c", "authority": "x"}, "authority: "),
        ({"headers": {"api-key": "k"}}, "headers.api-key: the key's own header"),
        ({"headers": {"X-Api-Key": "k"}}, "headers.X-Api-Key: the key's own header"),
        ({"betas": ["a,b"]}, "betas[0]: 'a,b'"),
        ({"response_limit": 0}, "response_limit"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _model(ScriptedHttp(), **settings)
    assert words in caught.value.message


def test_entra_is_a_place_that_the_provider_may_be_asked_at() -> None:
    resource = Origin("https", "r.openai.azure.com", 443)
    settings: dict[str, Any] = {"base_url": _BASE}
    assert AZURE_OPENAI.origins(msgspec.convert(settings, AZURE_OPENAI.settings)) == (resource,)
    settings |= {"auth": "entra", "tenant_id": "t", "client_id": "c"}
    login = Origin("https", "login.microsoftonline.com", 443)
    assert AZURE_OPENAI.origins(msgspec.convert(settings, AZURE_OPENAI.settings)) == (resource, login)


def test_the_rows_of_the_readme_build_providers() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.S)
    rows = {name: row for block in blocks for name, row in yaml.safe_load(block)["providers"].items()}
    assert rows.keys() == {"azure", "azure-entra", "foundry"}
    for row in rows.values():
        own = {name: value for name, value in row.items() if name not in ("kind", "credential_ref")}
        assert _model(ScriptedHttp(), **own).models
