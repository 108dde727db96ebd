"""A relayed stream reaches its client with one id, one end a choice and one usage, whatever the server repeats."""

import json
from typing import Any

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.events import Event, Finish, Relayed
from lockgate_ports.usage import Usage

_HEAD = {"id": "c-1", "object": "chat.completion.chunk", "created": 5, "model": "m-1"}
_DONE = b"data: [DONE]\n\n"
_SPENT = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
_MORE = {"prompt_tokens": 2, "completion_tokens": 9, "total_tokens": 11}


def _event(*choices: dict[str, Any], **fields: Any) -> bytes:
    return b"data: " + json.dumps({**_HEAD, "choices": choices, **fields}).encode() + b"\n\n"


def _choice(delta: Any = None, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"index": index, "delta": delta or {}, "finish_reason": finish}


_HELLO = _event(_choice({"role": "assistant", "content": "Hi"}))
_STOP = _event(_choice(finish="stop"))
_USAGE = _event(usage=_SPENT)


def _relayed(*pieces: bytes) -> list[Relayed]:
    reader = OpenAIChat().event_reader(relay=True)
    events: list[Event] = [*(event for piece in pieces for event in reader.feed(piece)), *reader.end()]
    assert all(isinstance(event, Relayed) for event in events)
    return [event for event in events if isinstance(event, Relayed)]


def _seen(events: list[Relayed]) -> list[dict[str, Any]]:
    raw = b"".join(event.raw for event in events)
    return [json.loads(block.removeprefix(b"data: ")) for block in raw.split(b"\n\n") if block]


def test_a_second_end_of_a_choice_is_taken_out_and_its_usage_stays() -> None:
    again = _event(_choice({"role": "assistant", "content": ""}, "stop"), usage=_SPENT)
    events = _relayed(_HELLO, _STOP, again, _DONE)
    assert b"".join(event.raw for event in events[:2]) == _HELLO + _STOP
    assert _seen(events)[-1] == {**_HEAD, "choices": [], "usage": _SPENT}
    assert sum(len(event.finishes) for event in events) == 1


def test_a_second_end_that_says_nothing_else_is_left_out() -> None:
    assert b"".join(event.raw for event in _relayed(_HELLO, _STOP, _STOP, _USAGE, _DONE)) == _HELLO + _STOP + _USAGE


def test_a_second_end_of_one_choice_leaves_the_others_as_they_are() -> None:
    both = _event(_choice(finish="stop"), _choice({"content": "b"}, index=1))
    (_, _, last, *_) = _seen(_relayed(_HELLO, _STOP, both, _DONE))
    assert last["choices"] == [_choice({"content": "b"}, index=1)]


def test_content_after_an_end_stays_without_a_second_end() -> None:
    late = _event(_choice({"content": "!"}, "stop"))
    (_, _, last) = _seen(_relayed(_HELLO, _STOP, late, _DONE))
    assert last["choices"] == [_choice({"content": "!"})]


def test_usage_that_is_told_again_is_left_out() -> None:
    end = _event(_choice(finish="stop"), usage=_SPENT)
    events = _relayed(_HELLO, end, _USAGE, _DONE)
    assert b"".join(event.raw for event in events) == _HELLO + end


def test_usage_so_far_is_kept_back_until_the_last_one() -> None:
    early = _event(_choice({"content": "Hi"}), usage=_SPENT)
    end = _event(_choice(finish="stop"), usage=_MORE)
    events = _relayed(early, end, _DONE)
    assert [chunk.get("usage") for chunk in _seen(events)] == [None, _MORE]
    assert [event.usage.output_tokens for event in events if event.usage] == [3, 9]


def test_usage_that_came_only_early_closes_the_stream() -> None:
    early = _event(_choice({"content": "Hi"}), usage=_SPENT)
    for closing in (_DONE, b""):
        events = _relayed(early, _STOP, closing)
        assert _seen(events)[-1] == {**_HEAD, "choices": [], "usage": _SPENT}
        assert events[-1].usage_only
        assert events[0].usage == Usage(input_tokens=2, output_tokens=3, total_tokens=5)


def test_another_id_is_set_to_the_first() -> None:
    other = _event(_choice({"content": "!"}), id="c-2", zz=1.50)
    events = _relayed(_HELLO, other, _STOP, _DONE)
    assert {chunk["id"] for chunk in _seen(events)} == {"c-1"}
    assert b'"zz":1.5' in events[1].raw


def test_an_event_before_there_is_an_id_stays_as_it_is() -> None:
    verdict = _event(id="", prompt_filter_results=[])
    assert _relayed(verdict, _HELLO, _STOP, _DONE)[0].raw == verdict


def test_done_without_an_end_brings_one_before_the_usage() -> None:
    call = {"tool_calls": [{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{}"}}]}
    for delta, word in (({"content": "Hi"}, "stop"), (call, "tool_calls")):
        events = _relayed(_event(_choice(delta)), _USAGE, _DONE)
        (_, end, usage) = _seen(events)
        assert end["choices"] == [{**_choice(finish=word), "logprobs": None}]
        assert usage["usage"] == _SPENT
        assert [finish for event in events for finish in event.finishes] == [Finish(None)]


def test_a_cut_stream_is_given_no_end() -> None:
    assert b"".join(event.raw for event in _relayed(_HELLO, _USAGE)) == _HELLO
