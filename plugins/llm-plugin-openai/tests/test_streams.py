"""Reading streams: the same as the plain answer, however the bytes fall and however the server numbers its calls."""

import json
from typing import Any

import pytest
from msgspec import structs

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Relayed, Start, TextDelta, UsageReport
from lockgate_ports.parts import Text, Thinking, ToolCall

_HEAD = {"id": "c-1", "object": "chat.completion.chunk", "created": 5, "model": "m-1"}
_DONE = b"data: [DONE]\n\n"
_SPENT = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def _chunk(delta: Any = None, finish: Any = None, at: int = 0, **choice: Any) -> bytes:
    said = {"index": at, "delta": delta or {}, "finish_reason": finish} | choice
    return _data({**_HEAD, "choices": [said], "usage": None})


def _data(value: Any) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _usage(**spent: Any) -> bytes:
    return _data({**_HEAD, "choices": [], "usage": spent or _SPENT})


def _events(*pieces: bytes, relay: bool = False) -> list[Event]:
    reader = OpenAIChat().event_reader(relay=relay)
    return [*(event for piece in pieces for event in reader.feed(piece)), *reader.end()]


def _raw(events: list[Event]) -> bytes:
    return b"".join(event.raw for event in events if isinstance(event, Relayed))


def _thought(words: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": words}]}


_MEASURED = [{"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": []}]


@pytest.mark.parametrize(
    ("message", "deltas"),
    [
        ({"content": "Grüße 😀"}, [{"content": "Grü"}, {"content": "ße 😀"}]),
        ({"content": None, "refusal": "No way"}, [{"refusal": "No"}, {"refusal": " way"}]),
        (
            {"content": "4", "reasoning_content": "Hm so"},
            [{"reasoning_content": "Hm"}, {"reasoning_content": " so"}, {"content": "4"}],
        ),
        (
            {
                "content": "4",
                "reasoning": "Hm so",
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm so", "signature": "sig", "index": 0},
                    {"type": "reasoning.encrypted", "data": "xyz", "id": "r", "index": 1},
                ],
            },
            [
                {"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
                {"reasoning": " so", "reasoning_details": [{"type": "reasoning.text", "text": " so", "index": 0}]},
                {"reasoning_details": [{"type": "reasoning.text", "signature": "sig", "index": 0}]},
                {"reasoning_details": [{"type": "reasoning.encrypted", "data": "xyz", "id": "r", "index": 1}]},
                {"content": "4"},
            ],
        ),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm so"}]},
                    {"type": "text", "text": "4"},
                ]
            },
            [
                {"content": [_thought("Hm")]},
                {"content": [_thought(" so")]},
                {"content": "4"},
            ],
        ),
        (
            {"content": None, "audio": {"id": "a", "data": "UklGRg==", "transcript": "Hi you", "expires_at": 9}},
            [
                {"audio": {"id": "a", "transcript": "Hi"}},
                {"audio": {"data": "UklG", "transcript": " you"}},
                {"audio": {"data": "Rg=="}},
                {"audio": {"expires_at": 9}},
            ],
        ),
        (
            {"content": "x", "annotations": [{"a": 1}, {"b": 2}]},
            [{"content": "x"}, {"annotations": [{"a": 1}, {"b": 2}]}],
        ),
        ({"content": "x", "images": [{"type": "image_url"}]}, [{"content": "x"}, {"images": [{"type": "image_url"}]}]),
        (
            {"content": None, "function_call": {"name": "f", "arguments": '{"a":1}'}},
            [{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": '{"a":1}'}}],
        ),
    ],
)
def test_a_stream_and_its_plain_answer_are_the_same(fold: Any, message: Any, deltas: list[Any]) -> None:
    plain = _data({**_HEAD, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": _SPENT})
    stream = b"".join(map(_chunk, deltas)) + _chunk(finish="stop") + _usage() + _DONE
    streamed: ChatResponse = fold(_events(stream))
    whole = OpenAIChat().read_response(plain[6:])
    assert _comparable(streamed) == _comparable(whole)


def _comparable(answer: ChatResponse) -> str:
    """As text, since two Raw with the same bytes are not equal; spacing inside them aside."""
    return repr(
        [
            [
                (type(part).__name__, {name: _plain(getattr(part, name)) for name in part.__struct_fields__})
                for part in choice.parts
            ]
            for choice in answer.choices
        ]
    ) + repr(structs.replace(answer, choices=()))


def _plain(value: Any) -> Any:
    return json.loads(bytes(value)) if type(value).__name__ == "Raw" else value


def test_log_probabilities_of_a_stream_add_up(fold: Any) -> None:
    pieces = [
        _chunk({"content": "A"}, logprobs={"content": _MEASURED, "refusal": None}),
        _chunk({"content": "B"}),
        _chunk(logprobs={"content": _MEASURED, "refusal": None}),
        _chunk(finish="stop", logprobs={"content": [], "refusal": None}),
    ]
    (choice,) = fold(_events(*pieces, _DONE)).choices
    assert choice.parts == (Text("AB"),)
    assert json.loads(bytes(choice.logprobs)) == {"content": _MEASURED * 2, "refusal": None}


def _call(index: Any = None, name: str | None = None, arguments: Any = "", **fields: Any) -> dict[str, Any]:
    function = {"arguments": arguments} | ({"name": name} if name else {})
    at = {} if index is None else {"index": index}
    return {"tool_calls": [at | {"function": function} | fields]}


_TWO = (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", '{"y":2}'))


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        pytest.param(
            [
                _call(0, "f", id="a"),
                _call(0, arguments='{"x":'),
                _call(1, "g", '{"y":2}', id="b"),
                _call(0, arguments="1}"),
            ],
            _TWO,
            id="interleaved",
        ),
        pytest.param(
            [_call(None, "f", id="a"), _call(None, arguments='{"x":1}'), _call(None, "g", '{"y":2}', id="b")],
            _TWO,
            id="no index",
        ),
        pytest.param(
            [
                _call(None, "f", '{"x":', id="a"),
                _call(None, arguments="1}", id="a"),
                _call(None, "g", '{"y":2}', id="b"),
            ],
            _TWO,
            id="no index, id in each",
        ),
        pytest.param([_call(0, "f", '{"x":1}', id="a"), _call(0, "g", '{"y":2}', id="b")], _TWO, id="index reused"),
        pytest.param(
            [_call(0, "f", '{"x":', id="a"), _call(0, "f", "1}", id="a"), _call(1, "g", '{"y":2}', id="b")],
            _TWO,
            id="id and name repeated",
        ),
        pytest.param(
            [_call(0, id="a"), _call(0, arguments='{"x":'), _call(0, "f", "1}"), _call(1, "g", '{"y":2}', id="b")],
            _TWO,
            id="late name",
        ),
        pytest.param(
            [{"tool_calls": [_call(1, "g", '{"y":2}')["tool_calls"][0]]}, _call(1, arguments="")],
            (ToolCall("call_0_0", "g", '{"y":2}'),),
            id="no id",
        ),
        pytest.param([_call(0, "f", {"x": 1}, id=7)], (ToolCall("7", "f", '{"x": 1}'),), id="object and number"),
        pytest.param(
            [_call(None, "f", "{}"), _call(None, "g", "{}")],
            (ToolCall("call_0_0", "f", "{}"), ToolCall("call_0_1", "g", "{}")),
            id="neither index nor id",
        ),
        pytest.param(
            [
                {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "g", "input": "fr"}}]},
                {"tool_calls": [{"index": 0, "custom": {"input": "ee"}}]},
            ],
            (ToolCall("a", "g", "free", custom=True),),
            id="custom",
        ),
    ],
)
@pytest.mark.parametrize("finish", ["tool_calls", "stop"])
def test_tool_calls_are_put_together_however_they_are_numbered(
    fold: Any, deltas: list[Any], calls: tuple[ToolCall, ...], finish: str
) -> None:
    stream = [*map(_chunk, deltas), _chunk(finish=finish), _DONE]
    (choice,) = fold(_events(*stream)).choices
    assert choice.parts == calls
    assert (choice.finish_reason, choice.native_finish_reason) == ("tool_calls", finish)
    relayed = _events(*stream, relay=True)
    assert [finish.reason for event in relayed if isinstance(event, Relayed) for finish in event.finishes] == [
        "tool_calls"
    ]


