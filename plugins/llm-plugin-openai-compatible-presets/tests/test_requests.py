"""What each row sends in words of its own, both translated and from clients of the same language."""

import json
from typing import Any

import pytest
from msgspec import Raw

from lockgate_ports.chat import Reasoning, ResponseFormat
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Message, Text, Thinking, ToolCall, assistant, tool, user

_CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


async def test_mistral_is_given_its_own_name_for_the_seed(row: Any) -> None:
    for sent in (await row("mistral").sends(seed=7, max_tokens=5), await row("mistral").relays(seed=7, max_tokens=5)):
        assert (sent.body["random_seed"], sent.body["max_tokens"]) == (7, 5)
        assert "seed" not in sent.body


async def test_mistral_gets_ids_of_nine_letters_and_digits_that_still_meet(row: Any) -> None:
    history = (user("Hi"), assistant(ToolCall("call_1", "f", "{}")), tool("call_1", "x"))
    relayed = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": None, "tool_calls": [_CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "x"},
    ]
    ids = set[str]()
    for sent in (await row("mistral").sends(messages=history), await row("mistral").relays(messages=relayed)):
        _, said, result = sent.body["messages"]
        ids |= {said["tool_calls"][0]["id"], result["tool_call_id"]}
    (only,) = ids
    assert len(only) == 9
    assert only.isalnum()
    own = assistant(ToolCall("aB3xK9mP2", "f", "{}"))
    assert (await row("mistral").sends(messages=(own,))).body["messages"][0]["tool_calls"][0]["id"] == "aB3xK9mP2"


async def test_mistral_gets_its_thoughts_back_as_content(row: Any) -> None:
    sent = await row("mistral").sends(messages=(assistant(Thinking("Hm."), Text("Yes")),))
    assert sent.body["messages"][0]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "Yes"},
    ]


async def test_what_seals_mistrals_thoughts_goes_there_and_back(row: Any) -> None:
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "signature": "c2ln"}
    body = {"choices": [{"message": {"content": [thought]}, "finish_reason": "stop"}]}
    told = await row("mistral").reads(json.dumps(body).encode())
    sent = await row("mistral").sends(messages=(Message("assistant", told.choices[0].parts),))
    relayed = await row("mistral").relays(messages=[{"role": "assistant", "content": [thought]}], user="u")
    assert sent.body["messages"][0]["content"] == relayed.body["messages"][0]["content"] == [thought]


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning_details"])
async def test_thoughts_from_elsewhere_go_where_a_strict_provider_takes_them(row: Any, name: str) -> None:
    told = {
        "reasoning_content": "Hm.",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm.", "signature": "s"}],
    }
    history = [{"role": "assistant", "content": "Yes", name: told[name]}]
    for kind in ("groq", "cerebras"):
        (message,) = (await row(kind).relays(messages=history)).body["messages"]
        assert message == {"role": "assistant", "content": "Yes", "reasoning": "Hm."}
    (message,) = (await row("mistral").relays(messages=history)).body["messages"]
    assert message.keys() == {"role", "content"}
    assert message["content"][0]["thinking"] == [{"type": "text", "text": "Hm."}]
    (message,) = (await row("openrouter").relays(messages=history)).body["messages"]
    assert message == history[0]


async def test_sealed_thoughts_of_another_language_are_left_out_by_name(row: Any) -> None:
    sent = await row("deepseek").sends(messages=(assistant(Thinking("Hm.", "s", native="other"), Text("Yes")),))
    assert sent.body["messages"] == [{"role": "assistant", "content": "Yes"}]
    assert sent.dropped == ("thinking",)


async def test_mistral_is_spared_what_it_would_refuse(row: Any) -> None:
    sent = await row("mistral").relays(user="u", store=True, max_completion_tokens=3, stream_options=None)
    assert sent.body.keys() == {"model", "messages", "max_tokens"}
    assert sent.dropped == ("user", "store")
    sent = await row("mistral").relays(web_search_options={}, guardrails=[], stream_options={"include_usage": True})
    assert sent.body.keys() == {"model", "messages", "guardrails"}
    assert sent.dropped == ("web_search_options",)


async def test_a_request_of_mistrals_own_goes_in_its_own_bytes(row: Any) -> None:
    fields = {
        "safe_prompt": True,
        "random_seed": 12345678901234567890123,
        "messages": [{"role": "assistant", "content": "x", "prefix": True}],
    }
    sent = await row("mistral").relays(**fields)
    assert sent.body == {"model": "real", **fields}
    assert b'"model": "real"' in sent.http.body


