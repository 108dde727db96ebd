"""Folding the engine's events."""

import json
from typing import Any

from llm_plugin_llamacpp.answer import Tidy, folded
from llm_plugin_llamacpp.ask import Asked

HEAD = {"id": "c1", "created": 7, "model": "m", "system_fingerprint": "f", "object": "chat.completion.chunk"}


def event(*choices: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"choices": list(choices), **HEAD, **more}, separators=(",", ":")).encode()


def delta(index: int = 0, finish: str | None = None, /, logprobs: Any = None, **said: Any) -> dict[str, Any]:
    choice = {"finish_reason": finish, "index": index, "delta": said}
    return choice if logprobs is None else {**choice, "logprobs": logprobs}


def usage(prompt: int, completion: int) -> dict[str, int]:
    return {"completion_tokens": completion, "prompt_tokens": prompt, "total_tokens": prompt + completion}


def test_text_thoughts_logprobs_and_the_engines_own_fields_all_arrive() -> None:
    whole = json.loads(
        folded(
            [
                event(delta(role="assistant", content=None)),
                event(delta(reasoning_content="Hm")),
                event(delta(reasoning_content="m.", logprobs={"content": [{"token": "m."}]})),
                event(delta(content="Hé", logprobs={"content": [{"token": "Hé"}]})),
                event(delta(content="llo")),
                event(delta(0, "stop")),
                event(usage=usage(3, 4), timings={"predicted_ms": 1.25}, new_field=[1]),
            ]
        )
    )
    assert whole == {
        **HEAD,
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": "Héllo", "reasoning_content": "Hmm."},
                "logprobs": {"content": [{"token": "m."}, {"token": "Hé"}]},
            }
        ],
        "usage": usage(3, 4),
        "timings": {"predicted_ms": 1.25},
        "new_field": [1],
    }


def test_parallel_tool_calls_are_put_together_by_their_index() -> None:
    def call(at: int, **more: Any) -> dict[str, Any]:
        return delta(tool_calls=[{"index": at, **more}])

    whole = json.loads(
        folded(
            [
                event(delta(role="assistant", content=None)),
                event(call(0, id="a", type="function", function={"name": "f", "arguments": ""})),
                event(call(0, function={"arguments": '{"x":'})),
                event(call(1, id="b", type="function", function={"name": "g", "arguments": "{}"})),
                event(call(0, function={"arguments": "1}"})),
                event(delta(0, "tool_calls")),
            ]
        )
    )
    message = whole["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_an_answer_of_no_words_is_the_empty_text() -> None:
    whole = json.loads(folded([event(delta(role="assistant", content=None)), event(delta(0, "stop"))]))
    assert whole["choices"][0]["message"]["content"] == ""


def test_reports_on_the_prompt_reach_only_those_who_asked() -> None:
    report = event(delta(role="assistant", content=None), prompt_progress={"total": 9})
    quoted = event(delta(content='"prompt_progress":{'))
    assert Tidy(Asked(b"", 1, False)).pass_on([report, quoted]) == [quoted]
    assert Tidy(Asked(b"", 1, True)).pass_on([report, quoted]) == [report, quoted]


def test_usage_of_several_choices_is_one_report_after_all_of_them() -> None:
    tidy = Tidy(Asked(b"", 2, False))
    ended = [event(delta(1, "stop")), event(delta(0, "length"))]
    first, second = event(usage=usage(5, 2), timings={"n": 1}), event(usage=usage(5, 3), timings={"n": 2})
    assert tidy.pass_on([ended[0], first]) == ended[:1]
    assert not tidy.complete
    assert tidy.pass_on([ended[1], second]) == ended[1:]
    assert tidy.complete
    (last,) = tidy.last()
    said = json.loads(last)
    assert said["usage"] == usage(5, 5)
    assert said["timings_by_choice"] == [{"n": 1}, {"n": 2}]


def test_a_word_that_looks_like_an_ending_is_none() -> None:
    tidy = Tidy(Asked(b"", 1, False))
    tidy.pass_on([event(delta(content='"finish_reason":"stop"'))])
    assert not tidy.complete
