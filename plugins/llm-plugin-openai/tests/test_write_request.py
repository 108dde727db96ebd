"""Writing a request: what the view says arrives, and what cannot be said is refused or named."""

import json
from typing import Any

import pytest
from msgspec import Raw, structs

from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.chat import ChatRequest, NativeTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, Unsupported
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Message,
    Native,
    Part,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
    assistant,
    user,
)


def _sent(dialect: OpenAIChat, view: ChatRequest, upstream: Upstream) -> dict[str, Any]:
    return json.loads(dialect.write_request(view, upstream).http.body)


_WHOLE: dict[str, Any] = {
    "model": "real",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "kind."}]},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "Sieh: é 😀"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": "https://a.test/b.png"}},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "hologram", "z": 1},
            ],
        },
        {
            "role": "assistant",
            "content": "Ok.",
            "refusal": "But.",
            "reasoning_content": "Hm.",
            "prefix": True,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "free"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "42", "name": "f"},
        {
            "role": "tool",
            "tool_call_id": "c2",
            "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "3"}],
        },
        {"role": "assistant", "content": None, "audio": {"id": "audio-1"}},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "n": 12345678901234567890}}},
        {"type": "custom", "custom": {"name": "g", "description": "d", "format": {"type": "text"}}},
        {"type": "web_search", "depth": 3},
    ],
    "tool_choice": {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": [{"type": "custom", "custom": {"name": "g"}}]},
    },
    "parallel_tool_calls": False,
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True},
    },
    "max_completion_tokens": 5,
    "n": 2,
    "stop": ["a", "b"],
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 3,
    "seed": 12345678901234567890,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "logit_bias": {"5": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "reasoning_effort": "low",
    "verbosity": "low",
    "modalities": ["text"],
    "audio": {"voice": "alloy", "format": "mp3"},
    "prediction": {"type": "content", "content": "x"},
    "service_tier": "flex",
    "metadata": {"a": "b"},
    "user": "u",
    "store": True,
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "safety_identifier": "s",
    "unknown": {"kept": [1.5, None]},
}


def test_a_request_that_was_read_and_written_says_the_same(ask: Any, dialect: OpenAIChat, upstream: Upstream) -> None:
    written = dialect.write_request(ask(json.dumps(_WHOLE).encode()).view, upstream)
    assert json.loads(written.http.body) == _WHOLE
    assert b'"logit_bias":{"5":-100}' in written.http.body  # a whole number, not -100.0
    assert written.dropped == ()


def test_a_stream_asks_for_usage_and_keeps_the_other_options(ask: Any, upstream: Upstream) -> None:
    view = ask(stream=True, stream_options={"include_obfuscation": False}).view
    streaming = structs.replace(upstream, stream=True)
    sent = _sent(OpenAIChat(), view, streaming)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    plain = _sent(OpenAIChat(), view, upstream)
    assert "stream" not in plain
    assert "stream_options" not in plain
    assert "stream_options" not in _sent(OpenAIChat(Quirks(stream_usage=False)), ask(stream=True).view, streaming)