def test_a_call_whose_name_never_came_is_not_lost(fold: Any) -> None:
    stream = [_chunk(_call(0, arguments="{}", id="a")), _chunk(finish="tool_calls"), _DONE]
    assert fold(_events(*stream)).choices[0].parts == (ToolCall("a", "", "{}"),)


def test_several_choices_are_told_apart(fold: Any) -> None:
    pieces = [
        _chunk({"content": "A"}),
        _chunk({"content": "X"}, at=1),
        _chunk({"content": "B"}),
        _chunk(finish="length", at=1),
        _chunk(finish="stop"),
    ]
    answer = fold(_events(*pieces, _DONE))
    assert [(each.index, each.text, each.finish_reason) for each in answer.choices] == [
        (0, "AB", "stop"),
        (1, "X", "length"),
    ]


_SAMPLE = (
    _chunk({"role": "assistant", "content": ""}) + _chunk({"content": "Grüße 😀"}) + _chunk(finish="stop") + _usage()
)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_a_stream_may_be_split_anywhere_with_any_line_end(ending: bytes) -> None:
    stream = (b": ping\n\n" + _SAMPLE + _DONE).replace(b"\n", ending)
    whole = _events(stream)
    relayed = _raw(_events(stream, relay=True))
    assert TextDelta("Grüße 😀") in whole
    for cut in range(1, len(stream)):
        pieces = (stream[:cut], stream[cut:])
        assert _events(*pieces) == whole
    assert _events(*(stream[at : at + 1] for at in range(len(stream)))) == whole
    assert relayed == _SAMPLE.replace(b"\n", ending)
    # a lone CR ends a line too, so a CRLF that was split may close one event with its CR and open the next with its LF
    bytewise = _raw(_events(*(stream[at : at + 1] for at in range(len(stream))), relay=True))
    assert bytewise.split() == relayed.split()


