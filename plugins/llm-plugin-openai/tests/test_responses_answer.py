"""Answers of openai-responses: read whole and streamed, written whole and streamed, and errors on either side."""

import json
from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_openai.responses.dialect import OpenAIResponses
from llm_plugin_openai.responses.samples import OPENAI_RESPONSES
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.errors import Unauthenticated, UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Skipped, Start, TextDelta
from lockgate_ports.parts import Audio, Image, InlineSource, Native, Part, Refusal, Text, Thinking, ToolCall, user
from lockgate_ports.unfold import unfold
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)

_DIALECT = OpenAIResponses()
_HEAD = {"id": "resp_1", "object": "response", "created_at": 5, "model": "m-1", "status": "completed"}


def _body(*output: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({**_HEAD, "output": list(output), **fields}).encode()


def _event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def _read(*pieces: bytes, relay: bool = False) -> list[Event]:
    reader = _DIALECT.event_reader(relay=relay)
    return [*(event for piece in pieces for event in reader.feed(piece)), *reader.end()]


def _message(*content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": list(content)}


_ROW = {"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": []}
_NOTE = {"type": "url_citation", "url": "u"}
_RICH = _message({"type": "output_text", "text": "Ab", "annotations": [_NOTE], "logprobs": [_ROW]})
_THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "A."}, {"type": "summary_text", "text": "B."}],
    "encrypted_content": "gAAA",
}
_SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
_CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "g", "input": "free"}
_SPENT = {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8, "input_tokens_details": {"cached_tokens": 2}}


def test_every_kind_of_item_is_read() -> None:
    answer = _DIALECT.read_response(_body(_THOUGHT, _SEARCH, _RICH, _CUSTOM, usage=_SPENT, service_tier="flex"))
    (choice,) = answer.choices
    assert choice.parts == (
        Thinking("A.", id="rs_1"),
        Thinking("\n\nB.", redacted="gAAA", id="rs_1", native="openai-responses"),
        Native("openai-responses", "web_search_call", Raw(json.dumps(_SEARCH).encode())),
        Text("Ab", Raw(b'[{"type": "url_citation", "url": "u"}]'), "openai-responses"),
        ToolCall("c", "g", "free", custom=True),
    )
    assert (choice.finish_reason, choice.native_finish_reason) == ("tool_calls", "completed")
    assert choice.logprobs is not None
    assert json.loads(bytes(choice.logprobs))["content"] == [_ROW]
    assert answer.usage == Usage(
        input_tokens=5,
        output_tokens=3,
        total_tokens=8,
        cache_read_tokens=2,
        server_tool_requests=1,
        service_tier="flex",
    )
    assert (answer.id, answer.model, answer.created, answer.service_tier) == ("resp_1", "m-1", 5, "flex")


def test_a_stream_without_deltas_gives_the_same_answer(fold: Any) -> None:
    items = (_THOUGHT, _SEARCH, _RICH, _CUSTOM)
    whole = json.loads(_body(*items, usage=_SPENT))
    created = _event("response.created", response={**whole, "status": "in_progress", "output": []})
    done = b"".join(_event("response.output_item.done", output_index=at, item=item) for at, item in enumerate(items))
    ended = _event("response.completed", response=whole)
    plain = _DIALECT.read_response(_body(*items, usage=_SPENT))
    for stream in (created + done + ended, created + ended):
        assert fold(_read(stream)).choices == plain.choices
        assert fold(_read(stream)).usage == plain.usage


def test_annotations_that_arrive_by_themselves_are_told_once(fold: Any) -> None:
    at = {"output_index": 0, "content_index": 0}
    stream = (
        _event("response.created", response={**_HEAD, "status": "in_progress"}),
        _event("response.output_text.delta", **at, delta="Ab", logprobs=[_ROW]),
        _event("response.output_text.annotation.added", **at, annotation_index=0, annotation=_NOTE),
        _event("response.output_item.done", output_index=0, item=_RICH),
        _event("response.completed", response={**_HEAD, "output": [_RICH]}),
    )
    assert fold(_read(*stream)).choices == _DIALECT.read_response(_body(_RICH)).choices


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, None),
    ],
)
def test_why_it_ended_is_told_alike_by_every_way(fields: dict[str, Any], reason: str | None) -> None:
    body = _body(_RICH, **fields)
    kind = f"response.{fields.get('status', 'completed')}"
    stream = _event(kind, response=json.loads(body))
    assert _DIALECT.read_response(body).choices[0].finish_reason == reason
    assert _DIALECT.glance(body).finish_reasons == (reason,)
    assert [event.reason for event in _read(stream) if isinstance(event, Finish)] == [reason]
    (relayed,) = _read(stream, relay=True)
    assert isinstance(relayed, Relayed)
    assert [finish.reason for finish in relayed.finishes] == [reason]


