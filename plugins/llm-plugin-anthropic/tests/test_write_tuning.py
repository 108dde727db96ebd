"""From the canonical view to a request: limits, sampling, thinking, structured output, and what has no word."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec import Raw, structs

from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.kinds import ANTHROPIC
from llm_plugin_anthropic.quirks import Quirks
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, FunctionTool, Reasoning, ResponseFormat, ToolChoice
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Message, Thinking, ToolCall, assistant, tool, user

Write = Callable[..., dict[str, Any]]
_BUDGETED, _PLAIN = "claude-sonnet-4-5", "claude-3-haiku-20240307"
_OPEN = Raw(b'{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}')
_BEYOND = Raw(b'{"type":"object","properties":{"n":{"type":"integer","minimum":1}}}')


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("card", 777),
        ("claude-opus-5", 128_000),
        ("claude-sonnet-4-5", 64_000),
        ("anthropic.claude-opus-4-1-20250805-v1:0", 32_000),
        ("claude-sonnet-4-20250514", 64_000),
        ("claude-3-5-haiku-latest", 8192),
        ("claude-3-opus-20240229", 4096),
        ("somebody-elses", 4096),
    ],
)
def test_a_caller_who_names_no_limit_gets_all_the_model_can_give(upstream: Upstream, model: str, most: int) -> None:
    cards = (ModelCard(id="card", max_output_tokens=777), *ANTHROPIC.catalogue())
    view = ChatRequest(model="m", messages=(user("Hi"),))
    written = AnthropicMessages(Quirks(models=cards)).write_request(view, structs.replace(upstream, model=model))
    assert json.loads(written.http.body)["max_tokens"] == most


def test_a_limit_that_is_named_is_kept(write: Write) -> None:
    assert write(max_tokens=1)["max_tokens"] == 1


def test_words_with_the_same_meaning(write: Write) -> None:
    sent = write(stop=("END", "\n"), temperature=0.5, top_p=0.9, top_k=7, user="u-1", service_tier="default", seed=None)
    assert sent["stop_sequences"] == ["END"]
    assert (sent["temperature"], sent["top_p"], sent["top_k"]) == (0.5, 0.9, 7)
    assert sent["metadata"] == {"user_id": "u-1"}
    assert sent["service_tier"] == "standard_only"
    assert sent["dropped"] == ("stop[1]",)


def test_tuning_without_a_word_is_left_out_and_named(write: Write) -> None:
    tuning: dict[str, Any] = {
        "seed": 0,
        "frequency_penalty": 0.5,
        "logit_bias": {"1": 2.0},
        "logprobs": True,
        "verbosity": "low",
        "temperature": 1.5,
        "metadata": {"team": "a"},
        "service_tier": "flex",
    }
    sent = write(**tuning)
    assert set(sent["dropped"]) == set(tuning)
    assert sent.keys() == {"model", "max_tokens", "messages", "dropped"}
    for name, value in tuning.items():
        with pytest.raises(Unsupported, match=name):
            write(params="strict", **{name: value})
    assert write(params="pass", seed=7, temperature=1.5)["seed"] == 7


def test_what_changes_nothing_needs_no_word(write: Write) -> None:
    write(params="strict", n=1, logprobs=False, frequency_penalty=0, presence_penalty=0, store=False, logit_bias={})


@pytest.mark.parametrize("asked", [{"n": 2}, {"modalities": ("text", "audio")}])
def test_answers_that_the_api_cannot_give_are_refused(write: Write, asked: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as caught:
        write(**asked)
    assert caught.value.param == next(iter(asked))


def test_later_versions_of_the_api_have_no_sampling(upstream: Upstream) -> None:
    view = ChatRequest(model="m", messages=(user("Hi"),), temperature=1.0)
    written = AnthropicMessages(Quirks(sampling=False)).write_request(view, upstream)
    assert written.dropped == ("temperature",)
    assert b"temperature" not in written.http.body


@pytest.mark.parametrize(
    ("model", "reasoning", "thinking", "effort"),
    [
        ("claude-opus-5", Reasoning("minimal"), {"type": "adaptive"}, "low"),
        ("claude-opus-5", Reasoning("xhigh"), {"type": "adaptive"}, "xhigh"),
        ("claude-opus-5", Reasoning("low", summary="auto"), {"type": "adaptive", "display": "summarized"}, "low"),
        ("claude-opus-5", Reasoning("none"), {"type": "disabled"}, None),
        ("claude-opus-5", Reasoning(enabled=False), {"type": "disabled"}, None),
        ("claude-opus-4-6", Reasoning(budget_tokens=2000), {"type": "enabled", "budget_tokens": 2000}, None),
        (_BUDGETED, Reasoning("low"), {"type": "enabled", "budget_tokens": 1024}, None),
        (_BUDGETED, Reasoning("high"), {"type": "enabled", "budget_tokens": 8000}, None),
        (_BUDGETED, Reasoning(enabled=True), {"type": "enabled", "budget_tokens": 4096}, None),
        (_PLAIN, Reasoning("none"), None, None),
    ],
)
def test_thought_is_asked_for_as_the_model_takes_it(
    write: Write, model: str, reasoning: Reasoning, thinking: object, effort: object
) -> None:
    sent = write(model=model, reasoning=reasoning, max_tokens=10_000)
    assert sent.get("thinking") == thinking
    assert sent.get("output_config", {}).get("effort") == effort
    assert sent["dropped"] == ()


@pytest.mark.parametrize(
    ("model", "fields", "dropped"),
    [
        (_PLAIN, {"reasoning": Reasoning("low")}, "reasoning_effort"),
        (_BUDGETED, {"reasoning": Reasoning("low"), "max_tokens": 1024}, "reasoning_effort"),
        ("claude-opus-5", {"reasoning": Reasoning(budget_tokens=9)}, "reasoning.budget_tokens"),
        (_BUDGETED, {"reasoning": Reasoning(budget_tokens=9999), "max_tokens": 5000}, "reasoning.budget_tokens"),
        (
            "claude-opus-5",
            {"reasoning": Reasoning("low"), "tools": (FunctionTool("a"),), "tool_choice": ToolChoice("required")},
            "reasoning_effort",
        ),
        ("claude-opus-5", {"reasoning": Reasoning("low"), "temperature": 0.3}, "temperature"),
        (_BUDGETED, {"reasoning": Reasoning("low"), "top_k": 3}, "top_k"),
    ],
)
def test_what_cannot_go_with_thought_is_named(write: Write, model: str, fields: dict[str, Any], dropped: str) -> None:
    assert write(model=model, **fields)["dropped"] == (dropped,)


def test_a_budget_fits_the_limit(write: Write) -> None:
    sent = write(model=_BUDGETED, reasoning=Reasoning(budget_tokens=9999), max_tokens=5000)
    assert sent["thinking"]["budget_tokens"] == 4999


def test_in_the_middle_of_calls_a_model_thinks_on_only_with_its_own_thoughts(write: Write) -> None:
    def turns(*parts: Thinking) -> tuple[Message, ...]:
        return (user("Hi"), assistant(*parts, ToolCall("a", "f", "{}")), tool("a", "x"))

    own = Thinking("Hm", "c2ln", native="anthropic-messages")
    assert "thinking" not in write(*turns(), model=_BUDGETED, reasoning=Reasoning("low"))
    assert "thinking" in write(*turns(own), model=_BUDGETED, reasoning=Reasoning("low"))
    assert "thinking" in write(*turns(), user("?"), model=_BUDGETED, reasoning=Reasoning("low"))
    assert "thinking" in write(*turns(), reasoning=Reasoning("low"))


def test_a_schema_is_native_where_model_and_schema_allow_and_is_closed(write: Write) -> None:
    sent = write(response_format=ResponseFormat("json_schema", _OPEN, "answer"))
    told = {**msgspec.json.decode(_OPEN), "additionalProperties": False}
    assert sent["output_config"] == {"format": {"type": "json_schema", "schema": told}}
    assert "tools" not in sent


@pytest.mark.parametrize(
    ("model", "form"),
    [
        (_PLAIN, ResponseFormat("json_schema", _OPEN)),
        ("claude-opus-5", ResponseFormat("json_schema", _BEYOND)),
        ("claude-opus-5", ResponseFormat("json_schema", Raw(b'{"type":"object"}'))),
        ("claude-opus-5", ResponseFormat("json_object")),
    ],
)
def test_else_a_tool_stands_for_it_and_must_be_called(write: Write, model: str, form: ResponseFormat) -> None:
    sent = write(model=model, response_format=form)
    (answer,) = sent["tools"]
    assert answer["name"] == ANSWER_TOOL
    assert answer["input_schema"] == msgspec.json.decode(form.schema or b'{"type":"object"}')
    assert sent["tool_choice"] == {"type": "tool", "name": ANSWER_TOOL, "disable_parallel_tool_use": True}


def test_beside_the_callers_tools_it_is_one_of_them(write: Write) -> None:
    form = ResponseFormat("json_object")
    sent = write(response_format=form, tools=(FunctionTool("a"),))
    assert [each["name"] for each in sent["tools"]] == ["a", ANSWER_TOOL]
    assert sent["tool_choice"] == {"type": "any"}
    sent = write(response_format=form, tools=(FunctionTool("a"),), tool_choice=ToolChoice("none"))
    assert sent["tool_choice"]["name"] == ANSWER_TOOL
    sent = write(response_format=form, tools=(FunctionTool("a"),), tool_choice=ToolChoice("named", "a"))
    assert sent["tool_choice"] == {"type": "tool", "name": "a"}


def test_a_schema_of_no_object_that_is_not_native_is_refused(write: Write) -> None:
    with pytest.raises(Unsupported, match="schema"):
        write(model=_PLAIN, response_format=ResponseFormat("json_schema", Raw(b'{"type":"array"}')))
