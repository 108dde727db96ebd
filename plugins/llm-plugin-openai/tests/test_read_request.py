"""Reading a client's request: what is refused, and what the canonical view holds."""

import base64
import json
import time
import tracemalloc
from typing import Any

import pytest
from msgspec import Raw

from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Message,
    Native,
    Part,
    Refusal,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
)

_USER = b'"messages":[{"role":"user","content":"x"}]'
_PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        (b"", None, "no body"),
        (b"  \n", None, "no body"),
        (b"[]", None, "the body must be an object, not a list"),
        (b'"hi"', None, "the body must be an object, not a string"),
        (b"{", None, "ends too early"),
        (b'{"model":"m",}', None, "not valid JSON: trailing comma in object at byte 13"),
        (b'{"model":"m",' + _USER + b',"temperature":NaN}', None, "invalid character at byte"),
        (b'{"model":"m",' + _USER + b',"odd":Infinity}', None, "invalid character at byte"),
        (b'{"model":"m",' + _USER + b',"temperature":1e999}', "temperature", "out of range"),
        (b'{"model":"m","messages":[{"role":"user","content":"a\x00b"}]}', None, "invalid character at byte 52"),
        (b'{"model":"m","messages":[{"role":"user","content":"a\xff"}]}', None, "not valid UTF-8: byte 52"),
        (b'{"model":"m",' + _USER + b',"odd":"a\xff"}', None, "not valid UTF-8"),
        (b'{"model":"m",' + _USER + b',"odd":"\xed\xa0\x80"}', None, "not valid UTF-8"),
        (b'{"model":"m","messages":[{"role":"user","content":"\\ud800"}]}', None, "lone surrogate"),
        (b'{"model":"m","messages":[{"role":"user","content":"x\\udc00y"}]}', None, "lone surrogate"),
        (b'{"model":"m",' + _USER + b',"odd":"\\ud83d!"}', None, "lone surrogate"),
        (b'{"model":"m","odd":' + b"[" * 100_000, None, "nested too deeply"),
        (b'{"model":"m","odd":' + b'{"a":' * 100_000, None, "nested too deeply"),
        (b"{" + _USER + b"}", "model", "model is missing"),
        (b'{"model":null,' + _USER + b"}", "model", "must be a string"),
        (b'{"model":" ",' + _USER + b"}", "model", "model is empty"),
        (b'{"model":"a\\nb",' + _USER + b"}", "model", "control character"),
        (b'{"model":"m"}', "messages", "messages is missing"),
        (b'{"model":"m","messages":[]}', "messages", "at least 1"),
        (b'{"model":"m","messages":{}}', "messages", "must be a list, not an object"),
        (b'{"model":"m","messages":[null]}', "messages[0]", "must be an object, not null"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_its_place(
    ask: Any, body: bytes, param: str | None, words: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(body)
    assert words in caught.value.message
    assert caught.value.param == param
    assert caught.value.status == 400


def _says(**message: Any) -> dict[str, Any]:
    return {"messages": [message]}


def _part(**part: Any) -> dict[str, Any]:
    return _says(role="user", content=[part])


def _sound(**sound: Any) -> dict[str, Any]:
    return _part(type="input_audio", input_audio=sound)


def _tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": function}]}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (_says(role="king", content="x"), "messages[0].role"),
        (_says(content="x"), "messages[0].role"),
        (_says(role="user"), "messages[0].content"),
        (_says(role="user", content=None), "messages[0].content"),
        (_says(role="user", content=5), "messages[0].content"),
        (_says(role="user", content=["x"]), "messages[0].content[0]"),
        (_says(role="tool", content="x"), "messages[0].tool_call_id"),
        (_says(role="function", content="x"), "messages[0].name"),
        (_says(role="assistant", tool_calls=[{"id": "a", "type": "function"}]), "messages[0].tool_calls[0].function"),
        (
            _says(role="assistant", content="", tool_calls=[{"id": "a", "type": "custom"}]),
            "messages[0].tool_calls[0].custom",
        ),
        (_says(role="assistant", tool_calls=[{"type": "function"}]), "messages[0].tool_calls[0].id"),
        (
            _says(role="assistant", tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {}}}]),
            "messages[0].tool_calls[0].function.arguments",
        ),
        (_part(text="x"), "messages[0].content[0].type"),
        (_part(type=3), "messages[0].content[0].type"),
        (_part(type="text"), "messages[0].content[0].text"),
        (_part(type="text", text=5), "messages[0].content[0].text"),
        (_part(type="image_url"), "messages[0].content[0].image_url"),
        (_part(type="image_url", image_url=5), "messages[0].content[0].image_url"),
        (_part(type="image_url", image_url={}), "messages[0].content[0].image_url.url"),
        (_part(type="image_url", image_url={"url": 5}), "messages[0].content[0].image_url.url"),
        (_part(type="image_url", image_url={"url": "u", "detail": 5}), "messages[0].content[0].image_url.detail"),
        (
            _sound(data=5, format="wav"),
            "messages[0].content[0].input_audio.data",
        ),
        (_sound(data="x"), "messages[0].content[0].input_audio.format"),
        (_part(type="file", file={}), "messages[0].content[0].file"),
        (_part(type="file", file={"file_data": 5}), "messages[0].content[0].file.file_data"),
        ({"n": 0}, "n"),
        ({"n": 1.5}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "warm"}, "temperature"),
        ({"stop": [1]}, "stop[0]"),
        ({"logit_bias": {"5": "much"}}, "logit_bias[...]"),
        ({"metadata": {"a": 1}}, "metadata[...]"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        (_tool(), "tools[0].function.name"),
        (
            _tool(name="f", parameters=[]),
            "tools[0].function.parameters",
        ),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": 5}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tool_choice": {"type": "function", "function": {}}}, "tool_choice.function.name"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools"),
        ({"function_call": "maybe"}, "function_call"),
        ({"response_format": "json"}, "response_format"),
        ({"reasoning": {"max_tokens": "many"}}, "reasoning.max_tokens"),
        ({"user": 5}, "user"),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(ask: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(**fields)
    assert caught.value.param == param
    assert param in caught.value.message


def test_a_complaint_says_what_was_expected_in_plain_words(ask: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"^messages\[0\].content must be a string or a list, not a whole number$"):
        ask(**_says(role="user", content=5))


def test_escaped_pairs_and_escaped_backslashes_are_no_lone_surrogates(ask: Any) -> None:
    body = rb'{"model":"m","messages":[{"role":"user","content":"\ud83d\ude00 \\ud83d \u00e9"}],"x":"\ud83d\ude00"}'
    assert ask(body).view.messages[0].text == "😀 \\ud83d é"


def test_utf8_is_checked_across_block_borders(ask: Any) -> None:
    filler = "é" * 70_000  # two bytes each: a border of 64 KiB falls between them and inside them
    for shift in ("", "a"):
        fields = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], "odd": shift + filler})
        good = json.dumps(json.loads(fields), ensure_ascii=False).encode()
        assert ask(good).model == "m"
        at = good.index("é".encode()) + 100_000
        bad = good[:at] + b"\xff" + good[at + 1 :]
        with pytest.raises(InvalidRequest, match="not valid UTF-8"):
            ask(bad)


