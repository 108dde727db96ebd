"""Requests of openai-responses: what is read, what is written, and what comes back the same."""

import json
from typing import Any

import pytest
from msgspec import Raw, structs

from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.responses.dialect import OpenAIResponses
from lockgate_ports.chat import ChatRequest, CustomTool, FunctionTool, NativeTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Message,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
    assistant,
    system,
    user,
)
from lockgate_ports.wire import Inbound

_DIALECT = OpenAIResponses()


def _view(**fields: Any) -> ChatRequest:
    body = json.dumps({"model": "m", "input": "Hi"} | fields).encode()
    return _DIALECT.read_request(Inbound("POST", "/v1/responses", {}, body)).view


def _sent(view: ChatRequest, upstream: Upstream) -> dict[str, Any]:
    return json.loads(_DIALECT.write_request(view, upstream).http.body)


_CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'}
_WHOLE: dict[str, Any] = {
    "model": "real",
    "instructions": "Be brief.",
    "input": [
        {"role": "developer", "content": "And kind."},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Sieh: é 😀"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "low"},
                {"type": "input_image", "file_id": "file-1", "detail": "auto"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"},
                {"type": "input_file", "file_url": "https://a.test/a.pdf"},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
                {"type": "hologram", "z": 1},
            ],
        },
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "A."}, {"type": "summary_text", "text": "B."}],
            "encrypted_content": "gAAA",
        },
        {
            "type": "message",
            "role": "assistant",
            "id": "msg_1",
            "status": "completed",
            "phase": "commentary",
            "content": [
                {"type": "output_text", "text": "Ok.", "annotations": [{"type": "url_citation", "url": "u"}]},
                {"type": "refusal", "refusal": "But."},
            ],
        },
        _CALL,
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
        {"type": "function_call_output", "call_id": "c1", "output": "42"},
        {
            "type": "custom_tool_call_output",
            "call_id": "c2",
            "output": [{"type": "input_text", "text": "4"}, {"type": "input_text", "text": "3"}],
        },
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        {"type": "item_reference", "id": "msg_0"},
        {"type": "computer_call_output", "call_id": "cc", "output": {"type": "computer_screenshot"}},
        {"role": "user", "content": "Go on."},
    ],
    "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object", "n": 12345678901234567890}},
        {
            "type": "custom",
            "name": "g",
            "description": "d",
            "format": {"type": "grammar", "syntax": "lark", "definition": "start: A"},
        },
        {"type": "web_search", "depth": 3},
    ],
    "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "g"}]},
    "parallel_tool_calls": False,
    "text": {
        "format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}, "strict": True},
        "verbosity": "low",
    },
    "reasoning": {"effort": "low", "summary": "auto", "context": "x"},
    "max_output_tokens": 5,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_logprobs": 2,
    "include": ["reasoning.encrypted_content", "message.output_text.logprobs"],
    "service_tier": "flex",
    "metadata": {"a": "b"},
    "user": "u",
    "store": False,
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "truncation": "auto",
    "max_tool_calls": 3,
}


def test_a_request_that_was_read_and_written_says_the_same(upstream: Upstream) -> None:
    written = _DIALECT.write_request(_view(**_WHOLE), upstream)
    assert json.loads(written.http.body) == _WHOLE
    assert written.dropped == ()


def test_what_a_model_made_in_one_turn_is_one_message() -> None:
    messages = _view(**_WHOLE).messages
    roles = ["system", "developer", "user", "assistant", "tool", "tool", "assistant", "user", "user"]
    assert [message.role for message in messages] == roles
    assert [type(part).__name__ for part in messages[3].parts] == [
        *("Thinking", "Thinking", "Text", "Refusal", "ToolCall", "ToolCall"),
    ]


def test_two_messages_of_the_model_stay_two(upstream: Upstream) -> None:
    items = [
        {"type": "message", "role": "assistant", "phase": phase, "content": [_said(phase)]}
        for phase in ("commentary", "final_answer")
    ]
    view = _view(input=items)
    assert [message.text for message in view.messages] == ["commentary", "final_answer"]
    assert _sent(view, upstream)["input"] == items


def _said(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": []}


def test_a_request_reads_as_one_of_chat_completions(upstream: Upstream) -> None:
    view = _view(
        instructions="Be brief.",
        input=[{"role": "user", "content": "Hi"}, _CALL, {**_CALL, "call_id": "c2"}]
        + [{"type": "function_call_output", "call_id": each, "output": "42"} for each in ("c1", "c2")],
        max_output_tokens=5,
        reasoning={"effort": "low"},
        text={"verbosity": "low"},
        safety_identifier="u",
        include=["message.output_text.logprobs"],
    )
    sent = json.loads(OpenAIChat().write_request(view, upstream).http.body)
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "tool", "tool"]
    assert [call["id"] for call in sent["messages"][2]["tool_calls"]] == ["c1", "c2"]
    assert (sent["max_completion_tokens"], sent["reasoning_effort"], sent["verbosity"]) == (5, "low", "low")
    assert (sent["user"], sent["logprobs"]) == ("u", True)