def test_data_of_several_lines_is_one_event() -> None:
    stream = b'data: {"choices":[{"index":0,\ndata: "delta":{"content":"x"},\ndata: "finish_reason":"stop"}]}\n\n'
    assert TextDelta("x") in _events(stream)
    (relayed,) = _events(stream, relay=True)
    assert isinstance(relayed, Relayed)
    assert relayed.raw == stream
    assert relayed.content


def test_an_event_of_five_megabytes_goes_through() -> None:
    stream = _chunk({"content": "é" * 2_500_000}) + _chunk(finish="stop") + _DONE
    pieces = [stream[at : at + 65_536] for at in range(0, len(stream), 65_536)]
    words = [event.text for event in _events(*pieces) if isinstance(event, TextDelta)]
    assert words == ["é" * 2_500_000]
    assert _raw(_events(*pieces, relay=True)) == stream.removesuffix(_DONE)


def test_usage_is_found_wherever_it_stands(fold: Any) -> None:
    on_finish = _data({**_HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": _SPENT})
    at_groq = _data(
        {**_HEAD, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": _SPENT}}
    )
    for tail in (_chunk(finish="stop") + _usage(), on_finish, at_groq):
        stream = _chunk({"content": "x"}) + tail + _DONE
        assert fold(_events(stream)).usage.total_tokens == 5
        seen = [event.usage for event in _events(stream, relay=True) if isinstance(event, Relayed) and event.usage]
        assert [usage.total_tokens for usage in seen] == [5]


def test_a_chunk_of_usage_alone_is_marked() -> None:
    *_, usage = _events(_chunk({"content": "x"}), _chunk(finish="stop"), _usage(), _DONE, relay=True)
    assert isinstance(usage, Relayed)
    assert usage.usage_only
    assert not usage.content


@pytest.mark.parametrize(
    ("delta", "content"),
    [
        ({"role": "assistant", "content": ""}, False),
        ({"role": "assistant"}, False),
        ({"content": None, "tool_calls": []}, False),
        ({"content": "x"}, True),
        ({"refusal": "x"}, True),
        ({"reasoning_content": "x"}, True),
        ({"reasoning": "x"}, True),
        ({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}, True),
        ({"function_call": {"name": "f", "arguments": ""}}, True),
        ({"function_call": {"name": "", "arguments": ""}}, False),
        ({"audio": {"data": "UklG"}}, True),
    ],
)
def test_a_relayed_event_tells_whether_the_client_sees_something(delta: Any, content: bool) -> None:
    (event,) = _events(_chunk(delta), relay=True)
    assert isinstance(event, Relayed)
    assert event.content is content


@pytest.mark.parametrize("relay", [True, False])
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (b'data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n', "overloaded"),
        (b'event: error\ndata: {"error":{"message":"no tool","status_code":400}}\n\n', "invalid_request"),
        (b"event: error\ndata: something broke\n\n", "transient"),
        (b'data: {"error":"gone","choices":[{"index":0,"delta":{},"finish_reason":"error"}]}\n\n', "transient"),
    ],
)
def test_an_error_in_a_stream_ends_it(relay: bool, event: bytes, kind: str) -> None:
    events = _events(_chunk({"content": "x"}) + event + _chunk({"content": "y"}) + _DONE, relay=relay)
    failure = events[-1]
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, UpstreamError)
    assert failure.error.kind == kind
    assert not any(isinstance(each, Finish) for each in events)
    if b'"error"' in event:
        assert failure.error.body == event.partition(b"data: ")[2].strip()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"data: {oops\n\n",
        b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n',
        b'data: {"odd":"\xff","choices":[{"delta":{"content":"x"}}]}\n\n',
        b"data: 5\n\n",
        b'data: "ping"\n\n',
    ],
)
def test_a_malformed_event_is_passed_over(fold: Any, rubbish: bytes) -> None:
    stream = _chunk({"content": "A"}) + rubbish + _chunk({"content": "B"}) + _chunk(finish="stop") + _DONE
    assert fold(_events(stream)).text == "AB"
    assert _raw(_events(stream, relay=True)) == stream.replace(rubbish, b"").removesuffix(_DONE)


