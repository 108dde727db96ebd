"""From a client's bytes to the canonical view, and back again unchanged."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Raw, structs

from llm_plugin_anthropic.dialect import AnthropicMessages
from lockgate_ports.chat import ChatRequest, FunctionTool, NativeTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    CacheHint,
    File,
    Image,
    InlineSource,
    Message,
    Native,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)
from lockgate_ports.wire import Request

Ask = Callable[..., Request[ChatRequest]]
NAME = "anthropic-messages"
_DAY = {"type": "ephemeral", "ttl": "1h"}

FULL: dict[str, Any] = {
    "model": "m",
    "max_tokens": 5000,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See", "cache_control": _DAY},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
                {"type": "image", "source": {"type": "url", "url": "https://a.test/x.png"}},
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}, "title": "A"},
                {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}},
                {
                    "type": "document",
                    "source": {"type": "content", "content": "x"},
                    "context": "why",
                    "citations": {"enabled": True},
                },
                {"type": "search_result", "source": "https://a.test", "title": "t", "content": []},
                {"type": "container_upload", "file_id": "file_2"},
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "ZGFyaw=="},
                {"type": "text", "text": "So", "citations": [{"type": "char_location"}]},
                {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"n": 12345678901234567890123}},
                {
                    "type": "tool_use",
                    "id": "b",
                    "name": "g",
                    "input": {},
                    "caller": {"type": "code_execution", "tool_id": "c"},
                },
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "is_error": True,
                    "content": [{"type": "text", "text": "no"}, {"type": "tool_reference", "tool_name": "x"}],
                },
                {"type": "tool_result", "tool_use_id": "b", "content": "yes", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "Well?"},
            ],
        },
        {"role": "system", "content": "In German.", "clear_at": "never"},
    ],
    "tools": [
        {"name": "f", "input_schema": {"type": "object"}, "description": "Does f.", "cache_control": _DAY},
        {"type": "custom", "name": "g", "input_schema": {"type": "object"}, "strict": True, "defer_loading": True},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
    ],
    "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 2000, "display": "omitted"},
    "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"a": 1}}, "task_budget": {"x": 1}},
    "temperature": 1.0,
    "top_p": 0.5,
    "top_k": 3,
    "stop_sequences": ["END"],
    "metadata": {"user_id": "u-1"},
    "service_tier": "standard_only",
    "container": "c-1",
    "mcp_servers": [{"url": "https://mcp.test"}],
}


def test_everything_has_its_place_in_the_view(ask: Ask) -> None:
    view = ask(json.dumps(FULL).encode()).view
    first, second, third, fourth, fifth, sixth, last = view.messages
    assert first == Message("system", (Text("Be brief.", cache=CacheHint()),))
    assert second.parts[:5] == (
        Text("See", cache=CacheHint("1h")),
        Image(InlineSource("aGk=", "image/png")),
        Image(UrlSource("https://a.test/x.png")),
        File(StoredSource("file_1"), "A"),
        File(InlineSource("R3LDvMOfZQ==", "text/plain")),
    )
    kinds = [part.type for part in second.parts if isinstance(part, Native)]
    assert kinds == ["document", "search_result", "container_upload"]
    assert third.parts[:2] == (Thinking("Hm", "c2ln", native=NAME), Thinking(redacted="ZGFyaw==", native=NAME))
    so, server, call, programmed = third.parts[2:]
    assert isinstance(so, Text)
    assert so.native == NAME
    assert (type(server), type(programmed)) == (Native, Native)
    assert call == ToolCall("a", "f", '{"n": 12345678901234567890123}')
    (told,) = fourth.parts
    assert isinstance(told, ToolResult)
    assert (told.call_id, told.is_error, told.parts[0]) == ("a", True, Text("no"))
    assert fifth == Message("tool", (ToolResult("b", (Text("yes"),), cache=CacheHint()),))
    assert sixth == Message("user", (Text("Well?"),))
    assert (last.role, last.text, last.native) == ("system", "In German.", NAME)
    f, g, search = view.tools
    assert f == FunctionTool("f", "Does f.", Raw(b'{"type": "object"}'), cache=CacheHint("1h"))
    assert isinstance(g, FunctionTool)
    assert g.strict
    assert isinstance(search, NativeTool)
    assert (view.tool_choice, view.parallel_tool_calls) == (ToolChoice("required"), False)
    assert view.reasoning == Reasoning("high", 2000, enabled=True)
    assert view.response_format == ResponseFormat("json_schema", Raw(b'{"a": 1}'))
    assert (view.max_tokens, view.temperature, view.top_p, view.top_k) == (5000, 1.0, 0.5, 3)
    assert (view.stop, view.user, view.service_tier) == (("END",), "u-1", "default")
    left = {"thinking", "output_config", "container", "mcp_servers", "tools.g.defer_loading"}
    assert view.extra.keys() == left


def test_what_was_read_is_written_as_it_came(ask: Ask, dialect: AnthropicMessages, upstream: Upstream) -> None:
    view = ask(json.dumps(FULL).encode()).view
    written = dialect.write_request(view, structs.replace(upstream, params="strict"))
    sent, asked = msgspec.json.decode(written.http.body), json.loads(json.dumps(FULL))
    assert written.dropped == ()
    asked["model"] = sent["model"]
    asked["tools"][1].pop("type")
    for block in asked["messages"][2]["content"][:1]:
        assert block in sent["messages"][2]["content"]
    sent["messages"][1]["content"][4]["input"] = asked["messages"][1]["content"][4]["input"]
    assert sent == asked


@pytest.mark.parametrize("choice", ["auto", "none", "tool", "brand_new"])
def test_choices_among_tools(ask: Ask, choice: str, dialect: AnthropicMessages, upstream: Upstream) -> None:
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    given = {"type": choice, **({"name": "f"} if choice == "tool" else {})}
    view = ask(tools=tools, tool_choice=given).view
    assert json.loads(dialect.write_request(view, upstream).http.body)["tool_choice"] == given


@pytest.mark.parametrize("thinking", [{"type": "disabled"}, {"type": "adaptive"}, {"type": "between_tools"}])
def test_ways_to_think(ask: Ask, thinking: dict[str, str], dialect: AnthropicMessages, upstream: Upstream) -> None:
    view = ask(thinking=thinking).view
    assert view.reasoning == Reasoning(enabled=thinking["type"] == "adaptive")
    assert json.loads(dialect.write_request(view, upstream).http.body)["thinking"] == thinking


def test_thinking_that_this_gateway_showed_for_another_carries_no_signature(ask: Ask) -> None:
    block = {"type": "thinking", "thinking": "Hm", "signature": ""}
    view = ask(messages=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [block]}]).view
    assert view.messages[1].parts == (Thinking("Hm"),)


def test_what_routing_needs_and_what_travels(ask: Ask) -> None:
    headers = {"anthropic-beta": "a,b", "anthropic-version": "2026-10-21", "x-api-key": "secret", "user-agent": "x"}
    request = ask(headers=headers, model="some/model", stream=True)
    assert (request.model, request.stream, request.dialect, request.wants_usage) == ("some/model", True, NAME, True)
    travels = {"anthropic-beta": "a,b", "anthropic-version": "2026-10-21", "user-agent": "x"}
    assert dict(request.headers) == travels


def _with(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": 7}, "model"),
        ({"model": " "}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"temperature": "hot"}, "temperature"),
        ({"stop_sequences": "END"}, "stop_sequences"),
        (_with({"text": "x"}), "messages[0].content[0].type"),
        (_with({"type": "text"}), "messages[0].content[0].text"),
        (_with({"type": "image"}), "messages[0].content[0].source"),
        (_with({"type": "image", "source": "x"}), "messages[0].content[0].source"),
        (_with({"type": "image", "source": {"type": "base64"}}), "messages[0].content[0].source.data"),
        (_with({"type": "image", "source": {"type": "base64", "data": 1}}), "messages[0].content[0].source.data"),
        (_with({"type": "document", "source": {"type": "url"}}), "messages[0].content[0].source.url"),
        (_with({"type": "tool_use", "id": "a", "name": "f"}), "messages[0].content[0].input"),
        (_with({"type": "tool_use", "id": "a", "name": "f", "input": "x"}), "messages[0].content[0].input"),
        (_with({"type": "tool_result"}), "messages[0].content[0].tool_use_id"),
        (
            _with({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text"}]}),
            "messages[0].content[0].content[0].text",
        ),
        (
            _with({"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": 1}]}),
            "messages[0].content[0].content[0].text",
        ),
        (_with({"type": "text", "text": "x", "citations": 1}), "messages[0].content[0].citations"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [{"name": "f", "input_schema": "x"}]}, "tools[0].input_schema"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
    ],
)
def test_a_wrong_shape_is_refused_by_name(ask: Ask, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(**fields)
    assert caught.value.param == param
    assert param in caught.value.message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"model":"m","x":"\xff"}', b"[" * 5000])
def test_a_body_that_is_no_json_object_is_refused(ask: Ask, body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        ask(body)
