"""What clients of Gemini's language ask, in both of its spellings."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from llm_plugin_google.dialect import Gemini
from lockgate_ports.chat import ChatRequest, FunctionTool, NativeTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Message,
    Native,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    system,
)
from lockgate_ports.wire import Request

Ask = Callable[..., Request[ChatRequest]]
Place = Callable[..., Upstream]

_CONVERSATION: list[dict[str, Any]] = [
    {"role": "user", "parts": [{"text": "Hi"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]},
    {
        "role": "model",
        "parts": [
            {"text": "Hm", "thought": True, "thoughtSignature": "s1"},
            {"text": "Yes", "thoughtSignature": "s2"},
            {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "s3"},
            {"functionCall": {"name": "f", "args": {}}},
        ],
    },
    {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "f", "response": {"output": "one"}}},
            {"functionResponse": {"name": "f", "response": {"error": "two"}}},
            {"text": "And?"},
        ],
    },
]


def test_the_model_and_the_wish_for_a_stream_stand_in_the_path(ask: Ask) -> None:
    assert (ask().model, ask().stream) == ("acme/m", False)
    assert ask(method="streamGenerateContent").stream
    assert ask().view.model == "acme/m"


def test_a_conversation_is_read_with_its_calls_matched(ask: Ask) -> None:
    assert ask(contents=_CONVERSATION).view.messages == (
        Message("user", (Text("Hi"), Image(InlineSource("AA", "image/png")))),
        Message(
            "assistant",
            (
                Thinking("Hm", "s1", native="gemini"),
                Text("Yes"),
                Thinking("", "s2", native="gemini"),
                ToolCall("call_0", "f", '{"x": 1}', signature="s3", native="gemini"),
                ToolCall("call_1", "f", "{}"),
            ),
        ),
        Message("tool", (ToolResult("call_0", (Text("one"),), name="f"),)),
        Message("tool", (ToolResult("call_1", (Text("two"),), is_error=True, name="f"),)),
        Message("user", (Text("And?"),)),
    )


def test_what_was_read_is_written_as_it_came(ask: Ask, place: Place) -> None:
    asked = ask(contents=_CONVERSATION, systemInstruction={"parts": [{"text": "S"}]})
    sent = json.loads(Gemini().write_request(asked.view, place()).http.body)
    assert sent["systemInstruction"] == {"parts": [{"text": "S"}]}
    assert sent["contents"][:2] == _CONVERSATION[:2]
    assert sent["contents"][2]["parts"] == _CONVERSATION[2]["parts"][:2]


def test_settings_are_read_and_what_only_gemini_knows_is_kept(ask: Ask) -> None:
    view = ask(
        generationConfig={
            "temperature": 0,
            "topK": 3.0,
            "maxOutputTokens": 9,
            "stopSequences": ["a"],
            "thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True},
            "mediaResolution": "MEDIA_RESOLUTION_LOW",
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}},
        },
        safetySettings=[{"category": "C", "threshold": "T"}],
    ).view
    assert (view.temperature, view.top_k, view.max_tokens, view.stop) == (0, 3, 9, ("a",))
    assert view.reasoning == Reasoning("high", summary="auto")
    schema = Raw(b'{"type":"object","properties":{"a":{"type":["string","null"]}}}')
    assert view.response_format == ResponseFormat("json_schema", schema)
    assert set(view.extra) == {"safetySettings", "generationConfig"}
    assert msgspec.json.decode(view.extra["generationConfig"]) == {"mediaResolution": "MEDIA_RESOLUTION_LOW"}


def test_tools_and_the_choice_among_them_are_read(ask: Ask) -> None:
    view = ask(
        tools=[
            {"functionDeclarations": [{"name": "f", "parameters": {"type": "OBJECT"}}, {"name": "g"}]},
            {"googleSearch": {}},
        ],
        toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    ).view
    assert view.tools == (
        FunctionTool("f", parameters=Raw(b'{"type":"object"}')),
        FunctionTool("g"),
        NativeTool("gemini", "googleSearch", Raw(b'{"googleSearch":{}}')),
    )
    assert view.tool_choice == ToolChoice("named", "f")


def test_both_spellings_are_read_and_the_callers_own_names_are_left_alone(ask: Ask) -> None:
    view = ask(
        system_instruction={"parts": [{"text": "S"}]},
        contents=[
            {"role": "user", "parts": [{"file_data": {"file_uri": "gs://a/b.pdf", "mime_type": "application/pdf"}}]},
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"snake_case": 1}}}]},
        ],
        generation_config={"max_output_tokens": 5, "thinking_config": {"thinking_budget": 0}},
    ).view
    assert view.messages[0] == system("S")
    assert view.messages[1].parts == (File(UrlSource("gs://a/b.pdf", "application/pdf")),)
    assert view.messages[2].parts == (ToolCall("call_0", "f", '{"snake_case":1}'),)
    assert (view.max_tokens, view.reasoning) == (5, Reasoning(budget_tokens=0, enabled=False))


def test_parts_that_only_gemini_knows_are_kept_whole(ask: Ask) -> None:
    clip = {"inlineData": {"mimeType": "video/mp4", "data": "AA"}, "videoMetadata": {"fps": 2}}
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "AA"}}
    parts = ask(contents=[{"role": "user", "parts": [clip, sound]}]).view.messages[0].parts
    assert isinstance(parts[0], Native)
    assert msgspec.json.decode(parts[0].raw) == clip
    assert parts[1] == Audio(InlineSource("AA", "audio/wav"))


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": list[Any]()}, None),
        ({"contents": [{"role": "assistant"}]}, "contents[0].role"),
        ({"contents": [{"parts": [{"text": 7}]}]}, "contents[0].parts[0].text"),
        ({"generationConfig": {"maxOutputTokens": "9"}}, "generationConfig.maxOutputTokens"),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "AUTO", "allowedFunctionNames": ["f"]}}},
            "toolConfig.functionCallingConfig.allowedFunctionNames",
        ),
    ],
)
def test_a_wrong_shape_is_refused_by_the_name_of_the_field(ask: Ask, fields: dict[str, Any], param: str | None) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(**fields)
    if param is not None:
        assert caught.value.param == param


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"a":1}', b'{"contents":[{"parts":[{"zz":"\xff"}]}]}', b"[" * 99_999]
)
def test_what_is_no_request_is_refused(ask: Ask, raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        ask(raw=raw)


def test_a_call_in_a_turn_of_the_user_is_refused(ask: Ask) -> None:
    asked = ask(contents=[{"role": "user", "parts": [{"functionCall": {"name": "f"}}]}])
    with pytest.raises(InvalidRequest, match=r"contents\[0\]\.parts\[0\]\.functionCall"):
        _ = asked.view