def test_an_event_of_a_wrong_shape_is_never_lost_in_silence() -> None:
    odd = b'data: {"choices":[{"index":0,"delta":{"content":{"much":1}}}]}\n\n'
    failure = _events(odd)[-1]
    assert isinstance(failure, Failure)
    assert "wrong shape" in failure.error.message
    assert _raw(_events(odd, relay=True)) == odd


def test_a_stream_keeps_its_grammar_when_the_server_does_not() -> None:
    events = _events(
        _data({"id": "", "model": "", "choices": [], "prompt_filter_results": []}),
        _chunk({"content": "A"}, finish="stop"),
        _chunk({"content": "B"}, finish="stop"),
        _DONE,
        _DONE,
    )
    assert events == [
        Start("c-1", "m-1", 5),
        TextDelta("A"),
        TextDelta("B"),
        Finish("stop", 0, "stop"),
    ]


def test_a_whole_message_may_stand_for_a_delta(fold: Any) -> None:
    stream = _data({**_HEAD, "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}) + _DONE
    assert fold(_events(stream)).text == "x"
    both = _data(
        {"choices": [{"index": 0, "message": {"content": "all"}, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    )
    assert fold(_events(both)).text == "x"


def test_done_ends_a_choice_that_gave_no_reason() -> None:
    stream = _chunk({"content": "x"}) + _DONE
    assert _events(stream)[-1] == Finish(None)
    relayed = _events(stream, relay=True)
    assert isinstance(relayed[-1], Relayed)
    assert relayed[-1].finishes == (Finish(None),)
    assert relayed[0] == Relayed(_chunk({"content": "x"}), content=True)
    assert b'"finish_reason":"stop"' in relayed[-1].raw


@pytest.mark.parametrize("relay", [True, False])
def test_a_stream_that_is_cut_has_no_finish(relay: bool) -> None:
    events = _events(_chunk({"content": "x"}), b'data: {"choi', relay=relay)
    assert not any(isinstance(event, Finish) or (isinstance(event, Relayed) and event.finishes) for event in events)


def test_the_last_event_may_lack_its_blank_line(fold: Any) -> None:
    stream = (_chunk({"content": "x"}) + _chunk(finish="stop")).rstrip(b"\n")
    (choice,) = fold(_events(stream)).choices
    assert (choice.text, choice.finish_reason) == ("x", "stop")


def test_usage_that_is_repeated_in_each_chunk_is_told_once() -> None:
    chunk = _data({**_HEAD, "choices": [{"index": 0, "delta": {"content": "x"}}], "usage": _SPENT})
    assert sum(isinstance(event, UsageReport) for event in _events(chunk, chunk, _DONE)) == 1


def test_thoughts_and_words_in_turns_are_two_parts(fold: Any) -> None:
    stream = [
        _chunk({"reasoning": "1"}),
        _chunk({"content": "a"}),
        _chunk({"reasoning": "2"}),
        _chunk({"content": "b"}),
    ]
    assert fold(_events(*stream, _DONE)).choices[0].parts == (Thinking("12", native="openai-chat"), Text("ab"))
