"""Reading a whole answer, as servers really write it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import Audio, Image, InlineSource, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.usage import Usage


def _body(message: Any, finish: Any = "stop", **fields: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return json.dumps({"id": "c-1", "model": "m-1", "created": 5, "choices": [choice]} | fields).encode()


def _read(message: Any, finish: Any = "stop", **fields: Any) -> ChatResponse:
    return OpenAIChat().read_response(_body(message, finish, **fields))


def _call(**fields: Any) -> dict[str, Any]:
    return {"content": None, "tool_calls": [fields]}


_THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}
_F = {"name": "f", "arguments": '{"a":1}'}
_NAME = "openai-chat"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ({"content": "Hi"}, (Text("Hi"),)),
        ({"content": None}, ()),
        ({"content": ""}, ()),
        ({}, ()),
        ({"content": [{"type": "text", "text": "H"}, "i"]}, (Text("Hi"),)),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
                    {"type": "text", "text": "4"},
                ]
            },
            (Thinking("Hm", native=_NAME), Text("4")),
        ),
        ({"content": "4", "reasoning_content": "Hm"}, (Thinking("Hm", native=_NAME), Text("4"))),
        ({"content": "4", "reasoning": "Hm"}, (Thinking("Hm", native=_NAME), Text("4"))),
        (
            {
                "content": "4",
                "reasoning": "Hm",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm", "signature": "s", "index": 0},
                    {"type": "reasoning.encrypted", "data": "x", "id": "r", "index": 1},
                ],
            },
            (Thinking("Hm", "s", native=_NAME), Thinking(redacted="x", id="r", native=_NAME), Text("4")),
        ),
        (
            {"content": "4", "reasoning": "Hm", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]},
            (Thinking("Hm", native=_NAME), Thinking(redacted="x", native=_NAME), Text("4")),
        ),
        ({"content": None, "refusal": "No"}, (Refusal("No"),)),
        ({"content": "x", "refusal": "No"}, (Text("x"), Refusal("No"))),
        (_call(id="c", type="function", function=_F), (ToolCall("c", "f", '{"a":1}'),)),
        (_call(type="function", function=_F), (ToolCall("call_0_0", "f", '{"a":1}'),)),
        (_call(id="", function=_F), (ToolCall("call_0_0", "f", '{"a":1}'),)),
        (_call(id=7, function=_F), (ToolCall("7", "f", '{"a":1}'),)),
        (_call(id="c", function={"name": "f", "arguments": {"a": 1}}), (ToolCall("c", "f", '{"a": 1}'),)),
        (_call(id="c", function={"name": "f", "arguments": None}), (ToolCall("c", "f", ""),)),
        (_call(id="c", type="custom", custom={"name": "g", "input": "x"}), (ToolCall("c", "g", "x", custom=True),)),
        (
            _call(id="c", type="function", function=_F, custom={"name": "", "input": ""}),
            (ToolCall("c", "f", '{"a":1}'),),
        ),
        ({"content": None, "function_call": _F}, (ToolCall("call_0_0", "f", '{"a":1}'),)),
        ({"content": "x", "function_call": {"name": "", "arguments": ""}}, (Text("x"),)),
        (
            {"content": None, "audio": {"id": "a", "data": "UklG", "transcript": "Hi", "expires_at": 9}},
            (Audio(InlineSource("UklG"), id="a", transcript="Hi", expires_at=9),),
        ),
        ({"content": "x", "audio": {"id": "", "data": "", "transcript": "", "expires_at": 0}}, (Text("x"),)),
    ],
)
def test_a_message_is_read_as_its_server_means_it(message: Any, parts: tuple[Part, ...]) -> None:
    assert _read(message).choices[0].parts == parts


def test_citations_and_pictures_are_kept() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}}
    answer = _read({"content": "x", "annotations": [{"type": "url_citation"}], "images": [picture]})
    words, image = answer.choices[0].parts
    assert isinstance(words, Text)
    assert words.annotations is not None
    assert (words.native, json.loads(bytes(words.annotations))) == (_NAME, [{"type": "url_citation"}])
    assert image == Image(InlineSource("iVBO", "image/png"))


@pytest.mark.parametrize(
    ("word", "calls", "reason"),
    [
        ("stop", False, "stop"),
        ("stop", True, "tool_calls"),
        ("eos", False, "stop"),
        ("end_turn", False, "stop"),
        ("STOP", False, "stop"),
        ("length", False, "length"),
        ("length", True, "length"),
        ("MAX_TOKENS", False, "length"),
        ("model_length", False, "length"),
        ("tool_use", True, "tool_calls"),
        ("tool_call", True, "tool_calls"),
        ("function_call", True, "tool_calls"),
        ("content_filter", False, "content_filter"),
        ("SAFETY", False, "content_filter"),
        ("gone fishing", False, None),
        ("", False, None),
        (None, False, None),
        (5, False, None),
    ],
)
def test_the_end_is_told_in_our_words(word: Any, calls: bool, reason: str | None) -> None:
    message = _call(id="c", function=_F) if calls else {"content": "x"}
    (choice,) = _read(message, word).choices
    assert choice.finish_reason == reason
    assert choice.native_finish_reason == (word if isinstance(word, str) and word else None)
    assert OpenAIChat().glance(_body(message, word)).finish_reasons == (reason,)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 8,
                "total_tokens": 17,
                "prompt_tokens_details": {
                    "cached_tokens": 1,
                    "audio_tokens": 2,
                    "cache_write_tokens": 3,
                    "image_tokens": 4,
                },
                "completion_tokens_details": {
                    "reasoning_tokens": 5,
                    "audio_tokens": 6,
                    "accepted_prediction_tokens": 7,
                    "rejected_prediction_tokens": 8,
                },
            },
            Usage(
                input_tokens=9,
                output_tokens=8,
                total_tokens=17,
                cache_read_tokens=1,
                input_audio_tokens=2,
                cache_write_tokens=3,
                input_image_tokens=4,
                reasoning_tokens=5,
                output_audio_tokens=6,
                accepted_prediction_tokens=7,
                rejected_prediction_tokens=8,
            ),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4},
            Usage(input_tokens=9, output_tokens=1, cache_read_tokens=4),
        ),
        (
            {
                "prompt_tokens": 12,
                "completion_tokens": 2,
                "total_tokens": 334,
                "completion_tokens_details": {"reasoning_tokens": 320},
            },
            Usage(input_tokens=12, output_tokens=322, total_tokens=334, reasoning_tokens=320),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.00040125},
            Usage(input_tokens=1, output_tokens=1, reported_cost=Decimal("0.00040125")),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 1, "cost": {"total_cost": 0.5, "request_cost": 0.1}},
            Usage(input_tokens=1, output_tokens=1, reported_cost=Decimal("0.5")),
        ),
        (
            {"input_tokens": 3.0, "output_tokens": 4, "cache_creation_input_tokens": 2},
            Usage(input_tokens=3, output_tokens=4, cache_write_tokens=2),
        ),
        (
            {"prompt_tokens": 1, "completion_tokens": 0, "prompt_tokens_details": None},
            Usage(input_tokens=1, output_tokens=0),
        ),
        (None, None),
        ("much", None),
    ],
)
def test_usage_means_the_same_whoever_reports_it(given: Any, expected: Usage | None) -> None:
    body = _body({"content": "x"}, usage=given)
    assert OpenAIChat().read_response(body).usage == expected
    assert OpenAIChat().glance(body).usage == expected


def test_choices_keep_index_logprobs_and_order() -> None:
    measured = {"content": [{"token": "A", "logprob": -0.1}], "refusal": None}
    body = json.dumps(
        {
            "choices": [
                {"index": 1, "message": {"content": "B"}, "finish_reason": "length"},
                {"index": 0, "message": {"content": "A"}, "finish_reason": "stop", "logprobs": measured},
            ]
        }
    ).encode()
    answer = OpenAIChat().read_response(body)
    assert [(choice.index, choice.text, choice.finish_reason) for choice in answer.choices] == [
        (1, "B", "length"),
        (0, "A", "stop"),
    ]
    assert isinstance(answer.choices[1].logprobs, Raw)
    assert json.loads(bytes(answer.choices[1].logprobs)) == measured


def test_thoughts_between_tags_are_told_apart_in_a_whole_answer() -> None:
    answer = OpenAIChat(Quirks(think_tags=True)).read_response(_body({"content": "<think>Hm</think>4"}))
    assert answer.choices[0].parts == (Thinking("Hm", native=_NAME), Text("4"))


def test_what_an_answer_of_words_is_drawn_from_is_noted_at_the_words() -> None:
    (text,) = _read({"content": "x"}, citations=["https://a.test"]).choices[0].parts
    assert isinstance(text, Text)
    assert text.annotations is not None
    assert json.loads(bytes(text.annotations))[0]["url_citation"] == {"url": "https://a.test"}


def test_an_id_that_is_no_word_is_none() -> None:
    answer = _read({"content": "x"}, id=7, model="", system_fingerprint=5)
    assert (answer.text, answer.id, answer.model, answer.system_fingerprint) == ("x", None, None, None)


def test_what_only_this_dialect_knows_is_kept() -> None:
    answer = _read({"content": "x"}, citations=["https://a.test"], service_tier="flex", object="chat.completion")
    assert {name: bytes(raw) for name, raw in answer.extra.items()} == {"citations": b'["https://a.test"]'}
    assert (answer.native, answer.service_tier, answer.id, answer.created) == (_NAME, "flex", "c-1", 5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"<html>sign in</html>",
        b"{}",
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"choices":[{}]}',
        b'{"choices":[{"index":0,"message":null,"finish_reason":"stop"}]}',
        b'{"choices":[{"message":{"content":5}}]}',
        b'{"choices":[{"message":{"content":"a\xff"}}]}',
        b'{"x":"a\xff","choices":[{"message":{"content":"a"}}]}',
        b'{"choices":' + b"[" * 100_000,
    ],
)
def test_a_body_without_an_answer_is_a_failure_of_the_provider(body: bytes) -> None:
    with pytest.raises(UpstreamError, match="no usable answer") as caught:
        OpenAIChat().read_response(body)
    assert caught.value.kind == "transient"
    if b'"content":5' not in body:  # a glance does not look so closely
        with pytest.raises(UpstreamError, match="no usable answer"):
            OpenAIChat().glance(body)


@pytest.mark.parametrize("read", [OpenAIChat().read_response, OpenAIChat().glance])
def test_an_error_with_status_200_is_an_error(read: Any) -> None:
    body = b'{"error":{"message":"Rate limited","code":429},"user_id":"u"}'
    with pytest.raises(UpstreamError) as caught:
        read(body)
    assert (caught.value.kind, caught.value.upstream_message) == ("rate_limit", "Rate limited")
    assert (caught.value.body, caught.value.dialect) == (body, _NAME)
    assert read(b'{"error":null,"choices":[{"message":{"content":"x"}}]}') is not None


def test_an_error_in_place_of_a_message_is_an_error() -> None:
    body = b'{"choices":[{"finish_reason":"error","error":{"message":"upstream broke","code":502}}]}'
    with pytest.raises(UpstreamError, match="upstream broke"):
        OpenAIChat().read_response(body)


def test_little_of_a_strange_body_is_shown() -> None:
    with pytest.raises(UpstreamError) as caught:
        OpenAIChat().read_response(b"<html>" + b"x" * 5000)
    assert 0 < caught.value.message.count("x") <= 200