def test_a_large_image_is_checked_without_a_copy_of_it(ask: Any) -> None:
    data = "data:image/png;base64," + "A" * (30 * 1024 * 1024)
    body = json.dumps(_part(type="image_url", image_url={"url": data}) | {"model": "m"}).encode()
    tracemalloc.start()
    begun = time.perf_counter()
    request = ask(body)
    taken = time.perf_counter() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert request.body is body
    assert peak < 1024 * 1024
    assert taken < 1


def test_a_request_remembers_its_bytes_and_what_routing_needs(ask: Any) -> None:
    body = b'{"zz":1, "stream":true,"stream_options":{"include_usage":true},"model":"m",' + _USER + b"}"
    request = ask(body, headers={"openai-beta": "b=1", "authorization": "Bearer sk-1", "cookie": "c"})
    assert request.body is body
    assert (request.dialect, request.model, request.stream, request.wants_usage) == ("openai-chat", "m", True, True)
    assert request.headers == (("openai-beta", "b=1"),)
    assert not ask(stream=True).wants_usage


def test_every_kind_of_content_has_its_canonical_part(ask: Any) -> None:
    sound = base64.b64encode(b"RIFF").decode()
    content = [
        {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "image_url", "image_url": {"url": _PNG, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
        {"type": "image_url", "image_url": "https://a.test/c.png"},
        {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "video_url", "video_url": {"url": "https://a.test/v.mp4"}},
        {"type": "hologram", "hologram": {"z": 1.50}},
    ]
    (message,) = ask(**_says(role="user", content=content, name="ann")).view.messages
    assert message.name == "ann"
    assert message.parts[:-1] == (
        Text("Look", cache=CacheHint("1h")),
        Image(InlineSource("iVBORw0KGgo=", "image/png"), "low"),
        Image(UrlSource("https://a.test/b.png")),
        Image(UrlSource("https://a.test/c.png")),
        Audio(InlineSource(sound, "audio/wav"), "wav"),
        File(InlineSource("JVBE", "application/pdf"), "a.pdf"),
        File(StoredSource("file-1")),
        Video(UrlSource("https://a.test/v.mp4")),
    )
    native = message.parts[-1]
    assert isinstance(native, Native)
    assert (native.dialect, native.type, bytes(native.raw)) == (
        "openai-chat",
        "hologram",
        b'{"type": "hologram", "hologram": {"z": 1.5}}',
    )


def test_an_assistants_turn_keeps_all_that_it_did(ask: Any) -> None:
    turn = {
        "role": "assistant",
        "content": "So:",
        "refusal": "No.",
        "audio": {"id": "audio-1"},
        "reasoning_content": "Hm.",
        "annotations": [],
        "prefix": True,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
            {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "free"}},
        ],
    }
    (message,) = ask(**_says(**turn)).view.messages
    assert message.parts == (
        Thinking("Hm.", native="openai-chat"),
        Text("So:"),
        Refusal("No."),
        Audio(id="audio-1"),
        ToolCall("c1", "f", '{"a":1}'),
        ToolCall("c2", "g", "free", custom=True),
    )
    assert {name: bytes(raw) for name, raw in message.extra.items()} == {
        "reasoning_content": b'"Hm."',
        "prefix": b"true",
    }
    assert message.native == "openai-chat"