def test_the_call_goes_to_its_path_with_its_headers(upstream: Upstream, dialect: OpenAIChat) -> None:
    there = structs.replace(upstream, headers=(("x-team", "blue"),), stream=True)
    http = dialect.write_request(ChatRequest(model="m", messages=(user("Hi"),)), there).http
    assert (http.method, str(http.origin), http.target) == ("POST", "https://acme.test", "/v1/chat/completions")
    assert http.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("x-team", "blue"),
    )


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (user(Video(UrlSource("https://a.test/v.mp4"))), "messages[0].content[0]"),
        (user("x", Image(StoredSource("f"))), "messages[0].content[1]"),
        (user(Audio(UrlSource("https://a.test/a.mp3"))), "messages[0].content[0]"),
        (user(Audio(InlineSource("UklG"))), "messages[0].content[0]"),
        (user(File(UrlSource("https://a.test/a.pdf"))), "messages[0].content[0]"),
        (user(Native("other-chat", "widget", Raw(b"{}"))), "messages[0].content[0]"),
        (assistant(Image(UrlSource("https://a.test/b.png"))), "messages[0].content[0]"),
        (Message("system", (Image(UrlSource("https://a.test/b.png")),)), "messages[0].content[0]"),
        (
            Message("tool", (ToolResult("c", (Text("x"), Native("other-chat", "widget", Raw(b"{}")))),)),
            "messages[0].content[1]",
        ),
    ],
)
def test_content_the_language_cannot_say_is_refused_by_name(
    dialect: OpenAIChat, upstream: Upstream, message: Message, param: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        dialect.write_request(ChatRequest(model="m", messages=(message,)), upstream)
    assert caught.value.param == param
    assert "acme" in caught.value.message


def test_a_tool_of_another_provider_is_refused_by_name(dialect: OpenAIChat, upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(user("x"),), tools=(NativeTool("other", "search", Raw(b"{}")),))
    with pytest.raises(Unsupported, match=r"tools\[0\]: acme takes no search tool of other"):
        dialect.write_request(view, upstream)


_TUNED = ChatRequest(
    model="m",
    messages=(user("x"),),
    top_k=4,
    reasoning=Reasoning("low", budget_tokens=9),
    extra={"odd": Raw(b"[1]")},
    native="other-chat",
)


def test_tuning_without_a_word_for_it_is_dropped_and_named(dialect: OpenAIChat, upstream: Upstream) -> None:
    written = dialect.write_request(_TUNED, upstream)
    sent = json.loads(written.http.body)
    assert sent.keys() == {"model", "messages", "reasoning_effort"}
    assert written.dropped == ("top_k", "reasoning.max_tokens", "odd")


def test_tuning_without_a_word_for_it_is_refused_where_settings_are_strict(
    dialect: OpenAIChat, upstream: Upstream
) -> None:
    with pytest.raises(Unsupported) as caught:
        dialect.write_request(_TUNED, structs.replace(upstream, params="strict"))
    assert caught.value.param == "top_k"


def test_tuning_without_a_word_for_it_is_sent_where_settings_let_it_pass(
    dialect: OpenAIChat, upstream: Upstream
) -> None:
    written = dialect.write_request(_TUNED, structs.replace(upstream, params="pass"))
    sent = json.loads(written.http.body)
    assert (sent["top_k"], sent["reasoning"], sent["odd"]) == (4, {"max_tokens": 9}, [1])
    assert written.dropped == ()


def test_a_servers_quirks_are_data(upstream: Upstream) -> None:
    quirks = Quirks(
        max_tokens_field="max_tokens", sampling=("top_k",), lacks=("user",), reasoning_object=True, cache_control=True
    )
    view = ChatRequest(
        model="m",
        messages=(user(Text("x", cache=CacheHint("1h"))),),
        max_tokens=7,
        top_k=4,
        user="u",
        reasoning=Reasoning("low", 9),
    )
    written = OpenAIChat(quirks).write_request(view, upstream)
    sent = json.loads(written.http.body)
    assert (sent["max_tokens"], sent["top_k"]) == (7, 4)
    assert sent["reasoning"] == {"effort": "low", "max_tokens": 9}
    assert sent["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert written.dropped == ("user",)


def test_content_a_quirk_allows_is_sent(upstream: Upstream) -> None:
    quirks = Quirks(video_urls=True, file_urls=True)
    view = ChatRequest(model="m", messages=(user(Video(UrlSource("https://v")), File(UrlSource("https://f"))),))
    assert _sent(OpenAIChat(quirks), view, upstream)["messages"][0]["content"] == [
        {"type": "video_url", "video_url": {"url": "https://v"}},
        {"type": "file", "file": {"file_data": "https://f"}},
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, {"role": "assistant", "content": "4"}),
        ("reasoning_content", {"role": "assistant", "content": "4", "reasoning_content": "Hm."}),
        ("reasoning", {"role": "assistant", "content": "4", "reasoning": "Hm."}),
        (
            "content",
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "text", "text": "4"},
                ],
            },
        ),
    ],
)
def test_thoughts_go_back_where_the_server_takes_them(field: Any, expected: dict[str, Any], upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(assistant(Thinking("Hm."), Text("4")),))
    assert _sent(OpenAIChat(Quirks(reasoning_field=field)), view, upstream)["messages"] == [expected]


def test_thoughts_of_another_provider_stay_behind(upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(assistant(Thinking("Hm.", "sig", native="other-chat"), Text("4")),))
    sent = _sent(OpenAIChat(Quirks(reasoning_field="reasoning_content")), view, upstream)
    assert sent["messages"] == [{"role": "assistant", "content": "4"}]


def test_signed_thoughts_go_back_as_details(upstream: Upstream) -> None:
    parts: tuple[Part, ...] = (
        Thinking("Hm.", "sig", native="openai-chat"),
        Thinking(redacted="xyz", id="rs_1", native="openai-chat"),
        Text("4"),
    )
    view = ChatRequest(model="m", messages=(Message("assistant", parts),))
    (sent,) = _sent(OpenAIChat(Quirks(reasoning_field="reasoning")), view, upstream)["messages"]
    assert sent["reasoning"] == "Hm."
    assert sent["reasoning_details"] == [
        {"type": "reasoning.text", "text": "Hm.", "signature": "sig"},
        {"type": "reasoning.encrypted", "data": "xyz", "id": "rs_1"},
    ]


