"""Writing answers and streams: what the official SDK reads of them is what the canonical answer says."""

import json
from typing import Any

import pytest
from msgspec import Raw
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.chat import ChatRequest, ChatResponse, Choice
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import (
    Event,
    Finish,
    Relayed,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.parts import (
    Audio,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
)
from lockgate_ports.unfold import unfold
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_ASKED: Request[ChatRequest] = Request(operation="chat", model="m", stream=False)

_USAGE = Usage(input_tokens=9, output_tokens=8, total_tokens=17, cache_read_tokens=4, reasoning_tokens=3)
_LOGPROBS = Raw(b'{"content":[{"token":"A","logprob":-0.5,"bytes":[65],"top_logprobs":[]}],"refusal":null}')
_CITED = Raw(b'[{"type":"url_citation","url_citation":{"end_index":1,"start_index":0,"title":"t","url":"u"}}]')


def _answer(*parts: Part, finish: Any = "stop", logprobs: Raw | None = None, **fields: Any) -> ChatResponse:
    choice = Choice(parts=parts, finish_reason=finish, logprobs=logprobs)
    return ChatResponse(choices=(choice,), id="c-1", model="m-1", created=5, usage=_USAGE, **fields)


_CALLS = (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))
_ANSWERS = {
    "text": _answer(Text("Grüße 😀")),
    "tools": _answer(Thinking("Hm"), Text("So:"), *_CALLS, finish="tool_calls"),
    "refusal": _answer(Refusal("No")),
    "length": _answer(Text("x"), finish="length"),
    "nothing": _answer(finish="content_filter"),
    "logprobs": _answer(Text("A"), logprobs=_LOGPROBS),
    "annotations": _answer(Text("A", _CITED, "openai-chat")),
    "tier": _answer(Text("A"), service_tier="flex", system_fingerprint="fp"),
    "two": ChatResponse(
        choices=(
            Choice(parts=(Text("A"),), finish_reason="stop"),
            Choice(index=1, parts=(Text("B"),), finish_reason="length"),
        ),
        id="c-1",
        model="m-1",
        usage=_USAGE,
    ),
}


def _chunks(stream: bytes) -> list[Any]:
    lines = [line for line in stream.split(b"\n\n") if line]
    assert lines[-1] == b"data: [DONE]"
    return [json.loads(line.removeprefix(b"data: ")) for line in lines[:-1]]


def _written(ask: Any, events: list[Event], *, usage: bool = True) -> bytes:
    options = {"stream_options": {"include_usage": True}} if usage else {}
    writer = OpenAIChat().event_writer(ask(stream=True, **options))
    return b"".join(writer.write([event]) for event in events) + writer.end()