def test_a_call_counts_though_the_last_event_does_not_repeat_it() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f"}
    added = _event("response.output_item.added", output_index=0, item=call)
    stream = added + _event("response.completed", response={**_HEAD, "output": []})
    assert [event.reason for event in _read(stream) if isinstance(event, Finish)] == ["tool_calls"]
    *_, last = _read(stream, relay=True)
    assert isinstance(last, Relayed)
    assert [finish.reason for finish in last.finishes] == ["tool_calls"]


def test_an_answer_that_is_still_being_made_goes_through() -> None:
    assert _DIALECT.glance(_body(status="queued")).finish_reasons == ()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"error": {"code": "rate_limit_exceeded", "message": "slow"}}, "rate_limit"),
        ({"error": {"code": "server_error", "message": "oh"}}, "transient"),
        ({"status": "cancelled", "error": None}, "transient"),
    ],
)
def test_a_failed_response_is_an_error_by_every_way(fault: dict[str, Any], kind: str) -> None:
    body = _body(**({"status": "failed"} | fault))
    for read in (_DIALECT.read_response, _DIALECT.glance):
        with pytest.raises(UpstreamError) as caught:
            read(body)
        assert caught.value.kind == kind
    for relay in (True, False):
        *_, failure = _read(_event("response.failed", response=json.loads(body)), relay=relay)
        assert isinstance(failure, Failure)
        assert isinstance(failure.error, UpstreamError)
        assert failure.error.kind == kind


@pytest.mark.parametrize("relay", [True, False])
@pytest.mark.parametrize(
    "told",
    [
        {"code": "rate_limit_exceeded", "message": "slow", "param": None},
        {"error": {"type": "requests", "code": "rate_limit_exceeded", "message": "slow"}},
    ],
)
def test_an_error_event_ends_a_stream(relay: bool, told: dict[str, Any]) -> None:
    more = _event("response.output_text.delta", delta="x")
    *_, failure = _read(_event("error", **told) + more, relay=relay)
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, UpstreamError)
    assert (failure.error.kind, failure.error.upstream_message) == ("rate_limit", "slow")


def test_a_stream_that_is_cut_has_no_finish() -> None:
    begun = _event("response.created", response={**_HEAD, "status": "in_progress"})
    cut = begun + _event("response.output_text.delta", delta="x") + b'data: {"type":"resp'
    assert [type(event) for event in _read(cut)] == [Start, TextDelta, Skipped]
    assert not any(event.finishes for event in _read(cut, relay=True) if isinstance(event, Relayed))


_PARTS: tuple[Part, ...] = (
    Thinking("A.", id="rs_1"),
    Thinking("\n\nB.", redacted="gAAA", id="rs_1", native="openai-responses"),
    Text("Ab", Raw(b'[{"type":"url_citation","url":"u"}]'), "openai-responses"),
    Refusal("No."),
    ToolCall("c1", "f", "{}"),
    ToolCall("c2", "g", "free", custom=True),
    Native("openai-responses", "web_search_call", Raw(b'{"type":"web_search_call","id":"ws_1"}')),
    Native("other", "widget", Raw(b"{}")),
    Thinking(redacted="sealed", native="other"),
    Thinking("Raw.", "reasoning_text", native="openai-responses"),
    Text("End."),
)


def _answer(*parts: Part, **choice: Any) -> ChatResponse:
    usage = Usage(input_tokens=5, output_tokens=3, reasoning_tokens=1)
    fields = {"finish_reason": "stop", "native_finish_reason": "completed"} | choice
    return ChatResponse(
        choices=(Choice(parts=parts, **fields),),
        id="resp_abc",
        model="m-1",
        created=5,
        usage=usage,
        service_tier="flex",
    )


def _streamed(answer: ChatResponse) -> list[dict[str, Any]]:
    view = ChatRequest(model="m", messages=(user("Hi"),))
    writer = _DIALECT.event_writer(Request(operation="chat", model="m", stream=True, view=view))
    raw = b"".join(writer.write([event]) for event in unfold(answer)) + writer.end()
    return [json.loads(block.partition(b"data: ")[2]) for block in raw.split(b"\n\n") if block[:1] not in (b"", b":")]