def test_words_with_one_thing_beside_them_keep_it(ask: Any) -> None:
    beside: dict[str, tuple[Any, Part]] = {
        "refusal": ("No.", Refusal("No.")),
        "audio": ({"id": "a1"}, Audio(id="a1")),
        "function_call": ({"name": "f", "arguments": "{}"}, ToolCall("call_0", "f", "{}")),
    }
    for name, (value, part) in beside.items():
        (message,) = ask(**_says(role="assistant", content="So:", **{name: value})).view.messages
        assert message.parts == (Text("So:"), part)
    (message,) = ask(**_says(role="user", content="So:", name="ann")).view.messages
    assert message == Message("user", (Text("So:"),), "ann")


def test_signed_and_encrypted_reasoning_is_told_apart(ask: Any) -> None:
    details = [
        {"type": "reasoning.text", "text": "Hm.", "signature": "sig", "index": 0, "format": "f"},
        {"type": "reasoning.encrypted", "data": "xyz", "id": "rs_1", "index": 1},
    ]
    (message,) = ask(**_says(role="assistant", content="x", reasoning="Hm.", reasoning_details=details)).view.messages
    assert message.parts[:2] == (
        Thinking("Hm.", "sig", native="openai-chat"),
        Thinking("", redacted="xyz", id="rs_1", native="openai-chat"),
    )


def test_tool_results_and_the_functions_of_older_clients_become_tool_messages(ask: Any) -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "43"}]},
    ]
    functions = [{"name": "f", "parameters": {"type": "object"}}]
    view = ask(messages=messages, functions=functions, function_call={"name": "f"}).view
    assert view.messages == (
        Message("developer", (Text("Be brief."),)),
        Message("assistant", (ToolCall("call_1", "f", "{}"),)),
        Message("tool", (ToolResult("call_1", (Text("42"),), name="f"),)),
        Message("tool", (ToolResult("c1", (Text("43"),)),)),
    )
    (tool,) = view.tools
    assert isinstance(tool, FunctionTool)
    assert tool.name == "f"
    assert view.tool_choice == ToolChoice("named", "f")


def test_tools_of_all_kinds_are_read(ask: Any) -> None:
    tools = [
        *_tool(name="f", description="d", parameters={"type": "object"}, strict=True)["tools"],
        {"type": "custom", "custom": {"name": "g", "format": {"type": "text"}}},
        {"type": "web_search", "depth": 3},
    ]
    function, custom, native = ask(tools=tools).view.tools
    assert isinstance(function, FunctionTool)
    assert function.parameters is not None
    assert (function.name, function.description, bytes(function.parameters), function.strict) == (
        "f",
        "d",
        b'{"type": "object"}',
        True,
    )
    assert isinstance(custom, CustomTool)
    assert custom.format is not None
    assert (custom.name, bytes(custom.format)) == ("g", b'{"type": "text"}')
    assert isinstance(native, NativeTool)
    assert (native.dialect, native.type, bytes(native.raw)) == (
        "openai-chat",
        "web_search",
        b'{"type": "web_search", "depth": 3}',
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("none", ToolChoice("none")),
        ("auto", ToolChoice("auto")),
        ("required", ToolChoice("required")),
        ("any", ToolChoice("required")),
        ({"type": "function", "function": {"name": "f"}}, ToolChoice("named", "f")),
        ({"type": "custom", "custom": {"name": "g"}}, ToolChoice("named", "g", custom=True)),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
            },
            ToolChoice("auto", allowed=("f",)),
        ),
    ],
)
def test_every_form_of_tool_choice_is_read(ask: Any, given: Any, expected: ToolChoice) -> None:
    assert ask(tool_choice=given).view.tool_choice == expected


