"""What each row's server answers in a form of its own, whole and streamed."""

import json
from decimal import Decimal
from typing import Any

import pytest

from llm_plugin_openai.dialect import OpenAIChat
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure


def _sse(*chunks: dict[str, Any], end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n" for chunk in chunks) + end


def _delta(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _answer(**message: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode()


async def test_groq_may_tell_usage_apart(row: Any) -> None:
    spent = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    told = await row("groq").streams(_sse(_delta(content="x"), _delta("stop") | {"x_groq": {"usage": spent}}))
    assert (told.usage.input_tokens, told.usage.output_tokens) == (3, 2)


async def test_thoughts_in_reasoning_are_thoughts(row: Any) -> None:
    plain = await row("cerebras").reads(_answer(reasoning="Hm.", content="Yes"))
    streamed = await row("cerebras").streams(_sse(_delta(reasoning="Hm."), _delta(content="Yes"), _delta("stop")))
    for told in (plain, streamed):
        assert (told.choices[0].thinking, told.text) == ("Hm.", "Yes")


async def test_mistrals_thoughts_are_parts_of_the_content(row: Any) -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    plain = await row("mistral").reads(_answer(content=[thinking, {"type": "text", "text": "Yes"}]))
    streamed = await row("mistral").streams(_sse(_delta(content=[thinking]), _delta(content="Yes"), _delta("stop")))
    for told in (plain, streamed):
        assert (told.choices[0].thinking, told.text) == ("Hm.", "Yes")


@pytest.mark.parametrize("kind", ["perplexity", "nvidia", "vllm", "huggingface"])
@pytest.mark.parametrize(
    ("written", "thought", "text"),
    [
        ("<think>\nHm & é.</think>\n\nYes <b>.", "\nHm & é.", "Yes <b>."),
        ("  <think>a</thin</think>b", "a</thin", "b"),
        ("<think>never closed", "never closed", ""),
        ("<thin ice", "", "<thin ice"),
        ("<th", "", "<th"),
        ("plain <think>x</think>", "", "plain <think>x</think>"),
        ("<think></think>\n", "", ""),
    ],
)
async def test_thoughts_between_tags_are_told_apart(row: Any, kind: str, written: str, thought: str, text: str) -> None:
    plain = await row(kind).reads(_answer(content=written))
    letters = _sse(*(_delta(content=letter) for letter in written), _delta("stop"))
    pairs = _sse(*(_delta(content=written[at : at + 9]) for at in range(0, len(written), 9)), _delta("stop"))
    for told in (plain, await row(kind).streams(letters), await row(kind).streams(pairs)):
        assert (told.choices[0].thinking, told.text) == (thought, text)
        assert told.choices[0].finish_reason == "stop"


async def test_text_between_tags_stays_where_no_model_thinks_so(row: Any) -> None:
    assert (await row("deepseek").reads(_answer(content="<think>a</think>b"))).text == "<think>a</think>b"


async def test_what_perplexity_draws_from_becomes_annotations(row: Any) -> None:
    sources = {
        "citations": ["https://a.test", "https://b.test"],
        "search_results": [
            {"title": "A", "url": "https://a.test", "date": None},
            {"title": "B", "url": "https://b.test"},
        ],
    }
    expected = [
        {"type": "url_citation", "url_citation": {"url": "https://a.test", "title": "A"}},
        {"type": "url_citation", "url_citation": {"url": "https://b.test", "title": "B"}},
    ]
    plain = await row("perplexity").reads(json.dumps(json.loads(_answer(content="Yes")) | sources).encode())
    chunks = [_delta(content="Y") | sources, _delta(content="es") | sources, _delta("stop") | sources]
    streamed = await row("perplexity").streams(_sse(*chunks, end=b""))
    for told in (plain, streamed):
        (part,) = told.choices[0].parts
        assert part.text == "Yes"
        assert json.loads(bytes(part.annotations)) == expected
    assert json.loads(bytes(plain.extra["citations"])) == sources["citations"]


async def test_addresses_alone_are_annotations_too(row: Any) -> None:
    body = json.dumps(json.loads(_answer(content="Yes")) | {"citations": ["https://a.test"]}).encode()
    (part,) = (await row("xai").reads(body)).choices[0].parts
    assert json.loads(bytes(part.annotations)) == [{"type": "url_citation", "url_citation": {"url": "https://a.test"}}]


async def test_what_perplexity_says_of_costs_is_kept(row: Any) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": {"total_cost": 0.006}}
    told = await row("perplexity").reads(json.dumps(json.loads(_answer(content="x")) | {"usage": usage}).encode())
    assert told.usage.reported_cost == Decimal("0.006")


async def test_openrouters_comments_are_passed_over_and_its_cost_is_kept(row: Any) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.00015}
    data = b": OPENROUTER PROCESSING\n\n" + _sse(_delta(content="x"), _delta("stop"), {"choices": [], "usage": usage})
    told = await row("openrouter").streams(data)
    assert (told.text, told.usage.reported_cost) == ("x", Decimal("0.00015"))


async def test_an_error_in_a_choice_of_openrouters_is_an_error(row: Any) -> None:
    choice = {"error": {"code": 502, "message": "Provider went away"}, "finish_reason": "error"}
    plain = json.dumps({"choices": [choice | {"message": {"content": "half"}}]}).encode()
    stream = _sse(_delta(content="half"), {"choices": [choice | {"delta": {"content": ""}}]})
    for call in (row("openrouter").reads(plain), row("openrouter").streams(stream)):
        with pytest.raises(UpstreamError, match="Provider went away"):
            await call
    last = OpenAIChat().event_reader(relay=True).feed(stream)[-1]
    assert isinstance(last, Failure)
    assert "Provider went away" in last.error.message


async def test_xais_reasoning_beside_the_completion_is_counted_with_it(row: Any) -> None:
    usage = {
        "prompt_tokens": 164,
        "completion_tokens": 1,
        "total_tokens": 326,
        "completion_tokens_details": {"reasoning_tokens": 161},
    }
    told = await row("xai").reads(json.dumps(json.loads(_answer(content="x")) | {"usage": usage}).encode())
    assert (told.usage.output_tokens, told.usage.reasoning_tokens) == (162, 161)


async def test_xai_tells_costs_in_ticks(row: Any) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost_in_usd_ticks": 1641500}
    told = await row("xai").reads(json.dumps(json.loads(_answer(content="x")) | {"usage": usage}).encode())
    assert told.usage.reported_cost == Decimal("0.00016415")


async def test_deepseeks_cache_hits_are_cached_tokens(row: Any) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10, "prompt_cache_hit_tokens": 4}
    told = await row("deepseek").reads(json.dumps(json.loads(_answer(content="x")) | {"usage": usage}).encode())
    assert told.usage.cache_read_tokens == 4


async def test_ids_of_calls_that_are_missing_or_numbers_are_made_words(row: Any) -> None:
    calls = [
        {"id": 7, "function": {"name": "f", "arguments": {"a": 1}}},
        {"function": {"name": "g", "arguments": "{}"}},
    ]
    told = await row("nvidia").reads(_answer(content=None, tool_calls=calls))
    first, second = told.choices[0].tool_calls
    assert (first.id, json.loads(first.arguments)) == ("7", {"a": 1})
    assert second.id
    assert told.choices[0].finish_reason == "tool_calls"
