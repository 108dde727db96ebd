"""Answers and streams for clients: the order of blocks, and what the `anthropic` SDK makes of them."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import anthropic
import httpx2
import pytest
from msgspec import Raw

from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
from llm_plugin_anthropic.dialect import AnthropicMessages
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, FinishReason
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import (
    Busy,
    ErrorKind,
    Forbidden,
    InvalidRequest,
    LockgateError,
    ModelNotFound,
    TooLarge,
    Unauthenticated,
    UpstreamError,
)
from lockgate_ports.events import (
    AudioDelta,
    Event,
    Failure,
    Finish,
    NativeDelta,
    RefusalDelta,
    Relayed,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.parts import Native, Refusal, Text, Thinking, ToolCall
from lockgate_ports.seals import open_thought
from lockgate_ports.sse import SseParser
from lockgate_ports.unfold import unfold
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)

Fold = Callable[[Iterable[Event]], ChatResponse]
NAME = "anthropic-messages"
_USAGE = Usage(
    input_tokens=160, output_tokens=9, cache_read_tokens=100, cache_write_tokens=50, cache_write_1h_tokens=30
)
_NOTES = Raw(
    b'[{"type":"page_location","cited_text":"x","document_index":0,"start_page_number":1,"end_page_number":2}]'
)
_SEARCH = Raw(b'{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"Ulm"}}')

ANSWER = ChatResponse(
    id="msg_1",
    model="house-model",
    choices=(
        Choice(
            parts=(
                Thinking("Hm", "c2ln", native=NAME),
                Thinking(redacted="ZGFyaw==", native=NAME),
                Text("Grüße 東京", _NOTES, NAME),
                Native(NAME, "server_tool_use", _SEARCH),
                ToolCall("toolu_1", "weather", '{"city":"Ulm"}'),
                ToolCall("toolu_2", "clock", "{}"),
            ),
            finish_reason="tool_calls",
        ),
    ),
    usage=_USAGE,
)


def _stream(batches: Iterable[Sequence[Event]], model: str = "m") -> bytes:
    view = ChatRequest(model=model, messages=())
    request: Request[ChatRequest] = Request(operation="chat", model=model, stream=True, view=view)
    writer = AnthropicMessages().event_writer(request)
    return b"".join([*(writer.write(batch) for batch in batches), writer.end()])


def _told(data: bytes) -> list[dict[str, Any]]:
    events = SseParser().feed(data)
    assert all(json.loads(event.data)["type"] == event.event for event in events)
    return [json.loads(event.data) for event in events]


def _client(status: int, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> anthropic.Anthropic:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, content=body, headers={"content-type": content_type, **(headers or {})})

    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="k", http_client=http, max_retries=0)


_ASK: dict[str, Any] = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


def _plain(answer: ChatResponse) -> anthropic.types.Message:
    client = _client(200, AnthropicMessages().write_response(answer, _ASKED).body, "application/json")
    return client.messages.create(**_ASK)


def _streamed(batches: Iterable[Sequence[Event]]) -> anthropic.types.Message:
    client = _client(200, _stream(batches), "text/event-stream")
    with client.messages.stream(**_ASK) as stream:
        return stream.get_final_message()


def test_the_sdk_reads_the_same_from_an_answer_and_from_its_stream() -> None:
    plain, streamed = _plain(ANSWER), _streamed([[event] for event in unfold(ANSWER)])
    skip = {"content": {"__all__": {"parsed_output"}}}  # what the SDK itself adds to a stream
    assert streamed.model_dump(exclude=skip)["content"] == plain.model_dump(exclude=skip)["content"]
    assert (streamed.id, streamed.model, streamed.stop_reason) == ("msg_1", "house-model", "tool_use")
    assert (plain.id, plain.model, plain.stop_reason) == ("msg_1", "house-model", "tool_use")
    thinking, dark, text, search, first, second = plain.content
    assert thinking.type == "thinking"
    assert (thinking.thinking, thinking.signature) == ("Hm", "c2ln")
    assert dark.type == "redacted_thinking"
    assert dark.data == "ZGFyaw=="
    assert text.type == "text"
    assert text.text == "Grüße 東京"
    assert text.citations
    assert search.type == "server_tool_use"
    assert first.type == second.type == "tool_use"
    assert (first.id, first.input, second.input) == ("toolu_1", {"city": "Ulm"}, {})
    for usage in (plain.usage, streamed.usage):
        assert (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens) == (10, 9, 100)
        assert usage.cache_creation_input_tokens == 50


def test_what_is_written_is_read_as_it_was(dialect: AnthropicMessages, fold: Fold) -> None:
    assert (
        dialect.read_response(dialect.write_response(ANSWER, _ASKED).body).choices[0].parts == ANSWER.choices[0].parts
    )
    reader = dialect.event_reader(relay=False)
    streamed = fold([*reader.feed(_stream([unfold(ANSWER)])), *reader.end()])
    assert streamed.choices[0].parts == ANSWER.choices[0].parts
    assert streamed.usage == ANSWER.usage


def test_calls_that_come_in_turns_are_told_one_after_the_other() -> None:
    events: list[Event] = [
        Start("msg_1", "c"),
        TextDelta("Wait.", 0),
        ToolCallDelta(1, id="a", name="f"),
        ToolCallDelta(2, id="b", name="g"),
        ToolCallDelta(2, arguments='{"n"'),
        ToolCallDelta(1, arguments='{"m":'),
        TextDelta("Late.", 3),
        ToolCallDelta(1, arguments="1}"),
        ToolCallDelta(2, arguments=":2}"),
        Finish("tool_calls"),
    ]
    for batches in ([events], [[event] for event in events]):
        told = _told(_stream(batches))
        open_block: int | None = None
        for event in told:
            match event["type"]:
                case "content_block_start":
                    assert open_block is None
                    open_block = event["index"]
                case "content_block_delta":
                    assert event["index"] == open_block
                case "content_block_stop":
                    assert event["index"] == open_block
                    open_block = None
                case _:
                    assert open_block is None
        assert [event["index"] for event in told if event["type"] == "content_block_start"] == [0, 1, 2, 3]
        _, first, second, late = _streamed(batches).content
        assert first.type == second.type == "tool_use"
        assert (first.input, second.input) == ({"m": 1}, {"n": 2})
        assert late.type == "text"
        assert late.text == "Late."


def test_a_call_that_is_whole_makes_room_at_once() -> None:
    writer = AnthropicMessages().event_writer(Request(operation="chat", model="m", stream=True))
    writer.write([Start(), ToolCallDelta(0, id="a", name="f", arguments='{"n":1}')])
    told = _told(writer.write([ToolCallDelta(1, id="b", name="g")]))
    assert [event["type"] for event in told] == ["content_block_stop", "content_block_start"]


def test_words_are_told_as_they_come() -> None:
    writer = AnthropicMessages().event_writer(Request(operation="chat", model="house", stream=True))
    (start,) = _told(writer.write([Start(None, None), UsageReport(Usage(input_tokens=7))]))
    assert start["message"]["model"] == "house"
    assert start["message"]["usage"] == {"input_tokens": 7, "output_tokens": 0}
    assert start["message"]["id"]
    assert [event["type"] for event in _told(writer.write([TextDelta("a")]))] == [
        "content_block_start",
        "content_block_delta",
    ]
    assert [event["type"] for event in _told(writer.write([TextDelta("b")]))] == ["content_block_delta"]
    *_, delta, stop = _told(writer.end())
    assert delta["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert stop == {"type": "message_stop"}


@pytest.mark.parametrize(
    ("reason", "native", "word"),
    [
        ("stop", "stop", "end_turn"),
        ("stop", "stop_sequence", "stop_sequence"),
        ("stop", "pause_turn", "pause_turn"),
        ("length", "length", "max_tokens"),
        ("tool_calls", "tool_calls", "tool_use"),
        ("content_filter", "SAFETY", "refusal"),
        ("tool_calls", "end_turn", "tool_use"),
        (None, "odd", "odd"),
        (None, None, "end_turn"),
    ],
)
def test_why_an_answer_ended(reason: FinishReason | None, native: str | None, word: str) -> None:
    answer = ChatResponse(choices=(Choice(finish_reason=reason, native_finish_reason=native),))
    assert json.loads(AnthropicMessages().write_response(answer, _ASKED).body)["stop_reason"] == word
    assert _told(_stream([unfold(answer)]))[-2]["delta"]["stop_reason"] == word


def test_what_other_dialects_have_is_told_as_far_as_it_can_be() -> None:
    parts = (
        Thinking("Hm", "theirs", native="gemini"),
        Thinking(redacted="dark", native="openai-chat"),
        Text("Ho", Raw(b"[1]"), "openai-chat"),
        Refusal("No."),
        ToolCall("call:1", "f", "{}"),
        ToolCall("", "free", "print(1)", custom=True),
        Native("openai-chat", "image_url", Raw(b"{}")),
    )
    answer = ChatResponse(choices=(Choice(parts=parts, finish_reason="stop"),))
    plain, streamed = _plain(answer), _streamed([unfold(answer)])
    for message in (plain, streamed):
        kinds = ["thinking", "thinking", "text", "text", "tool_use", "tool_use"]
        assert [block.type for block in message.content] == kinds
        thinking, dark, _, refusal, call, free = message.content
        assert thinking.type == dark.type == "thinking"
        assert open_thought(thinking.thinking, thinking.signature) == parts[0]
        assert open_thought(dark.thinking, dark.signature) == parts[1]
        assert refusal.type == "text"
        assert refusal.text == "No."
        assert call.type == free.type == "tool_use"
        assert ":" not in call.id
        assert free.id
        assert free.input == {"input": "print(1)"}
        assert message.stop_reason == "refusal"
    audio = _told(_stream([[Start(), AudioDelta(0, transcript="Hello"), Finish("stop")]]))
    assert audio[2]["delta"] == {"type": "text_delta", "text": "Hello"}


def test_of_several_choices_the_first_is_told() -> None:
    events = [Start(), TextDelta("a"), TextDelta("b", choice=1), Finish("length", 1), Finish("stop")]
    message = _streamed([events])
    assert [block.type for block in message.content] == ["text"]
    assert message.stop_reason == "end_turn"


def test_native_and_refused_deltas_have_blocks_of_their_own() -> None:
    events = [
        Start(),
        NativeDelta(NAME, "x", _SEARCH, 0),
        RefusalDelta("No.", 1),
        ThinkingDelta("Hm", 2),
        Finish("stop"),
    ]
    told = _told(_stream([events]))
    starts = [event["content_block"]["type"] for event in told if event["type"] == "content_block_start"]
    assert starts == ["server_tool_use", "text", "thinking"]


def test_a_relayed_stream_is_closed_once() -> None:
    raw = b'event: ping\ndata: {"type": "ping"}\n\n'
    data = _stream([[Relayed(raw)], [Relayed(raw)]])
    assert data.startswith(raw + raw)
    assert [event["type"] for event in _told(data)] == ["ping", "ping", "message_stop"]


def test_a_stream_that_fails_ends_as_an_error_of_the_sdk() -> None:
    error = UpstreamError("acme: is overloaded", kind="overloaded")
    writer = AnthropicMessages().event_writer(Request(operation="chat", model="m", stream=True))
    data = writer.write([Start(), TextDelta("Hi"), Failure(error)])
    assert b"message_stop" not in data
    client = _client(200, data, "text/event-stream")
    with pytest.raises(anthropic.APIStatusError, match="overloaded"), client.messages.stream(**_ASK) as stream:
        stream.get_final_message()


def _raised(told: ErrorAnswer) -> anthropic.APIStatusError:
    client = _client(told.status, told.body, told.content_type, dict(told.headers))
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**_ASK)
    return caught.value


def _upstream(kind: ErrorKind) -> UpstreamError:
    return UpstreamError("acme: no", kind=kind, retry_after=1.2)


@pytest.mark.parametrize(
    ("error", "raised", "word"),
    [
        (InvalidRequest("bad"), anthropic.BadRequestError, "invalid_request_error"),
        (Unauthenticated("who"), anthropic.AuthenticationError, "authentication_error"),
        (Forbidden("no"), anthropic.PermissionDeniedError, "permission_error"),
        (ModelNotFound("what"), anthropic.NotFoundError, "not_found_error"),
        (TooLarge("much"), anthropic.APIStatusError, "request_too_large"),
        (Busy("later", retry_after=3), anthropic.RateLimitError, "rate_limit_error"),
        (LockgateError("oh"), anthropic.InternalServerError, "api_error"),
        (_upstream("rate_limit"), anthropic.RateLimitError, "rate_limit_error"),
        (_upstream("quota"), anthropic.APIStatusError, "billing_error"),
        (_upstream("overloaded"), anthropic.InternalServerError, "overloaded_error"),
        (_upstream("timeout"), anthropic.InternalServerError, "timeout_error"),
        (_upstream("auth"), anthropic.InternalServerError, "api_error"),
        (_upstream("permission"), anthropic.InternalServerError, "api_error"),
        (_upstream("transient"), anthropic.InternalServerError, "api_error"),
        (_upstream("context_length"), anthropic.BadRequestError, "invalid_request_error"),
        (_upstream("not_found"), anthropic.NotFoundError, "not_found_error"),
    ],
)
def test_errors_make_the_sdk_raise_the_right_exception(
    error: LockgateError, raised: type[anthropic.APIStatusError], word: str
) -> None:
    told = AnthropicMessages().write_error(error, "req_1")
    caught = _raised(told)
    assert isinstance(caught, raised)
    assert (caught.type, caught.error_code, caught.request_id) == (word, error.code, "req_1")
    assert caught.api_message == error.message
    assert json.loads(told.body)["request_id"] == "req_1"
    waits = isinstance(error, UpstreamError | Busy)
    assert ("retry-after" in dict(told.headers)) == waits


def test_an_upstreams_own_words_go_on_unless_they_are_about_the_gateways_key() -> None:
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"req_up"}'
    dialect = AnthropicMessages()
    for status, code in ((400, 400), (413, 413), (404, 404), (429, 429), (529, 529)):
        told = dialect.write_error(dialect.read_error(status, {}, body), "req_1")
        assert (told.status, told.body) == (code, body)
    for status in (401, 403):
        told = dialect.write_error(dialect.read_error(status, {}, body), "req_1")
        assert told.status == 502
        assert told.body != body


def test_the_sdk_counts_tokens() -> None:
    client = _client(200, AnthropicCountTokens().write_response(TokenCount(7), _ASKED).body, "application/json")
    count = client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "Hi"}])
    assert count.input_tokens == 7
