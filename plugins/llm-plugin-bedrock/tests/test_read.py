"""Answers and streams: what only Bedrock knows, usage, and words for an end."""

import json
from typing import Any

import pytest

from llm_plugin_bedrock.error_in import read_error
from llm_plugin_bedrock.events_in import ConverseReader
from llm_plugin_bedrock.names import said_name, tool_name
from llm_plugin_bedrock.read_response import read_response
from llm_plugin_bedrock.samples import body, event, stream
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure
from lockgate_ports.parts import Image, InlineSource, Native, Text, ToolCall


def folded(data: bytes) -> ChatResponse:
    accumulator, reader = Accumulator(), ConverseReader()
    for each in (*reader.feed(data), *reader.end()):
        accumulator.add(each)
    return accumulator.response


def test_what_bedrock_runs_by_itself_is_kept_and_calls_no_tool_of_the_client() -> None:
    use = {"toolUseId": "s-1", "name": "nova_code_interpreter", "type": "server_tool_use"}
    result = {"toolUseId": "s-1", "type": "nova_code_interpreter_result", "status": "success"}
    plain = read_response(
        body(
            "end_turn",
            {"toolUse": {**use, "input": {"code": "1+1"}}},
            {"toolResult": {**result, "content": [{"text": "2"}]}},
            {"text": "Two."},
        )
    )
    streamed = folded(
        stream(
            "end_turn",
            [{"start": {"toolUse": use}}, {"toolUse": {"input": '{"code":'}}, {"toolUse": {"input": '"1+1"}'}}],
            [{"start": {"toolResult": result}}, {"toolResult": [{"text": "2"}]}],
            [{"text": "Two."}],
        )
    )
    for answer in (plain, streamed):
        (choice,) = answer.choices
        assert (choice.text, choice.tool_calls, choice.finish_reason) == ("Two.", (), "stop")
        kept = [part for part in choice.parts if isinstance(part, Native)]
        assert [part.type for part in kept] == ["toolUse", "toolResult"]
        assert json.loads(bytes(kept[0].raw)) == {"toolUse": {**use, "input": {"code": "1+1"}}}
        assert json.loads(bytes(kept[1].raw)) == {"toolResult": {**result, "content": [{"text": "2"}]}}


def test_citations_come_with_their_words() -> None:
    note = {"title": "Doc", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    plain = read_response(body("end_turn", {"citationsContent": {"content": [{"text": "So."}], "citations": [note]}}))
    streamed = folded(stream("end_turn", [{"text": "So."}, {"citation": note}]))
    for answer in (plain, streamed):
        (part,) = answer.choices[0].parts
        assert isinstance(part, Text)
        assert (part.text, part.native) == ("So.", "bedrock-converse")
        assert part.annotations is not None
        assert json.loads(bytes(part.annotations)) == [note]


def test_usage_counts_what_the_cache_read_and_wrote() -> None:
    spent = {
        "inputTokens": 10,
        "outputTokens": 5,
        "totalTokens": 115,
        "cacheReadInputTokens": 70,
        "cacheWriteInputTokens": 30,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 20}, {"ttl": "5m", "inputTokens": 10}],
    }
    usage = read_response(body("end_turn", {"text": "x"}, usage=spent)).usage
    assert usage is not None
    assert usage == folded(stream("end_turn", [{"text": "x"}], usage=spent)).usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (110, 5, 115)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens) == (70, 30, 20)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_tool_use", None),
        ("malformed_model_output", None),
    ],
)
def test_every_word_for_an_end_has_its_meaning(word: str, reason: str | None) -> None:
    for answer in (read_response(body(word, {"text": "x"})), folded(stream(word, [{"text": "x"}]))):
        (choice,) = answer.choices
        assert (choice.finish_reason, choice.native_finish_reason) == (reason, word)


def test_a_limit_in_the_middle_of_a_call_is_a_limit() -> None:
    answer = read_response(body("max_tokens", {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}))
    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize("name", ["geo.find", "a-b_c", "ü", "lgx_x", "lgx_-2e-", "a b", "x-2e-y"])
def test_a_tools_name_comes_back_as_the_caller_gave_it(name: str) -> None:
    spelled = tool_name(name)
    assert spelled is not None
    use: Any = {"toolUse": {"toolUseId": "t", "name": spelled, "input": {}}}
    started = {"start": {"toolUse": {"toolUseId": "t", "name": spelled}}}
    for answer in (read_response(body("tool_use", use)), folded(stream("tool_use", [started]))):
        assert answer.choices[0].parts == (ToolCall("t", name, "{}"),)
    assert said_name(spelled) == name


def test_an_empty_answer_is_an_answer_without_parts() -> None:
    answer = read_response(body("end_turn", {"text": ""}, {"reasoningContent": {}}))
    assert answer.choices[0].parts == ()


def test_the_rest_of_an_answer_is_kept() -> None:
    answer = read_response(b'{"output":{"message":{"content":[]}},"stopReason":"end_turn","trace":{"guardrail":{}}}')
    assert (answer.native, bytes(answer.extra["trace"])) == ("bedrock-converse", b'{"guardrail":{}}')


def test_input_for_a_tool_that_never_began_is_a_failure() -> None:
    stray = event("contentBlockDelta", contentBlockIndex=3, delta={"toolUse": {"input": "{}"}})
    *_, last = ConverseReader().feed(event("messageStart", role="assistant") + stray)
    assert isinstance(last, Failure)


def test_a_refused_signature_shows_no_header_of_the_request() -> None:
    said = "The request signature does not match.\n\nThe Canonical String for this request should have been\nx-amz-security-token:t0ken"  # noqa: E501
    error = read_error(403, {"x-amzn-errortype": "InvalidSignatureException"}, json.dumps({"message": said}).encode())
    assert error.kind == "auth"
    assert "t0ken" not in f"{error} {error.upstream_message}"


def test_a_proxys_page_is_told_by_its_title() -> None:
    error = read_error(502, {}, b"<html><head><title>Bad gateway</title></head><body>" + b"x" * 999)
    assert isinstance(error, UpstreamError)
    assert (error.kind, error.upstream_message) == ("transient", "Bad gateway")


def test_a_picture_is_read_whole_and_from_pieces() -> None:
    plain = read_response(body("end_turn", {"image": {"format": "png", "source": {"bytes": "AAEC"}}}))
    start, pieces = {"start": {"image": {"format": "png"}}}, ("AA==", "AQI=")
    streamed = folded(stream("end_turn", [start, *({"image": {"source": {"bytes": each}}} for each in pieces)]))
    for answer in (plain, streamed):
        assert answer.choices[0].parts == (Image(InlineSource("AAEC", "image/png")),)


def test_a_picture_that_failed_is_kept_as_it_came() -> None:
    streamed = folded(
        stream("end_turn", [{"start": {"image": {"format": "png"}}}, {"image": {"error": {"message": "no"}}}])
    )
    (part,) = streamed.choices[0].parts
    assert isinstance(part, Native)
    assert json.loads(bytes(part.raw)) == {"image": {"format": "png", "error": {"message": "no"}}}
