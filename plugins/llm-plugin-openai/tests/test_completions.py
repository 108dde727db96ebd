"""The provider side of openai-completions, on bytes alone: what a step's edit makes of it."""

import json

import pytest

from llm_plugin_openai.completions.dialect import OpenAICompletions
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse, FunctionTool, ResponseFormat
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import Unsupported
from lockgate_ports.http import Origin
from lockgate_ports.parts import system, user

UPSTREAM = Upstream(provider_id="up", origin=Origin("https", "a.test", 443), prefix="/v1", model="m", stream=True)
ANSWER = {
    "id": "cmpl-1",
    "created": 7,
    "model": "m-1",
    "choices": [
        {
            "index": 0,
            "text": "hello",
            "finish_reason": "stop",
            "logprobs": {"tokens": ["hello"], "token_logprobs": [None], "top_logprobs": None, "text_offset": [0]},
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


def test_an_edited_prompt_is_written_anew() -> None:
    view = ChatRequest(model="m", messages=(user("Say"),), max_tokens=5, stop=("x",), logprobs=True, top_k=3)
    written = OpenAICompletions().write_request(view, UPSTREAM)
    assert json.loads(written.http.body) == {
        "model": "m",
        "prompt": "Say",
        "max_tokens": 5,
        "stop": ["x"],
        "logprobs": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert written.dropped == ("top_k",)


@pytest.mark.parametrize(
    ("view", "param"),
    [
        (ChatRequest(model="m", messages=(system("Be brief"), user("hi"))), "messages"),
        (ChatRequest(model="m", messages=(user("hi"),), tools=(FunctionTool("f"),)), "tools"),
        (
            ChatRequest(model="m", messages=(user("hi"),), response_format=ResponseFormat("json_object")),
            "response_format",
        ),
    ],
)
def test_what_bare_text_cannot_say_is_refused(view: ChatRequest, param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        OpenAICompletions().write_request(view, UPSTREAM)
    assert caught.value.param == param


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_stream_split_anywhere_folds_to_the_whole_answer(size: int) -> None:
    whole = OpenAICompletions().read_response(json.dumps(ANSWER).encode())
    pieces = [
        {**ANSWER, "choices": [{"index": 0, "text": "hel", "finish_reason": None}], "usage": None},
        {**ANSWER, "choices": [{**ANSWER["choices"][0], "text": "lo"}], "usage": None},
        {**ANSWER, "choices": []},
    ]
    data = b"".join(b"data: " + json.dumps(each).encode() + b"\n\n" for each in pieces) + b"data: [DONE]\n\n"
    reader = OpenAICompletions().event_reader(relay=False)
    fold = Accumulator()
    for start in range(0, len(data), size):
        for event in reader.feed(data[start : start + size]):
            fold.add(event)
    told = fold.response
    assert _said(told) == _said(whole)
    assert told.usage == whole.usage
    assert whole.choices[0].logprobs is not None


def _said(answer: ChatResponse) -> tuple[object, ...]:
    choice = answer.choices[0]
    return answer.id, answer.model, answer.created, choice.text, choice.finish_reason, choice.logprobs