def test_a_request_of_another_language_is_told_in_items(upstream: Upstream) -> None:
    view = ChatRequest(
        model="m",
        messages=(
            system("Be brief."),
            user("Hi", Image(UrlSource("https://a.test/b.png"))),
            assistant(Thinking("Hm.", "sig", native="other"), Text("Ok."), ToolCall("c", "f", "{}")),
            Message("tool", (ToolResult("c", (Text("4"), Image(UrlSource("u"))), is_error=True),)),
        ),
        tools=(FunctionTool("f"), CustomTool("g", format=Raw(b'{"type":"grammar","grammar":{"syntax":"lark"}}'))),
        tool_choice=ToolChoice("named", "f"),
        response_format=ResponseFormat("json_schema", Raw(b"{}")),
        reasoning=Reasoning(enabled=False),
        max_tokens=70,
        stop=("x",),
        seed=3,
        native="other-chat",
        extra={"odd": Raw(b"1")},
    )
    written = _DIALECT.write_request(structs.replace(view, stream=True), structs.replace(upstream, stream=True))
    sent = json.loads(written.http.body)
    assert sent == {
        "model": "real",
        "instructions": "Be brief.",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Hi"},
                    {"type": "input_image", "detail": "auto", "image_url": "https://a.test/b.png"},
                ],
            },
            {"type": "message", "role": "assistant", "content": [_said("Ok.")]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {
                "type": "function_call_output",
                "call_id": "c",
                "output": [
                    {"type": "input_text", "text": "4"},
                    {"type": "input_image", "detail": "auto", "image_url": "u"},
                ],
            },
        ],
        "tools": [
            {"type": "function", "name": "f", "strict": False, "parameters": {"type": "object", "properties": {}}},
            {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark"}},
        ],
        "tool_choice": {"type": "function", "name": "f"},
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": {}}},
        "reasoning": {"effort": "none"},
        "max_output_tokens": 70,
        "store": False,
        "stream": True,
    }
    assert written.dropped == ("thinking", "messages[3].is_error", "stop", "seed", "odd")
    assert written.http.target == "/v1/responses"


@pytest.mark.parametrize(
    ("view", "param"),
    [
        ({"messages": (user(Video(UrlSource("v"))),)}, "messages[0].content[0]"),
        ({"messages": (user(Audio(StoredSource("f"))),)}, "messages[0].content[0]"),
        ({"messages": (user(Audio(InlineSource("U"))),)}, "messages[0].content[0]"),
        ({"messages": (assistant(File(StoredSource("f"))),)}, "messages[0].content[0]"),
        ({"messages": (user(ToolCall("c", "f", "")),)}, "messages[0].content[0]"),
        ({"tools": (NativeTool("other", "search", Raw(b"{}")),)}, "tools[0]"),
        ({"n": 2}, "n"),
        ({"modalities": ("text", "audio")}, "modalities"),
    ],
)
def test_what_the_language_cannot_say_is_refused_by_name(view: dict[str, Any], param: str, upstream: Upstream) -> None:
    asked = ChatRequest(**({"model": "m", "messages": (user("Hi"),)} | view))
    with pytest.raises(Unsupported) as caught:
        _DIALECT.write_request(asked, upstream)
    assert caught.value.param == param
    assert "acme" in caught.value.message


def test_a_limit_below_the_least_is_raised_and_named(upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(user("Hi"),), max_tokens=1)
    written = _DIALECT.write_request(view, upstream)
    assert json.loads(written.http.body)["max_output_tokens"] == 16
    assert written.dropped == ("max_tokens",)
    assert _sent(view, structs.replace(upstream, params="pass"))["max_output_tokens"] == 1
    assert _sent(_view(max_output_tokens=1), upstream)["max_output_tokens"] == 1


def test_a_cache_mark_goes_back_only_where_it_came_from(upstream: Upstream) -> None:
    part = {"type": "input_text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}}
    view = _view(input=[{"role": "user", "content": [part]}])
    assert view.messages[0].parts == (Text("x", cache=CacheHint("12h")),)
    assert _sent(view, upstream)["input"][0]["content"] == [part]
    written = _DIALECT.write_request(structs.replace(view, native="other-chat"), upstream)
    assert written.dropped == ("cache_control",)


def test_state_goes_through_only_in_its_own_bytes(upstream: Upstream) -> None:
    body = b'{ "previous_response_id":"r","model":"m","input":"Hi","zz":1.50}'
    sent = _DIALECT.relay_request(body, (), upstream).http.body
    assert sent == body.replace(b'"m"', b'"real"')
    with pytest.raises(Unsupported) as caught:
        _view(previous_response_id="r")
    assert caught.value.param == "previous_response_id"


def test_a_stream_is_asked_for_exactly_when_one_is_wanted(upstream: Upstream) -> None:
    streaming = structs.replace(upstream, stream=True)
    for body, place, expected in (
        (b'{"model":"m","stream":true}', upstream, False),
        (b'{"model":"m","stream":true}', streaming, True),
        (b'{"model":"m"}', streaming, True),
    ):
        assert json.loads(_DIALECT.relay_request(body, (), place).http.body)["stream"] is expected
    assert b"stream" not in _DIALECT.relay_request(b'{"model":"m"}', (), upstream).http.body


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": 1}, "input"),
        ({"input": [{"role": "king", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].image_url"),
        ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": 1}]}, "input[0].output"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"model": " "}, "model"),
    ],
)
def test_a_bad_request_is_refused_by_the_name_of_the_field(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        _view(**fields)
    assert caught.value.param == param
