"""What Cohere answers: answers and streams of `cohere-chat`."""

import json
from typing import Any

import msgspec
import pytest

from llm_plugin_cohere.chat import CohereChat
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure
from lockgate_ports.parts import Native, Text, Thinking


def plain(finish: str = "COMPLETE", usage: Any = None, logprobs: Any = None, **message: Any) -> ChatResponse:
    answer = {"id": "a", "finish_reason": finish, "usage": usage, "logprobs": logprobs, "message": message}
    return CohereChat().read_response(json.dumps(answer).encode())


def streamed(*events: dict[str, Any]) -> list[Event]:
    reader = CohereChat().event_reader(relay=False)
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)
    return [*reader.feed(data), *reader.end()]


def folded(*events: dict[str, Any]) -> ChatResponse:
    accumulator = Accumulator()
    for event in streamed(*events):
        accumulator.add(event)
    return accumulator.response


def said(kind: str, index: int, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


END = {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}}
TEXT = {"start": 0, "end": 3, "text": "Ulm", "type": "TEXT_CONTENT"}
PLAN = {"start": 0, "end": 1, "text": "I", "type": "PLAN"}


def test_citations_stand_with_the_words_they_are_about() -> None:
    content = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ulm"}]
    answer = plain(content=content, citations=[{**TEXT, "content_index": 1}, TEXT, PLAN])
    thinking, text, plan = answer.choices[0].parts
    assert isinstance(text, Text)
    assert text.annotations is not None
    assert msgspec.json.decode(text.annotations) == [{**TEXT, "content_index": 1}, TEXT]
    assert (text.native, thinking) == ("cohere-chat", Thinking("Hm.", native="cohere-chat"))
    assert isinstance(plan, Native)
    assert msgspec.json.decode(plan.raw) == PLAN


def test_citations_of_a_stream_stand_there_too() -> None:
    answer = folded(
        said("content-delta", 0, content={"thinking": "Hm."}),
        said("content-delta", 1, content={"text": "Ulm"}),
        said("citation-start", 0, citations={**TEXT, "content_index": 1}),
        said("citation-start", 1, citations=TEXT),
        END,
    )
    text = answer.choices[0].parts[1]
    assert isinstance(text, Text)
    assert text.annotations is not None
    assert msgspec.json.decode(text.annotations) == [{**TEXT, "content_index": 1}, TEXT]


def test_usage_prefers_what_went_through_the_model_to_what_is_billed() -> None:
    billed = {"input_tokens": 5.0, "output_tokens": 6.0}
    usage = plain(usage={"billed_units": billed, "tokens": {"input_tokens": 50}, "cached_tokens": 4}).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (50, 6, 4)
    assert plain(usage={"cached_tokens": 4}).usage is None
    assert plain(usage="none").usage is None


def test_log_probabilities_are_told_in_openais_form() -> None:
    runs = [{"text": "ü", "token_ids": [1, 2], "logprobs": [-0.5, -0.25]}, {"text": "b", "token_ids": [3]}]
    logprobs = plain(content="üb", logprobs=runs).choices[0].logprobs
    assert logprobs is not None
    assert msgspec.json.decode(logprobs) == {
        "content": [{"token": "ü", "logprob": -0.75, "bytes": [195, 188], "top_logprobs": []}]
    }
    one = {**said("content-delta", 0, content={"text": "ü"}), "logprobs": runs[0]}
    streamed_logprobs = folded(one, END).choices[0].logprobs
    assert streamed_logprobs is not None
    assert msgspec.json.decode(streamed_logprobs)["content"] == msgspec.json.decode(logprobs)["content"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [("COMPLETE", "stop"), ("STOP_SEQUENCE", "stop"), ("MAX_TOKENS", "length"), ("ERROR_TOXIC", "content_filter")],
)
def test_each_word_for_an_end_has_its_meaning(word: str, reason: str) -> None:
    assert plain(word, content="x").choices[0].finish_reason == reason


def test_a_word_that_nobody_knows_is_kept_as_it_came() -> None:
    choice = plain("USER_CANCEL", content="x").choices[0]
    assert (choice.finish_reason, choice.native_finish_reason) == (None, "USER_CANCEL")


@pytest.mark.parametrize(("word", "kind"), [("ERROR", "transient"), ("TIMEOUT", "timeout")])
def test_an_answer_that_failed_half_way_is_no_answer(word: str, kind: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        plain(word, content="half")
    assert caught.value.kind == kind
    last = streamed({"type": "message-end", "delta": {"finish_reason": word}})[-1]
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamError)
    assert last.error.kind == kind


def test_an_unknown_kind_of_content_is_carried() -> None:
    (part,) = plain(content=[{"type": "new", "x": 1}]).choices[0].parts
    assert isinstance(part, Native)
    assert (part.type, msgspec.json.decode(part.raw)) == ("new", {"type": "new", "x": 1})


def test_an_error_that_comes_as_an_event_is_a_failure() -> None:
    (failure,) = streamed({"message": "too many tokens: at most 8"})
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, UpstreamError)
    assert failure.error.kind == "context_length"


def test_nothing_after_the_end_counts() -> None:
    answer = folded(
        said("content-delta", 0, content={"text": "a"}), END, said("content-delta", 0, content={"text": "b"})
    )
    assert answer.text == "a"
