"""Streams and whole answers from Google: both forms, split anywhere, and never more than was said."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from llm_plugin_google.dialect import Gemini
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, UsageReport
from lockgate_ports.parts import Audio, Image, InlineSource, Native, Text, Thinking, ToolCall

Fold = Callable[[Iterable[Event]], ChatResponse]


def _chunk(*parts: dict[str, Any], finish: str | None = None, **fields: Any) -> dict[str, Any]:
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **ended}], **fields}


_CHUNKS = [
    _chunk({"text": 'a "{" \\ ü'}, usageMetadata={"promptTokenCount": 3, "thoughtsTokenCount": 2}),
    _chunk({"functionCall": {"name": "f", "args": {"x": "}"}}}, responseId="r"),
    _chunk({"text": ""}, finish="STOP", usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 1}),
]
_SSE = b"".join(b"data: " + json.dumps(each, ensure_ascii=False).encode() + b"\r\n\r\n" for each in _CHUNKS)
_ARRAY = b"[" + b"\n,\r\n".join(json.dumps(each, indent=2).encode() for each in _CHUNKS) + b"\n]\n"


def _read(stream: bytes, size: int) -> list[Event]:
    reader = Gemini().event_reader(relay=False)
    events = [event for at in range(0, len(stream), size) for event in reader.feed(stream[at : at + size])]
    return [*events, *reader.end()]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
@pytest.mark.parametrize("stream", [_SSE, _ARRAY], ids=["sse", "array"])
def test_both_forms_of_a_stream_say_the_same_however_they_are_split(fold: Fold, stream: bytes, size: int) -> None:
    answer = fold(_read(stream, size))
    assert answer.choices[0].parts == (Text('a "{" \\ ü'), ToolCall("call_r_0", "f", '{"x":"}"}'))
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.reasoning_tokens) == (3, 3, 2)


def test_a_cut_array_is_not_finished() -> None:
    assert [event for event in _read(_ARRAY[:-200], 9) if isinstance(event, Finish)] == []


def test_a_whole_answer_in_the_form_of_an_array_is_read_as_one() -> None:
    answer = Gemini().read_response(_ARRAY)
    assert answer.choices[0].finish_reason == "tool_calls"
    with pytest.raises(UpstreamError) as caught:
        Gemini().read_response(b'[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow"}}]')
    assert caught.value.kind == "rate_limit"


def test_usage_is_told_when_it_changes_and_never_made_up() -> None:
    vertex = _chunk({"text": "a"}, usageMetadata={"trafficType": "ON_DEMAND"})
    data = b"data: " + json.dumps(vertex).encode() + b"\n\n"
    assert [event for event in _read(data * 2, 999) if isinstance(event, UsageReport)] == []
    assert len([event for event in _read(_SSE, 999) if isinstance(event, UsageReport)]) == 2


def test_a_blocked_prompt_is_a_choice_without_a_word(fold: Fold) -> None:
    blocked = b'{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":3}}'
    for answer in (Gemini().read_response(blocked), fold(_read(b"data: " + blocked + b"\n\n", 999))):
        (choice,) = answer.choices
        assert (choice.parts, choice.finish_reason) == ((), "content_filter")
        assert choice.native_finish_reason == "PROHIBITED_CONTENT"
    assert Gemini().glance(blocked).finish_reasons == ("content_filter",)
    (relayed,) = Gemini().event_reader(relay=True).feed(b"data: " + blocked + b"\n\n")
    assert isinstance(relayed, Relayed)
    assert [finish.reason for finish in relayed.finishes] == ["content_filter"]


def test_an_old_models_stop_in_every_chunk_ends_one_choice_once() -> None:
    stream = b"".join(
        b"data: " + json.dumps(_chunk({"text": text}, finish="STOP")).encode() + b"\n\n" for text in ("a", "b")
    )
    events = _read(stream, 999)
    assert len([event for event in events if isinstance(event, Finish)]) == 1
    assert isinstance(events[-1], Finish)
    relayed = Gemini().event_reader(relay=True).feed(stream)
    assert [len(event.finishes) for event in relayed if isinstance(event, Relayed)] == [1, 0]


def test_signatures_follow_what_they_sign() -> None:
    body = json.dumps(
        _chunk(
            {"text": "Hm", "thought": True, "thoughtSignature": "s1"},
            {"text": "Yes", "thoughtSignature": "s2"},
            {"functionCall": {"name": "f", "id": "i"}, "thoughtSignature": "s3"},
            finish="STOP",
        )
    ).encode()
    assert Gemini().read_response(body).choices[0].parts == (
        Thinking("Hm", "s1", native="gemini"),
        Text("Yes"),
        Thinking("", "s2", native="gemini"),
        ToolCall("i", "f", "{}", signature="s3", native="gemini"),
    )


def test_two_signed_thoughts_are_two_thoughts() -> None:
    first, second = ({"text": text, "thought": True, "thoughtSignature": text} for text in ("a", "b"))
    answer = Gemini().read_response(json.dumps(_chunk(first, second, finish="STOP")).encode())
    assert answer.choices[0].parts == (Thinking("a", "a", native="gemini"), Thinking("b", "b", native="gemini"))


def test_sound_pictures_and_code_are_kept() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    code = {"executableCode": {"code": "1"}, "thoughtSignature": "s"}
    sound = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "BB=="}}
    parts = Gemini().read_response(json.dumps(_chunk(picture, code, sound, finish="STOP")).encode()).choices[0].parts
    assert [part.type for part in parts if isinstance(part, Native)] == ["executableCode"]
    assert [msgspec.json.decode(part.raw) for part in parts if isinstance(part, Native)] == [code]
    assert parts[0] == Image(InlineSource("AA==", "image/png"))
    assert parts[-1] == Audio(InlineSource("BB==", "audio/L16;rate=24000"))


def test_what_stands_beside_the_words_is_kept_with_them() -> None:
    chunk = _chunk({"text": "Yes"}, finish="STOP", createTime="2026-01-02T03:04:05.123456Z")
    chunk["candidates"][0]["groundingMetadata"] = {"webSearchQueries": ["q"]}
    chunk["candidates"][0]["logprobsResult"] = {
        "chosenCandidates": [{"token": "Yes", "tokenId": 4, "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "No", "logProbability": -1.5}]}],
    }
    answer = Gemini().read_response(json.dumps(chunk).encode())
    assert answer.created == 1767323045
    (choice,) = answer.choices
    (text,) = choice.parts
    assert isinstance(text, Text)
    assert text.native == "gemini"
    assert text.annotations is not None
    assert msgspec.json.decode(text.annotations) == [{"groundingMetadata": {"webSearchQueries": ["q"]}}]
    assert choice.logprobs is not None
    row = msgspec.json.decode(choice.logprobs)["content"][0]
    assert row == {
        "token": "Yes",
        "logprob": -0.5,
        "bytes": [89, 101, 115],
        "top_logprobs": [{"token": "No", "logprob": -1.5, "bytes": [78, 111]}],
    }


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("MAX_TOKENS", "length"),
        ("RECITATION", "content_filter"),
        ("SPII", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", None),
        ("OTHER", None),
        ("A_WORD_OF_TOMORROW", None),
    ],
)
def test_why_an_answer_ended_keeps_the_providers_word(word: str, reason: str | None) -> None:
    (choice,) = Gemini().read_response(json.dumps(_chunk({"text": "a"}, finish=word)).encode()).choices
    assert (choice.finish_reason, choice.native_finish_reason) == (reason, word)


def test_an_error_in_a_stream_ends_it() -> None:
    stream = _SSE + b'data: {"error":{"code":503,"status":"UNAVAILABLE","message":"full"}}\r\n\r\n'
    events = _read(stream, 50)
    assert isinstance(events[-1], Failure)
    assert isinstance(events[-1].error, UpstreamError)
    assert events[-1].error.kind == "overloaded"
