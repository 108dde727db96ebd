"""The kinds: settings as YAML holds them, and what is built from them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
import openai.types.shared.chat_model
import pytest
import yaml

import llm_plugin_openai
from llm_plugin_openai.kinds import OPENAI, OPENAI_COMPATIBLE
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.model import Attempt
from lockgate_ports.parts import UrlSource, Video, user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_YAML = re.compile(r"```yaml\n(.*?)```", re.S)
_THE_GATEWAYS = ("kind", "credential_ref", "private_addresses")
_ANSWER = Exchange(chunks=(b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}',))


async def _sent(factory: ModelFactory[Any], **settings: Any) -> HttpRequest:
    http = ScriptedHttp()
    http.script.append(_ANSWER)
    model = factory.build(msgspec.convert(settings, factory.settings), BuildContext("p", http))
    view = ChatRequest(model="m", messages=(user("Hi"),), max_tokens=5, top_k=2)
    await model.chat(Request(operation="chat", model="m", stream=False, view=view), Attempt("real", Secret("sk-1")))
    (request,) = http.requests
    return request


async def test_openai_is_asked_at_its_own_address_with_its_headers() -> None:
    request = await _sent(OPENAI, organization="org-1", project="proj-1")
    assert (str(request.origin), request.target) == ("https://api.openai.com", "/v1/chat/completions")
    headers = dict(request.headers)
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj-1")
    assert headers["authorization"] == "Bearer sk-1"
    assert b'"max_completion_tokens":5' in request.body
    assert b"top_k" not in request.body


async def test_a_private_server_is_a_row_of_settings() -> None:
    request = await _sent(
        OPENAI_COMPATIBLE,
        base_url="http://10.0.0.5:8000/prefix/v1/",
        auth={"header": "X-API-Key", "scheme": ""},
        headers={"X-Team": "blue"},
        params="pass",
    )
    assert (request.origin, request.target) == (Origin("http", "10.0.0.5", 8000), "/prefix/v1/chat/completions")
    headers = dict(request.headers)
    assert (headers["x-api-key"], headers["x-team"]) == ("sk-1", "blue")
    assert "authorization" not in headers
    assert b'"max_tokens":5' in request.body
    assert b'"top_k":2' in request.body


def test_models_are_ids_or_cards() -> None:
    settings = msgspec.convert(
        {"base_url": "http://a.test/v1", "models": ["a", {"id": "b", "context_tokens": 8192}]},
        OPENAI_COMPATIBLE.settings,
    )
    model = OPENAI_COMPATIBLE.build(settings, BuildContext("p", ScriptedHttp()))
    assert model.models == (ModelCard(id="a"), ModelCard(id="b", context_tokens=8192))
    assert OPENAI_COMPATIBLE.origins(settings) == (Origin("http", "a.test", 80),)


def test_the_catalogue_of_openai_names_models_that_openai_names() -> None:
    chat, responses = openai.types.shared.chat_model.ChatModel, openai.types.shared.responses_model.ResponsesModel
    known = {*get_args(chat), *(name for part in get_args(responses) for name in get_args(part))}
    cards = OPENAI.catalogue()
    assert {card.id for card in cards if "chat" in card.operations} <= known
    assert {card.id for card in cards if "embeddings" in card.operations} == set(
        get_args(openai.types.embedding_model.EmbeddingModel)
    )
    assert len(cards) > 20
    model = OPENAI.build(OPENAI.settings(), BuildContext("p", ScriptedHttp()))
    assert model.models == cards
    assert OPENAI.needs_credential
    assert not OPENAI_COMPATIBLE.needs_credential


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "api.test/v1"}, "base_url: "),
        ({"base_url": "ftp://api.test"}, "base_url: "),
        ({"base_url": "http://user:pw@api.test/v1"}, "base_url: "),
        ({"base_url": "http://api.test/v1?x=1"}, "base_url: "),
        ({"base_url": "http://a.test", "headers": {"a b": "c"}}, "headers.a b: 'a b' is no header name"),
        ({"base_url": "http://a.test", "headers": {"X": "a\nb"}}, "headers.X: the value holds a line break"),
        ({"base_url": "http://a.test", "headers": {"Host": "b"}}, "headers.Host: host is set by the gateway itself"),
        (
            {"base_url": "http://a.test", "headers": {"Authorization": "k"}},
            "headers.Authorization: the key's own header",
        ),
        ({"base_url": "http://a.test", "auth": {"header": "host"}}, "auth.header: host is set by the gateway itself"),
        ({"base_url": "http://a.test", "auth": {"scheme": "a\nb"}}, "auth.header: the value holds a line break"),
        ({"base_url": "http://a.test", "response_limit": 0}, "response_limit"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings: dict[str, Any], words: str) -> None:
    factory = OPENAI_COMPATIBLE
    with pytest.raises(SettingsError) as caught:
        factory.build(msgspec.convert(settings, factory.settings), BuildContext("p", ScriptedHttp()))
    assert words in caught.value.message
    assert "pw" not in caught.value.message


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="base_ulr"):
        msgspec.convert({"base_url": "http://a.test", "base_ulr": 1}, OPENAI_COMPATIBLE.settings)


def test_the_plugin_offers_two_kinds_and_its_languages() -> None:
    assert [factory.kind for factory in llm_plugin_openai.register_models()] == ["openai", "openai-compatible"]
    assert [dialect.name for dialect in llm_plugin_openai.register_dialects()] == [
        "openai-chat",
        "openai-responses",
        "openai-input-tokens",
        "openai-completions",
        "openai-embeddings",
        "openai-moderations",
        "openai-speech",
        "openai-transcriptions",
        "openai-translations",
        "openai-images",
        "openai-image-edits",
        "openai-image-variations",
        "openai-models",
    ]


def test_importing_the_plugin_imports_the_ports_alone() -> None:
    script = (
        "import sys, llm_plugin_openai;"
        "print([name for name in sys.modules if name.startswith(('llm_plugin_openai.', 'aiohttp', 'openai'))])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


async def test_a_compatible_server_may_be_shown_a_video() -> None:
    http = ScriptedHttp()
    http.script.append(_ANSWER)
    settings = msgspec.convert({"base_url": "http://a.test/v1"}, OPENAI_COMPATIBLE.settings)
    model = OPENAI_COMPATIBLE.build(settings, BuildContext("p", http))
    view = ChatRequest(model="m", messages=(user(Video(UrlSource("https://a.test/v.mp4"))),))
    await model.chat(Request(operation="chat", model="m", stream=False, view=view), Attempt("real"))
    assert b'"video_url":{"url":"https://a.test/v.mp4"}' in http.requests[0].body


def test_the_rows_of_the_readme_build_providers() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    factories = {"openai": OPENAI, "openai-compatible": OPENAI_COMPATIBLE}
    rows = {name: row for block in _YAML.findall(readme) for name, row in yaml.safe_load(block)["providers"].items()}
    assert rows.keys() == {"openai", "vllm", "llama-cpp-server", "lm-studio", "text-generation-webui", "private"}
    for name, row in rows.items():
        factory = factories[row["kind"]]
        own = {key: value for key, value in row.items() if key not in _THE_GATEWAYS}
        model = factory.build(msgspec.convert(own, factory.settings), BuildContext(name, ScriptedHttp()))
        assert model.models