@pytest.mark.parametrize(
    "answer",
    [
        _answer(*_PARTS),
        _answer(Text("Ab"), finish_reason="length", logprobs=Raw(json.dumps({"content": [_ROW]}).encode())),
        _answer(finish_reason="content_filter"),
        ChatResponse(choices=(Choice(parts=(Text("x"),), finish_reason="stop"),)),
    ],
)
def test_a_stream_ends_with_the_answer_that_is_written_whole(answer: ChatResponse) -> None:
    told = _streamed(answer)
    whole = json.loads(_DIALECT.write_response(answer, _ASKED).body)
    last = told[-1]["response"]
    assert last | {"model": ""} == whole | {"model": ""}
    assert told[-1]["type"] == f"response.{whole['status']}"
    assert [each["item"] for each in told if each["type"] == "response.output_item.done"] == whole["output"]
    assert [each["sequence_number"] for each in told] == list(range(len(told)))


def test_deltas_add_up_to_what_is_done() -> None:
    told = _streamed(_answer(*_PARTS))
    for kind, member in (
        ("output_text", "text"),
        ("refusal", "refusal"),
        ("reasoning_summary_text", "text"),
        ("reasoning_text", "text"),
        ("function_call_arguments", "arguments"),
        ("custom_tool_call_input", "input"),
    ):
        places = ("output_index", "content_index", "summary_index", "item_id")
        deltas: dict[Any, str] = {}
        for each in told:
            if each["type"] == f"response.{kind}.delta":
                at = tuple(each.get(name) for name in places)
                deltas[at] = deltas.get(at, "") + each["delta"]
        dones = [each for each in told if each["type"] == f"response.{kind}.done"]
        assert deltas == {tuple(each.get(name) for name in places): each[member] for each in dones}
        assert deltas


def test_what_was_read_is_written_the_same() -> None:
    items = (_THOUGHT, _SEARCH, _RICH, _CUSTOM)
    answer = _DIALECT.read_response(_body(*items, usage=_SPENT, truncation="auto"))
    written = json.loads(_DIALECT.write_response(answer, _ASKED).body)
    assert written["truncation"] == "auto"
    bare = [{name: each[name] for name in item} for item, each in zip(items, written["output"], strict=True)]
    assert [item | {"id": 0} for item in bare] == [item | {"id": 0} for item in items]


def test_an_error_has_openais_envelope_and_passes_through() -> None:
    said = b'{"error":{"message":"m","type":"t","param":null,"code":"c","odd":1.50}}'
    error = _DIALECT.read_error(400, {}, said)
    assert error.dialect == "openai-responses"
    assert _DIALECT.write_error(error, "r").body == said
    assert _DIALECT.write_error(Unauthenticated("no"), "r").status == 401


def test_the_samples_hold_an_event_of_every_kind_that_carries_words() -> None:
    streams = b"".join(sample.stream for sample in OPENAI_RESPONSES.answers.values())
    for kind in ("output_text", "refusal", "reasoning_summary_text", "function_call_arguments"):
        assert f"response.{kind}.delta".encode() in streams


_DRAWN = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "UklG"}
_DRAWN |= {"output_format": "webp", "revised_prompt": "A cat"}


def test_a_picture_is_read_whole_and_streamed_and_written_the_same(fold: Any) -> None:
    plain = _DIALECT.read_response(_body(_DRAWN))
    (image,) = plain.choices[0].parts
    assert isinstance(image, Image)
    assert (image.source, image.id) == (InlineSource("UklG", "image/webp"), "ig_1")
    done = _event("response.output_item.done", output_index=0, item=_DRAWN)
    ended = _event("response.completed", response=json.loads(_body(_DRAWN)))
    assert fold(_read(done + ended)).choices == plain.choices
    assert json.loads(_DIALECT.write_response(plain, _ASKED).body)["output"] == [_DRAWN]
    kinds = [each["type"] for each in _streamed(_answer(image))]
    assert "response.image_generation_call.completed" in kinds


def test_a_picture_that_was_not_drawn_is_kept_as_it_came() -> None:
    failed = {"type": "image_generation_call", "id": "ig_1", "status": "failed", "result": None}
    (part,) = _DIALECT.read_response(_body(failed)).choices[0].parts
    assert isinstance(part, Native)


def test_what_it_has_no_form_for_is_named_whole_and_streamed() -> None:
    answer = _answer(Native("other", "widget", Raw(b"{}")), Text("A"), Audio(InlineSource("AA=="), transcript="Hi"))
    written = _DIALECT.write_response(answer, _ASKED)
    assert written.dropped == ("answer.widget", "answer.audio")
    assert [piece["text"] for piece in json.loads(written.body)["output"][0]["content"]] == ["A", "Hi"]
    writer = _DIALECT.event_writer(_ASKED)
    assert b"\n\n: x-lockgate-dropped: answer.widget\n\n" in b"\n\n" + writer.write(unfold(answer)) + writer.end()