def test_tuning_has_its_canonical_place_and_the_rest_is_kept(ask: Any) -> None:
    view = ask(
        max_tokens=64,
        stop="END",
        temperature=0,
        top_k=5,
        seed=12345678901234567890123,
        logit_bias={"5": -100},
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
        modalities=["text", "audio"],
        audio={"format": "mp3", "voice": {"id": "v"}},
        prediction={"type": "content", "content": "code"},
        prompt_cache_retention="24h",
        stream_options={"include_usage": True, "include_obfuscation": False},
        safety_identifier="s",
        web_search_options={"depth": 1},
    ).view
    assert (view.max_tokens, view.stop, view.temperature, view.top_k) == (64, ("END",), 0.0, 5)
    assert view.seed == 12345678901234567890123
    assert view.logit_bias == {"5": -100.0}
    assert view.reasoning == Reasoning("low")
    assert isinstance(view.response_format, ResponseFormat)
    assert view.response_format.schema is not None
    assert (view.response_format.name, bytes(view.response_format.schema)) == ("a", b'{"type": "object"}')
    assert view.modalities == ("text", "audio")
    assert view.audio is not None
    assert bytes(view.audio.voice) == b'{"id": "v"}'
    assert view.prediction == Message("assistant", (Text("code"),))
    assert (view.prompt_cache_ttl, view.include_usage) == ("24h", True)
    assert view.native == "openai-chat"
    assert {name: bytes(raw) for name, raw in view.extra.items()} == {
        "safety_identifier": b'"s"',
        "web_search_options": b'{"depth": 1}',
        "stream_options": b'{"include_obfuscation":false}',
    }


def test_openrouters_form_of_reasoning_is_read(ask: Any) -> None:
    view = ask(reasoning={"effort": "high", "max_tokens": 512, "enabled": True, "exclude": True}).view
    assert view.reasoning == Reasoning("high", 512, True)
    assert bytes(view.extra["reasoning"]) == b'{"exclude":true}'


def test_token_limits_that_contradict_each_other_are_refused(ask: Any) -> None:
    assert ask(max_tokens=5, max_completion_tokens=5).view.max_tokens == 5
    with pytest.raises(InvalidRequest) as caught:
        _ = ask(max_tokens=5, max_completion_tokens=6).view
    assert caught.value.param == "max_tokens"


def test_forms_that_only_other_servers_know_stay_as_they_are(ask: Any) -> None:
    grammar = {"type": "json_object", "schema": {"type": "object"}}
    view = ask(response_format=grammar, tool_choice={"type": "web_search"}).view
    assert view.response_format is None
    assert view.tool_choice is None
    assert isinstance(view.extra["response_format"], Raw)
    assert json.loads(bytes(view.extra["response_format"])) == grammar
    assert json.loads(bytes(view.extra["tool_choice"])) == {"type": "web_search"}


def test_words_and_settings_are_plain_whatever_the_words_are(ask: Any) -> None:
    says = [
        {"role": role, "content": "cache_control signature bG9ja2dhdGU6"} for role in ("system", "user", "assistant")
    ]
    assert ask(messages=says, temperature=0.5, stream=True, stream_options={"include_usage": True}, user="u").plain


@pytest.mark.parametrize(
    "fields",
    [
        {"previous_response_id": "resp_1"},
        {"prompt_cache_key": "k"},
        _says(role="assistant", content="Hi", reasoning_details=[{"signature": "s"}]),
        _says(role="user", content=[{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]),
        _says(role="assistant", content="", tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{}"}}]),
        _says(role="tool", content="4", tool_call_id="a"),
        {"tools": [{"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}]},
    ],
)
def test_what_may_be_signed_cached_or_kept_is_not_plain(ask: Any, fields: dict[str, Any]) -> None:
    assert not ask(**fields).plain