def test_thoughts_that_a_step_removed_are_not_sent_by_a_side_door(
    ask: Any, dialect: OpenAIChat, upstream: Upstream
) -> None:
    turn = {"role": "assistant", "content": "4", "reasoning_content": "Secret.", "prefix": True}
    view = ask(messages=[turn]).view
    kept = _sent(dialect, view, upstream)["messages"]
    assert kept == [turn]
    (message,) = view.messages
    bare = structs.replace(message, parts=tuple(part for part in message.parts if not isinstance(part, Thinking)))
    (sent,) = _sent(dialect, structs.replace(view, messages=(bare,)), upstream)["messages"]
    assert sent == {"role": "assistant", "content": "4", "prefix": True}


def test_a_turn_of_tool_calls_alone_has_null_content(dialect: OpenAIChat, upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(assistant(ToolCall("c", "f", "{}")),), tool_choice=ToolChoice("named", "f"))
    sent = _sent(dialect, view, upstream)
    assert sent["messages"][0]["content"] is None
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "f"}}


def test_half_a_character_is_refused(dialect: OpenAIChat, upstream: Upstream) -> None:
    with pytest.raises(InvalidRequest, match="lone surrogate"):
        dialect.write_request(ChatRequest(model="m", messages=(user("\ud800"),)), upstream)


def test_what_a_message_says_besides_its_content_is_named_when_left_out(
    dialect: OpenAIChat, upstream: Upstream
) -> None:
    failed = Message("tool", (ToolResult("c", (Text("broke"),), is_error=True),))
    odd = Message("user", (Text("x"),), extra={"mood": Raw(b"1")}, native="other-chat")
    written = dialect.write_request(ChatRequest(model="m", messages=(odd, failed)), upstream)
    assert written.dropped == ("messages[0].mood", "messages[1].is_error")
    assert b"mood" not in written.http.body


def test_a_cache_mark_of_this_dialect_goes_as_it_came(ask: Any, dialect: OpenAIChat, upstream: Upstream) -> None:
    part = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    turn = {"role": "user", "content": [part]}
    assert _sent(dialect, ask(messages=[turn]).view, upstream)["messages"] == [turn]
    foreign = ChatRequest(model="m", messages=(user(Text("x", cache=CacheHint())),), native="other-chat")
    written = dialect.write_request(foreign, upstream)
    assert json.loads(written.http.body)["messages"] == [{"role": "user", "content": "x"}]
    assert written.dropped == ("cache_control",)


def test_sound_is_named_by_its_format_or_else_its_media_type(dialect: OpenAIChat, upstream: Upstream) -> None:
    sounds = (
        (Audio(InlineSource("U", "audio/x-odd"), "mp3"), "mp3"),
        (Audio(InlineSource("U", "audio/mpeg")), "mp3"),
        (Audio(InlineSource("U", "audio/x-wav;rate=8")), "wav"),
        (Audio(InlineSource("U", "audio/flac")), "flac"),
    )
    for sound, word in sounds:
        sent = _sent(dialect, ChatRequest(model="m", messages=(user(sound),)), upstream)
        assert sent["messages"][0]["content"] == [{"type": "input_audio", "input_audio": {"data": "U", "format": word}}]


def test_what_openai_insists_on_is_there(dialect: OpenAIChat, upstream: Upstream) -> None:
    schema = ResponseFormat("json_schema", Raw(b'{"type":"object"}'))
    view = ChatRequest(model="m", messages=(user("x"),), response_format=schema, parallel_tool_calls=True)
    sent = _sent(dialect, view, upstream)
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    assert "parallel_tool_calls" not in sent


def test_what_a_model_drew_goes_back_where_the_server_takes_it(upstream: Upstream) -> None:
    turn = assistant("Here:", Image(InlineSource("iVBO", "image/png")))
    dialect = OpenAIChat(Quirks(drawn_images=True))
    sent = json.loads(dialect.write_request(ChatRequest(model="m", messages=(turn,)), upstream).http.body)
    drawn = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}, "index": 0}
    assert sent["messages"] == [{"role": "assistant", "content": "Here:", "images": [drawn]}]


def test_citations_and_signatures_of_another_dialect_are_left_out_by_name(
    dialect: OpenAIChat, upstream: Upstream
) -> None:
    call = ToolCall("c", "f", "{}", signature="s", native="other-chat")
    turn = assistant(Text("A", Raw(b"[{}]"), "other-chat"), call)
    written = dialect.write_request(ChatRequest(model="m", messages=(turn,)), upstream)
    assert written.dropped == ("messages[0].content[0].annotations", "messages[0].content[1].signature")


def test_citations_of_a_message_of_words_are_named_as_left_out(dialect: OpenAIChat, upstream: Upstream) -> None:
    cited = Message("assistant", (Text("A", Raw(b"[{}]"), "anthropic-messages"),))
    written = dialect.write_request(ChatRequest(model="m", messages=(user("Q"), cited)), upstream)
    assert json.loads(written.http.body)["messages"][1] == {"role": "assistant", "content": "A"}
    assert written.dropped == ("messages[1].content[0].annotations",)
