"""The kinds: settings as YAML holds them, and what is built from them."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from llm_plugin_google.kinds import GOOGLE, GoogleSettings
from llm_plugin_google.vertex import VERTEX, VertexSettings
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Origin
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_YAML = re.compile(r"```yaml\n(.*?)```", re.S)
_THE_GATEWAYS = ("kind", "credential_ref", "private_addresses")
_TYPES = {"google": GoogleSettings, "vertex": VertexSettings}
_ANSWER = Exchange(chunks=(b'{"candidates":[{"content":{"parts":[{"text":"x"}]},"finishReason":"STOP"}]}',))
_VIEW = ChatRequest(model="m", messages=(user("Hi"),))


def test_the_readmes_settings_are_sound() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    rows = [row for text in _YAML.findall(readme) for row in yaml.safe_load(text)["providers"].values()]
    assert {row["kind"] for row in rows} == {"google", "vertex"}
    for row in rows:
        own = {name: value for name, value in row.items() if name not in _THE_GATEWAYS}
        assert msgspec.convert(own, _TYPES[row["kind"]])


async def test_vertex_is_asked_at_its_project_and_location_with_a_bearer_token() -> None:
    http = ScriptedHttp(_ANSWER)
    model = VERTEX.build(VertexSettings(project="acme", location="us-central1"), BuildContext("v", http))
    request = Request(operation="chat", model="m", stream=False, view=_VIEW)
    await model.chat(request, Attempt("gemini-2.5-flash", Secret("t", "env:T")))
    (asked,) = http.requests
    assert asked.origin == Origin("https", "us-central1-aiplatform.googleapis.com", 443)
    place = "/v1/projects/acme/locations/us-central1/publishers/google"
    assert asked.target == f"{place}/models/gemini-2.5-flash:generateContent"
    assert ("authorization", "Bearer t") in asked.headers


async def test_a_tuned_model_on_vertex_stands_beside_the_publishers() -> None:
    http = ScriptedHttp(_ANSWER)
    model = VERTEX.build(VertexSettings(project="acme", location="us-central1"), BuildContext("v", http))
    request = Request(operation="chat", model="m", stream=False, view=_VIEW)
    await model.chat(request, Attempt("endpoints/42", Secret("t", "env:T")))
    assert http.requests[0].target == "/v1/projects/acme/locations/us-central1/endpoints/42:generateContent"


def test_a_header_for_the_key_is_not_the_users_to_set() -> None:
    with pytest.raises(SettingsError, match="credential_ref"):
        GOOGLE.build(GoogleSettings(headers={"X-Goog-Api-Key": "k"}), BuildContext("g", ScriptedHttp()))
    with pytest.raises(SettingsError, match="response_limit"):
        GOOGLE.build(GoogleSettings(response_limit=0), BuildContext("g", ScriptedHttp()))
