"""Answers and streams of an upstream: what they say in the canonical view."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_anthropic.dialect import AnthropicMessages
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Start, UsageReport
from lockgate_ports.parts import Native, Text, Thinking, ToolCall
from lockgate_ports.sse import sse
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Inbound

Fold = Callable[[Iterable[Event]], ChatResponse]


def _answer(*content: dict[str, Any], stop: str | None = "end_turn", **members: Any) -> bytes:
    return json.dumps({"id": "msg_1", "model": "c", "content": content, "stop_reason": stop, **members}).encode()


def _told(*events: dict[str, Any]) -> bytes:
    return b"".join(sse(json.dumps(event).encode(), event["type"]) for event in events)


def _start(**usage: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": {"id": "msg_1", "model": "c", "usage": usage}}


def _end(stop: str | None = "end_turn", **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": stop}, "usage": usage}


def _open(block: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _more(index: int = 0, **delta: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


_STOP = {"type": "message_stop"}


def _events(data: bytes, *, relay: bool = False) -> list[Event]:
    reader = AnthropicMessages().event_reader(relay=relay)
    return [*reader.feed(data), *reader.end()]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("pause_turn", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("brand_new", None),
    ],
)
def test_why_an_answer_ended(dialect: AnthropicMessages, word: str, reason: str | None) -> None:
    body = _answer({"type": "text", "text": "x"}, stop=word)
    (choice,) = dialect.read_response(body).choices
    assert (choice.finish_reason, choice.native_finish_reason) == (reason, word)
    assert dialect.glance(body).finish_reasons == (reason,)


def test_an_end_while_calling_tools_is_a_call(dialect: AnthropicMessages) -> None:
    body = _answer({"type": "tool_use", "id": "a", "name": "f", "input": {}})
    assert dialect.read_response(body).choices[0].finish_reason == "tool_calls"
    assert dialect.glance(body).finish_reasons == ("tool_calls",)


def test_usage_counts_what_was_cached_into_the_input(dialect: AnthropicMessages) -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 50,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 4},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
        "service_tier": "priority",
    }
    answer = dialect.read_response(_answer(usage=usage))
    assert answer.usage == Usage(
        input_tokens=160,
        output_tokens=9,
        cache_read_tokens=100,
        cache_write_tokens=50,
        cache_write_1h_tokens=30,
        reasoning_tokens=4,
        server_tool_requests=3,
        service_tier="priority",
    )
    assert answer.service_tier == "priority"


def test_a_streams_usage_is_cumulative_and_the_last_counts(fold: Fold) -> None:
    stream = _told(_start(input_tokens=10, cache_read_input_tokens=5, output_tokens=1), _end(output_tokens=9), _STOP)
    reports = [event.usage for event in _events(stream) if isinstance(event, UsageReport)]
    assert reports == [
        Usage(input_tokens=15, output_tokens=1, cache_read_tokens=5),
        Usage(input_tokens=15, output_tokens=9, cache_read_tokens=5),
    ]
    searched = _told(_start(input_tokens=10, output_tokens=1), _end(input_tokens=400, output_tokens=9), _STOP)
    assert fold(_events(searched)).usage == Usage(input_tokens=400, output_tokens=9)


def test_an_answer_given_by_the_tool_that_stands_for_a_format_is_text(dialect: AnthropicMessages, fold: Fold) -> None:
    call = {"type": "tool_use", "id": "a", "name": ANSWER_TOOL, "input": {"n": 1}}
    body = _answer(call, stop="tool_use")
    (choice,) = dialect.read_response(body).choices
    assert (choice.parts, choice.finish_reason) == ((Text('{"n": 1}'),), "stop")
    assert dialect.glance(body).finish_reasons == ("stop",)
    pieces = (_more(type="input_json_delta", partial_json=piece) for piece in ('{"n"', ": 1}"))
    stream = _told(_start(), _open({**call, "input": {}}), *pieces, _end("tool_use"), _STOP)
    assert fold(_events(stream)).choices == (choice,)


def test_a_call_of_the_callers_beside_it_is_still_a_call(dialect: AnthropicMessages) -> None:
    both = [{"type": "tool_use", "id": "a", "name": name, "input": {}} for name in (ANSWER_TOOL, "f")]
    body = _answer(*both, stop="tool_use")
    assert dialect.read_response(body).choices[0].finish_reason == "tool_calls"
    assert dialect.glance(body).finish_reasons == ("tool_calls",)


def test_blocks_that_only_this_dialect_knows_are_kept_whole(dialect: AnthropicMessages, fold: Fold) -> None:
    served = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "Ulm"}}
    compacted = {"type": "compaction", "content": "In short."}
    body = _answer(served, compacted)
    parts = dialect.read_response(body).choices[0].parts
    assert [json.loads(bytes(part.raw)) for part in parts if isinstance(part, Native)] == [served, compacted]
    stream = _told(
        _start(),
        _open({**served, "input": {}}),
        _more(type="input_json_delta", partial_json='{"query":'),
        _more(type="input_json_delta", partial_json=' "Ulm"}'),
        {"type": "content_block_stop", "index": 0},
        _open({"type": "compaction", "content": None}, 1),
        _more(1, type="compaction_delta", content="In "),
        _more(1, type="compaction_delta", content="short."),
        _end(),
        _STOP,
    )
    streamed = fold(_events(stream)).choices[0].parts
    assert [json.loads(bytes(part.raw)) for part in streamed if isinstance(part, Native)] == [served, compacted]


def test_thinking_keeps_its_signature_and_citations_their_dialect(dialect: AnthropicMessages) -> None:
    note = {"type": "page_location", "start_page_number": 1}
    body = _answer(
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "So", "citations": [note]},
    )
    thought, dark, text = dialect.read_response(body).choices[0].parts
    assert thought == Thinking("", "c2ln", native="anthropic-messages")
    assert dark == Thinking(redacted="x", native="anthropic-messages")
    assert isinstance(text, Text)
    assert text.native == "anthropic-messages"
    assert json.loads(bytes(text.annotations or b"")) == [note]


def test_an_empty_answer_is_an_answer(dialect: AnthropicMessages) -> None:
    answer = dialect.read_response(_answer(stop="stop_sequence", stop_sequence="###"))
    assert (answer.text, answer.choices[0].finish_reason) == ("", "stop")
    assert answer.extra == {"stop_sequence": Raw(b'"###"')}


def test_a_member_that_nobody_knows_is_kept_beside_the_rest() -> None:
    container = {"id": "c_1"}
    usage = {"input_tokens": 1, "output_tokens": 2}
    body = _answer({"type": "text", "text": "Hi"}, stop_sequence=None, container=container, usage=usage)
    answer = AnthropicMessages().read_response(body)
    assert answer.extra == {"container": Raw(json.dumps(container).encode())}
    assert (answer.text, answer.id, answer.model, answer.native) == ("Hi", "msg_1", "c", "anthropic-messages")
    assert answer.usage == Usage(input_tokens=1, output_tokens=2)


def test_usage_of_a_wrong_shape_is_none_and_spoils_no_answer() -> None:
    answer = AnthropicMessages().read_response(_answer({"type": "text", "text": "Hi"}, usage={"input_tokens": "many"}))
    assert (answer.text, answer.usage) == ("Hi", None)


@pytest.mark.parametrize("relay", [True, False])
def test_a_stream_that_stops_before_it_says_why_has_no_end(relay: bool) -> None:
    stream = _told(_start(), _open({"type": "text", "text": ""}), _more(type="text_delta", text="Hi"), _end(None))
    told = _events(stream, relay=relay)
    assert not any(isinstance(event, Finish) or (isinstance(event, Relayed) and event.finishes) for event in told)


@pytest.mark.parametrize("relay", [True, False])
def test_a_stream_that_is_closed_without_a_reason_ends_all_the_same(relay: bool) -> None:
    told = _events(_told(_start(), _more(type="text_delta", text="Hi"), _STOP), relay=relay)
    ends = [event for event in told if isinstance(event, Finish)]
    ends += [end for event in told if isinstance(event, Relayed) for end in event.finishes]
    assert ends == [Finish(None)]


@pytest.mark.parametrize("relay", [True, False])
def test_an_error_event_ends_the_stream(relay: bool) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    *_, last = _events(_told(_start(), error, _more(type="text_delta", text="Hi")), relay=relay)
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamError)
    assert (last.error.kind, last.error.upstream_code) == ("overloaded", "overloaded_error")
    assert last.error.body == json.dumps(error).encode()


def test_pings_and_events_of_tomorrow_are_relayed_and_otherwise_tell_nothing() -> None:
    odd = _told({"type": "ping"}, {"type": "brand_new", "index": 3})
    assert _events(odd) == []
    assert b"".join(event.raw for event in _events(odd, relay=True) if isinstance(event, Relayed)) == odd


def test_a_relayed_stream_is_glanced_at() -> None:
    stream = _told(
        _start(input_tokens=3, output_tokens=1),
        _open({"type": "tool_use", "id": "a", "name": "f", "input": {}}),
        _end(output_tokens=9),
        _STOP,
    )
    start, call, end, stop = _events(stream, relay=True)
    assert isinstance(start, Relayed)
    assert not start.content
    assert isinstance(call, Relayed)
    assert call.content
    assert isinstance(end, Relayed)
    assert end.finishes == (Finish("tool_calls", native_reason="end_turn"),)
    assert end.usage == Usage(input_tokens=3, output_tokens=9)
    assert isinstance(stop, Relayed)
    assert stop.raw == _told(_STOP)


def test_the_provider_ends_a_relayed_stream_in_its_own_bytes_and_the_writer_where_it_does_not() -> None:
    stop = b'event: message_stop\ndata: {"type": "message_stop"   }\n\n'
    request = AnthropicMessages().read_request(
        Inbound("POST", "/v1/messages", {}, b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}')
    )
    for last, ending in ((stop, b""), (b"", b'event: message_stop\ndata: {"type":"message_stop"}\n\n')):
        writer = AnthropicMessages().event_writer(request)
        stream = _told(_start(), _end()) + last
        assert writer.write(_events(stream, relay=True)) + writer.end() == stream + ending


@pytest.mark.parametrize("relay", [True, False])
def test_after_the_stop_nothing_counts(relay: bool) -> None:
    stream = _told(_start(), _more(type="text_delta", text="Hi"), _end(), _STOP)
    assert _events(stream + _told(_more(type="text_delta", text="more"), _STOP), relay=relay) == _events(
        stream, relay=relay
    )


def test_a_call_without_pieces_has_what_it_opened_with(fold: Fold) -> None:
    for given in ({}, {"n": 1}):
        stream = _told(_start(), _open({"type": "tool_use", "id": "a", "name": "f", "input": given}), _end("tool_use"))
        assert fold(_events(stream)).choices[0].parts == (ToolCall("a", "f", json.dumps(given)),)


def test_an_event_of_a_wrong_shape_is_a_failure() -> None:
    told = _events(_told(_start(), {"type": "content_block_delta", "delta": "x"}))
    assert [type(event) for event in told] == [Start, Failure]