@pytest.mark.parametrize("name", _ANSWERS)
def test_the_sdk_gets_the_same_object_from_a_stream_as_from_a_plain_call(ask: Any, name: str) -> None:
    answer = _ANSWERS[name]
    plain = ChatCompletion.model_validate_json(OpenAIChat().write_response(answer, _ASKED).body, strict=True)
    state = ChatCompletionStreamState()
    for chunk in _chunks(_written(ask, list(unfold(answer)))):
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk, strict=True))
    streamed = state.current_completion_snapshot  # the final one refuses answers that were cut or filtered
    told = plain.model_dump(exclude_none=True)
    assert _comparable(streamed.model_dump(exclude_none=True)) == _comparable(told)
    assert told["choices"][0]["finish_reason"] == answer.choices[0].finish_reason
    assert told["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}


def _comparable(completion: dict[str, Any]) -> dict[str, Any]:
    """The SDK's own accumulator leaves `index` in lists, and adds `parsed`; missing content is empty or None."""
    for choice in completion["choices"]:
        message = choice["message"]
        message["content"] = message.get("content") or ""
        for detail in message.get("reasoning_details", ()):
            detail.pop("index", None)
        for call in message.get("tool_calls", ()):
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
    return completion


def test_a_plain_answer_says_all_that_the_view_says() -> None:
    answer = _answer(
        Thinking("Hm", "sig", native="openai-chat"),
        Text("A", _CITED, "openai-chat"),
        Audio(InlineSource("UklG"), id="au", transcript="Hi", expires_at=9),
        Native("openai-chat", "image_url", Raw(b'{"type":"image_url"}')),
        ToolCall("c", "g", "free", custom=True),
        extra={"citations": Raw(b'["u"]')},
        native="openai-chat",
    )
    written = json.loads(OpenAIChat().write_response(answer, _ASKED).body)
    message = written["choices"][0]["message"]
    assert message == {
        "role": "assistant",
        "content": "A",
        "refusal": None,
        "reasoning_content": "Hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "sig"}],
        "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "g", "input": "free"}}],
        "annotations": json.loads(bytes(_CITED)),
        "audio": {"id": "au", "data": "UklG", "expires_at": 9, "transcript": "Hi"},
        "images": [{"type": "image_url"}],
    }
    assert written["citations"] == ["u"]
    assert (written["object"], written["created"], written["id"]) == ("chat.completion", 5, "c-1")


def test_what_another_dialect_cited_or_added_is_not_sent_as_ours() -> None:
    answer = _answer(Text("A", Raw(b"[{}]"), "other"), extra={"odd": Raw(b"1")}, native="other")
    written = json.loads(OpenAIChat().write_response(answer, _ASKED).body)
    assert "odd" not in written
    assert "annotations" not in written["choices"][0]["message"]


def test_an_answer_that_lacks_everything_is_still_a_completion() -> None:
    bare = ChatResponse(choices=(Choice(native_finish_reason="gone"),))
    written = json.loads(OpenAIChat().write_response(bare, _ASKED).body)
    assert (written["id"], written["created"], written["model"]) == ("chatcmpl-lockgate", 0, "m")
    assert written["choices"][0]["finish_reason"] == "gone"
    assert "usage" not in written


def test_a_stream_has_one_head_the_role_first_and_usage_last(ask: Any) -> None:
    events: list[Event] = [
        Start("c-1", "m-1", 5, "flex", "fp"),
        ThinkingDelta("Hm", 0),
        TextDelta("A", 1),
        UsageReport(_USAGE),
        TextDelta("B", 1),
        Finish("stop"),
    ]
    chunks = _chunks(_written(ask, events))
    heads = [{name: chunk[name] for name in chunk if name not in ("choices", "usage")} for chunk in chunks]
    assert heads == [
        {
            "id": "c-1",
            "object": "chat.completion.chunk",
            "created": 5,
            "model": "m-1",
            "service_tier": "flex",
            "system_fingerprint": "fp",
        }
    ] * len(chunks)
    assert [choice["delta"] for chunk in chunks for choice in chunk["choices"]] == [
        {
            "role": "assistant",
            "reasoning_content": "Hm",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}],
        },
        {"content": "A"},
        {"content": "B"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None, None, None, "stop"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 17


def test_usage_is_written_only_where_it_was_asked_for(ask: Any) -> None:
    events: list[Event] = [Start(), TextDelta("A"), Finish("stop"), UsageReport(_USAGE)]
    assert all("usage" not in chunk for chunk in _chunks(_written(ask, events, usage=False)))
    assert [chunk for chunk in _chunks(_written(ask, events[:3])) if not chunk["choices"]] == []


def test_tool_calls_are_numbered_among_themselves(ask: Any) -> None:
    events: list[Event] = [
        Start(),
        TextDelta("A", 0),
        ToolCallDelta(3, 0, "a", "f"),
        ToolCallDelta(5, 0, "b", "g", "free", custom=True),
        ToolCallDelta(3, arguments="{}"),
        ToolCallDelta(5, arguments="er", custom=True),
        ToolCallDelta(0, 1, "c", "h"),
        Finish("tool_calls"),
        Finish("tool_calls", 1),
    ]
    calls = [
        (choice["index"], *choice["delta"]["tool_calls"])
        for chunk in _chunks(_written(ask, events))
        for choice in chunk["choices"]
        if "tool_calls" in choice["delta"]
    ]
    assert calls == [
        (0, {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}),
        (0, {"index": 1, "id": "b", "type": "custom", "custom": {"name": "g", "input": "free"}}),
        (0, {"index": 0, "function": {"arguments": "{}"}}),
        (0, {"index": 1, "custom": {"input": "er"}}),
        (1, {"index": 0, "id": "c", "type": "function", "function": {"name": "h", "arguments": ""}}),
    ]


def test_every_piece_of_words_keeps_its_choice_head_and_log_probabilities(ask: Any) -> None:
    events: list[Event] = [Start("c-1", "m-1", 5)]
    events += [TextDelta(words, choice=choice) for words in ('a"\n', "b", "ß") for choice in (0, 1)]
    chunks = _chunks(_written(ask, [*events, TextDelta("c", logprobs=_LOGPROBS), Start("c-2"), TextDelta("d")]))
    assert [(each["id"], each["choices"][0]["index"], each["choices"][0]["delta"]["content"]) for each in chunks] == [
        *(("c-1", choice, words) for words in ('a"\n', "b", "ß") for choice in (0, 1)),
        ("c-1", 0, "c"),
        ("c-2", 0, "d"),
    ]
    assert [each["choices"][0]["logprobs"] for each in chunks] == [None] * 6 + [json.loads(bytes(_LOGPROBS)), None]
    assert all(each["choices"][0]["finish_reason"] is None for each in chunks)


def test_relayed_events_go_as_they_are_but_for_unwanted_usage(ask: Any) -> None:
    events = [Relayed(b"data: 1\n\n", content=True), Relayed(b"data: 2\n\n", usage=_USAGE, usage_only=True)]
    assert OpenAIChat().event_writer(ask(stream=True)).write(events) == b"data: 1\n\n"
    asked = ask(stream=True, stream_options={"include_usage": True})
    assert OpenAIChat().event_writer(asked).write(events) == b"data: 1\n\ndata: 2\n\n"
    assert OpenAIChat().event_writer(asked).end() == b"data: [DONE]\n\n"


def test_a_stream_that_failed_ends_with_an_error_and_no_done(ask: Any) -> None:
    writer = OpenAIChat().event_writer(ask(stream=True))
    written = writer.fail(UpstreamError("acme: broke", kind="transient"))
    assert written.startswith(b"data: ")
    assert written.endswith(b"\n\n")
    assert b"[DONE]" not in written
    assert json.loads(written[6:])["error"]["message"] == "acme: broke"


def test_an_upstreams_own_error_body_stays_one_event(ask: Any) -> None:
    body = b'{\n  "error": {"message": "no\\nroom"}\n}'
    error = UpstreamError("acme: no room", kind="overloaded", dialect="openai-chat", body=body)
    written = OpenAIChat().event_writer(ask(stream=True)).fail(error)
    assert written == b'data: {"error":{"message":"no\\nroom"}}\n\n'


def test_what_it_has_no_form_for_is_named_whole_and_streamed(ask: Any) -> None:
    answer = _answer(Text("A", Raw(b"[{}]"), "other"), Native("other", "widget", Raw(b"{}")), Image(StoredSource("f")))
    written = OpenAIChat().write_response(answer, _ASKED)
    assert written.dropped == ("answer.annotations", "answer.widget", "answer.image")
    note = "[image left out: openai-chat has no form for it]"
    assert json.loads(written.body)["choices"][0]["message"]["content"] == "A" + note
    stream = _written(ask, list(unfold(answer)))
    assert [line for line in stream.split(b"\n\n") if line.startswith(b":")] == [
        b": x-lockgate-dropped: answer.annotations",
        b": x-lockgate-dropped: answer.widget",
        b": x-lockgate-dropped: answer.image",
    ]
    assert note.encode() in stream


def test_its_own_parts_without_a_place_in_a_message_are_named(ask: Any) -> None:
    answer = _answer(Native("openai-chat", "reference", Raw(b"{}")))
    assert OpenAIChat().write_response(answer, _ASKED).dropped == ("answer.reference",)
    assert b": x-lockgate-dropped: answer.reference\n\n" in _written(ask, list(unfold(answer)))


def test_shares_of_the_tokens_are_told_as_far_as_they_are_known() -> None:
    usage = json.loads(OpenAIChat().write_response(_answer(Text("x")), _ASKED).body)["usage"]
    assert usage == {
        "prompt_tokens": 9,
        "completion_tokens": 8,
        "total_tokens": 17,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }


def test_a_second_sound_has_no_place_and_is_named() -> None:
    sounds = [Audio(InlineSource("UklG"), id=name, transcript=name) for name in ("a", "b")]
    written = OpenAIChat().write_response(_answer(*sounds), _ASKED)
    assert json.loads(written.body)["choices"][0]["message"]["audio"]["id"] == "a"
    assert written.dropped == ("answer.audio",)
