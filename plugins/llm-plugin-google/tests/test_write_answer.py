"""Answers of any provider, for clients of Gemini's language."""

import json
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_google.dialect import Gemini
from llm_plugin_google.events_out import ChunkWriter
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Finish, Relayed, Start, TextDelta, ThinkingDelta, ToolCallDelta, UsageReport
from lockgate_ports.parts import Native, Refusal, Text, Thinking, ToolCall
from lockgate_ports.unfold import unfold
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Inbound, Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)

_EVENTS: list[Event] = [
    Start("r", "m"),
    ThinkingDelta("Hm", 0),
    TextDelta("Ja", 1),
    ToolCallDelta(2, id="c1", name="f", arguments='{"x":'),
    ToolCallDelta(3, id="c2", name="g", arguments=""),
    ToolCallDelta(2, arguments="1}"),
    Finish("tool_calls"),
    UsageReport(Usage(input_tokens=5, output_tokens=3, reasoning_tokens=1, cache_read_tokens=2)),
]


def _written(events: list[Event], alt: str | None, *, ended: bool = True) -> bytes:
    query = {"alt": alt} if alt else {}
    body = b'{"contents":[{"parts":[{"text":"Hi"}]}]}'
    path = "/v1beta/models/m:streamGenerateContent"
    dialect = Gemini()
    writer = dialect.event_writer(dialect.read_request(Inbound("POST", path, {}, body, query, {"model": "m"})))
    out = b"".join(writer.write([event]) for event in events)
    return out + writer.end() if ended else out + writer.fail(UpstreamError("cut", kind="transient"))


def _chunks(stream: bytes) -> list[dict[str, Any]]:
    return [json.loads(event.removeprefix(b"data: ")) for event in stream.split(b"\r\n\r\n") if event]


def test_a_whole_answer_is_said_in_geminis_words() -> None:
    answer = ChatResponse(
        choices=(
            Choice(
                parts=(
                    Thinking("Hm", "s", native="gemini"),
                    Text("Ja"),
                    ToolCall("c", "f", '{"x":1}', signature="t", native="gemini"),
                    ToolCall("d", "g", "cut {"),
                ),
                finish_reason="tool_calls",
                logprobs=Raw(b'{"content":[{"token":"Ja","logprob":-1,"top_logprobs":[]}]}'),
            ),
            Choice(index=1, parts=(Refusal("No."),), finish_reason="content_filter"),
        ),
        id="r",
        model="m",
        usage=Usage(input_tokens=5, output_tokens=3, reasoning_tokens=1, tool_use_tokens=2),
    )
    said = json.loads(Gemini().write_response(answer, _ASKED).body)
    first, second = said["candidates"]
    assert first["content"]["parts"] == [
        {"text": "Hm", "thought": True, "thoughtSignature": "s"},
        {"text": "Ja"},
        {"functionCall": {"id": "c", "name": "f", "args": {"x": 1}}, "thoughtSignature": "t"},
        {"functionCall": {"id": "d", "name": "g", "args": {"arguments": "cut {"}}},
    ]
    assert first["finishReason"] == "STOP"
    assert first["logprobsResult"]["chosenCandidates"] == [{"token": "Ja", "logProbability": -1.0}]
    assert (second["index"], second["finishReason"]) == (1, "SAFETY")
    assert (said["responseId"], said["modelVersion"]) == ("r", "m")
    assert said["usageMetadata"] == {
        "promptTokenCount": 3,
        "candidatesTokenCount": 2,
        "thoughtsTokenCount": 1,
        "toolUsePromptTokenCount": 2,
        "totalTokenCount": 8,
    }


def test_an_answer_of_geminis_own_comes_back_as_it_was() -> None:
    wire = {
        "candidates": [
            {
                "content": {"parts": [{"text": "Ja", "thoughtSignature": "s"}], "role": "model"},
                "finishReason": "SPII",
                "index": 0,
                "groundingMetadata": {"webSearchQueries": ["q"]},
            }
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
        "modelVersion": "m",
        "responseId": "r",
    }
    answer = Gemini().read_response(json.dumps(wire).encode())
    assert json.loads(Gemini().write_response(answer, _ASKED).body) == wire


def test_a_stream_says_calls_whole_and_ends_with_reason_and_usage() -> None:
    thought, text, first, second, last = _chunks(_written(_EVENTS, "sse"))
    assert thought["candidates"][0]["content"]["parts"] == [{"text": "Hm", "thought": True}]
    assert text["candidates"][0]["content"]["parts"] == [{"text": "Ja"}]
    assert first["candidates"][0]["content"]["parts"] == [{"functionCall": {"id": "c1", "name": "f", "args": {"x": 1}}}]
    assert second["candidates"][0]["content"]["parts"] == [{"functionCall": {"id": "c2", "name": "g", "args": {}}}]
    assert last["candidates"][0]["finishReason"] == "STOP"
    assert last["usageMetadata"]["promptTokenCount"] == 5
    assert {chunk["responseId"] for chunk in (thought, text, first, second, last)} == {"r"}


def test_without_alt_a_stream_is_one_array() -> None:
    assert json.loads(_written(_EVENTS, None)) == _chunks(_written(_EVENTS, "sse"))
    relayed: list[Event] = [Relayed(b'data: {"a":1}\r\n\r\n'), Relayed(b'data: {"b":2}\n\n')]
    assert json.loads(_written(relayed, None)) == [{"a": 1}, {"b": 2}]
    assert json.loads(_written([], None)) == []


def test_a_relayed_stream_keeps_its_bytes() -> None:
    raw = b'data: {"a" : 1}\r\n\r\n'
    assert _written([Relayed(raw)], "sse") == raw


@pytest.mark.parametrize("alt", ["sse", None])
def test_a_stream_that_fails_ends_with_an_error_and_no_reason(alt: str | None) -> None:
    out = _written(_EVENTS[:3], alt, ended=False)
    chunks: list[dict[str, Any]] = _chunks(out) if alt else json.loads(out)
    assert chunks[-1]["error"]["status"] == "UNAVAILABLE"
    assert all("finishReason" not in each for chunk in chunks[:-1] for each in chunk["candidates"])


def test_what_it_has_no_form_for_is_named_without_a_comment_which_googles_sdks_cannot_read() -> None:
    answer = ChatResponse(choices=(Choice(parts=(Native("other", "widget", Raw(b"{}")),), finish_reason="stop"),))
    assert Gemini().write_response(answer, _ASKED).dropped == ("answer.widget",)
    for as_array in (True, False):
        writer = ChunkWriter("m", as_array=as_array)
        raw = writer.write(list(unfold(answer))) + writer.end()
        chunks = json.loads(raw) if as_array else _chunks(raw)
        assert chunks[-1]["lockgateDropped"] == ["answer.widget"]
        assert not writer.ping.strip()
