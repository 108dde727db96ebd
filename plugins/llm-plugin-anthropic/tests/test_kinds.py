"""The kind: settings as YAML holds them, what is built from them, and what the plugin offers."""

import re
from pathlib import Path
from typing import Any, get_args

import anthropic.types.model
import msgspec
import pytest
import yaml

import llm_plugin_anthropic
from llm_plugin_anthropic.kinds import ANTHROPIC
from llm_plugin_anthropic.models import abilities
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.http_model import HttpModel
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_YAML = re.compile(r"```yaml\n(.*?)```", re.S)
_THE_GATEWAYS = ("kind", "credential_ref")
_VIEW = ChatRequest(model="m", messages=(user("Hi"),), temperature=0.5)
_ATTEMPT = Attempt("real", Secret("sk-1"))


def _built(http: ScriptedHttp, **settings: Any) -> HttpModel:
    built = ANTHROPIC.build(msgspec.convert(settings, ANTHROPIC.settings), BuildContext("p", http))
    assert isinstance(built, HttpModel)
    return built


async def _sent(**settings: Any) -> HttpRequest:
    http = ScriptedHttp()
    http.script.append(Exchange(chunks=(b'{"content":[],"stop_reason":"end_turn"}',)))
    await _built(http, **settings).chat(Request(operation="chat", model="m", stream=False, view=_VIEW), _ATTEMPT)
    (request,) = http.requests
    return request


async def test_anthropic_is_asked_at_its_own_address_with_its_headers() -> None:
    request = await _sent()
    assert (str(request.origin), request.target) == ("https://api.anthropic.com", "/v1/messages")
    headers = dict(request.headers)
    assert (headers["x-api-key"], headers["anthropic-version"]) == ("sk-1", "2023-06-01")
    assert "anthropic-beta" not in headers
    assert b'"temperature":0.5' in request.body


async def test_another_server_is_a_row_of_settings() -> None:
    request = await _sent(
        base_url="http://10.0.0.5:8000/claude/",
        auth={"header": "Authorization", "scheme": "Bearer"},
        version="2026-10-21",
        betas=["a-1", "b-2"],
        headers={"X-Team": "blue"},
        models=[{"id": "real", "max_output_tokens": 77}],
    )
    assert (request.origin, request.target) == (Origin("http", "10.0.0.5", 8000), "/claude/v1/messages")
    headers = dict(request.headers)
    assert (headers["authorization"], headers["x-team"]) == ("Bearer sk-1", "blue")
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2026-10-21", "a-1,b-2")
    assert "x-api-key" not in headers
    assert b'"max_tokens":77' in request.body
    assert b"temperature" not in request.body


async def test_tokens_are_counted_by_the_provider() -> None:
    http = ScriptedHttp()
    http.script.append(Exchange(chunks=(b'{"input_tokens":2095}',)))
    asked: Request[ChatRequest] = Request(operation="count_tokens", model="m", stream=False, view=_VIEW)
    reply = await _built(http, base_url="http://a.test").count_tokens(asked, _ATTEMPT)
    assert reply.view == TokenCount(2095)
    assert http.requests[0].target == "/v1/messages/count_tokens"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "api.test"}, "base_url: "),
        ({"base_url": "http://a.test/v1"}, "base_url must not end in /v1"),
        ({"version": "latest"}, "version: 'latest'"),
        ({"betas": ["ok-1", "a,b"]}, "betas[1]: 'a,b'"),
        ({"headers": {"Anthropic-Beta": "x"}}, "headers.Anthropic-Beta: set it by"),
        ({"headers": {"X-Api-Key": "k"}}, "headers.X-Api-Key: the key's own header"),
        ({"auth": {"header": "host"}}, "auth.header: host is set by the gateway itself"),
        ({"response_limit": 0}, "response_limit"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _built(ScriptedHttp(), **settings)
    assert words in caught.value.message


def test_the_catalogue_names_the_models_that_the_sdk_names() -> None:
    (literal, _) = get_args(anthropic.types.model.Model)
    # the SDK still names one that is no longer served
    assert {card.id for card in ANTHROPIC.catalogue()} == set(get_args(literal)) - {"claude-mythos-preview"}
    assert _built(ScriptedHttp()).models == ANTHROPIC.catalogue()
    assert _built(ScriptedHttp(), models=["a"]).models == (ModelCard(id="a"), *ANTHROPIC.catalogue())


@pytest.mark.parametrize(
    ("name", "line", "version"),
    [
        ("claude-3-5-sonnet-20240620", "sonnet", (3, 5)),
        ("claude-3-opus-20240229", "opus", (3, 0)),
        ("claude-3-7-sonnet-latest", "sonnet", (3, 7)),
        ("claude-opus-4-20250514", "opus", (4, 0)),
        ("claude-opus-4-1", "opus", (4, 1)),
        ("claude-opus-4-5@20251101", "opus", (4, 5)),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "sonnet", (4, 5)),
        ("claude-haiku-5-5", "haiku", (5, 5)),
        ("claude-mythos-preview", "", (4, 7)),
        ("sample-1", "", (0, 0)),
    ],
)
def test_line_and_version_are_told_by_the_name(name: str, line: str, version: tuple[int, int]) -> None:
    told = abilities(name)
    assert (told.line, told.version) == (line, version)


def test_the_plugin_offers_one_kind_and_its_dialects() -> None:
    assert [factory.kind for factory in llm_plugin_anthropic.register_models()] == ["anthropic"]
    names = [dialect.name for dialect in llm_plugin_anthropic.register_dialects()]
    assert names == ["anthropic-messages", "anthropic-count-tokens", "anthropic-models"]
    assert ANTHROPIC.needs_credential


def test_the_rows_of_the_readme_build_providers() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    rows = {name: row for block in _YAML.findall(readme) for name, row in yaml.safe_load(block)["providers"].items()}
    assert rows.keys() == {"anthropic", "house"}
    for row in rows.values():
        assert _built(ScriptedHttp(), **{key: value for key, value in row.items() if key not in _THE_GATEWAYS}).models