@pytest.mark.parametrize("kind", ["mistral", "deepseek", "moonshot", "zai", "alibaba", "perplexity", "together"])
async def test_a_developer_speaks_as_the_system_where_there_is_no_such_role(row: Any, kind: str) -> None:
    view = await row(kind).sends(messages=(Message("developer", (Text("Be brief."),)), user("Hi")))
    relayed = await row(kind).relays(messages=[{"role": "developer", "content": "Be brief."}])
    for sent in (view, relayed):
        assert sent.body["messages"][0] == {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize("kind", ["groq", "deepseek", "zai"])
async def test_several_choices_are_refused_by_a_provider_that_gives_one(row: Any, kind: str) -> None:
    for ask in (row(kind).sends(n=2), row(kind).relays(n=2)):
        with pytest.raises(Unsupported) as caught:
            await ask
        assert caught.value.param == "n"
    sent = await row(kind).relays(n=1)
    assert ("n" in sent.body, sent.dropped) == (False, ())


async def test_what_groq_lacks_is_left_out_by_name_or_refused_or_sent(row: Any) -> None:
    assert (await row("groq").relays(logprobs=True)).dropped == ("logprobs",)
    assert (await row("groq", params="pass").relays(logprobs=True)).body["logprobs"] is True
    with pytest.raises(Unsupported) as caught:
        await row("groq", params="strict").relays(logprobs=True)
    assert caught.value.param == "logprobs"


@pytest.mark.parametrize(("kind", "lacks"), [("zai", "json_schema"), ("perplexity", "json_object")])
async def test_a_form_of_answer_that_a_provider_does_not_know_is_refused(row: Any, kind: str, lacks: Any) -> None:
    form = ResponseFormat(lacks, Raw(b'{"type":"object"}') if lacks == "json_schema" else None, "answer")
    with pytest.raises(Unsupported) as caught:
        await row(kind).sends(response_format=form)
    assert caught.value.param == "response_format"
    assert lacks in caught.value.message
    assert (await row(kind, params="pass").sends(response_format=form)).body["response_format"]["type"] == lacks


@pytest.mark.parametrize(
    ("kind", "reasoning", "expected"),
    [
        ("deepseek", Reasoning("none"), {"thinking": {"type": "disabled"}}),
        ("deepseek", Reasoning("high"), {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("moonshot", Reasoning(enabled=False), {"thinking": {"type": "disabled"}}),
        ("zai", Reasoning(budget_tokens=2000), {"thinking": {"type": "enabled"}}),
        ("alibaba", Reasoning(budget_tokens=2000), {"enable_thinking": True, "thinking_budget": 2000}),
        ("alibaba", Reasoning("none"), {"enable_thinking": False}),
        ("together", Reasoning(enabled=False), {"reasoning": {"enabled": False}}),
        ("vllm", Reasoning("none"), {"chat_template_kwargs": {"enable_thinking": False}}),
        ("openrouter", Reasoning("high", 2000), {"reasoning": {"effort": "high", "max_tokens": 2000}}),
        ("groq", Reasoning("low"), {"reasoning_effort": "low"}),
    ],
)
async def test_reasoning_is_said_in_the_providers_words(
    row: Any, kind: str, reasoning: Reasoning, expected: dict[str, Any]
) -> None:
    sent = await row(kind).sends(reasoning=reasoning)
    assert {name: value for name, value in sent.body.items() if name not in ("model", "messages")} == expected


async def test_how_much_to_think_is_left_out_by_name_where_only_whether_can_be_said(row: Any) -> None:
    assert (await row("zai").sends(reasoning=Reasoning(budget_tokens=2000))).dropped == ("reasoning.max_tokens",)
    sent = await row("alibaba").relays(reasoning_effort="low")
    assert (sent.body["enable_thinking"], sent.dropped) == (True, ("reasoning_effort",))
    with pytest.raises(Unsupported):
        await row("zai", params="strict").sends(reasoning=Reasoning(budget_tokens=2000))


async def test_a_providers_own_words_for_thinking_win(row: Any) -> None:
    thinking = {"type": "enabled", "clear_thinking": False}
    assert (await row("zai").relays(thinking=thinking, reasoning_effort="high")).body["thinking"] == thinking


@pytest.mark.parametrize(
    ("kind", "field"),
    [("deepseek", "reasoning_content"), ("groq", "reasoning"), ("cerebras", "reasoning"), ("vllm", "reasoning")],
)
async def test_thoughts_go_back_where_the_provider_reads_them(row: Any, kind: str, field: str) -> None:
    sent = await row(kind).sends(messages=(assistant(Thinking("Hm."), ToolCall("c", "f", "{}")), tool("c", "x")))
    assert sent.body["messages"][0][field] == "Hm."


async def test_local_servers_know_more_sampling_and_some_call_it_otherwise(row: Any) -> None:
    fields = {"top_k": 5, "repetition_penalty": 1.1}
    assert (await row("vllm").sends(**fields)).body["repetition_penalty"] == 1.1
    for kind in ("llama-cpp-server", "lm-studio"):
        for sent in (await row(kind).sends(**fields), await row(kind).relays(**fields)):
            assert (sent.body["top_k"], sent.body["repeat_penalty"]) == (5, 1.1)
            assert sent.dropped == ()


async def test_functions_of_older_clients_become_tools(row: Any) -> None:
    sent = await row("mistral").relays(functions=[{"name": "f", "parameters": {}}], function_call="auto")
    assert sent.body["tools"][0]["function"]["name"] == "f"
    assert "functions" not in sent.body
