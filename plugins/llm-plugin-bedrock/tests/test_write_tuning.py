"""Tuning: what Converse has words for, what a family of models has, and what is left out by name."""

from typing import Any

import pytest
from msgspec import Raw

from llm_plugin_bedrock.families import family_of
from lockgate_ports.chat import Reasoning, ResponseFormat
from lockgate_ports.errors import Unsupported

OLD, NEW = "anthropic.claude-3-7-sonnet-20250219-v1:0", "us.anthropic.claude-sonnet-4-6"
NOVA, NOVA_2, LLAMA = "amazon.nova-lite-v1:0", "us.amazon.nova-2-lite-v1:0", "meta.llama3-1-70b-instruct-v1:0"
COHERE, GPT, MISTRAL = "cohere.command-r-v1:0", "openai.gpt-oss-20b-1:0", "mistral.mistral-large-2407-v1:0"
ARN = "arn:aws:bedrock:x:1:application-inference-profile/abc"
SCHEMA = Raw(b'{"type": "object", "properties": {"n": {"type": "integer"}}}')


@pytest.mark.parametrize(
    ("model", "maker", "version"),
    [
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic", (3, 5)),
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic", (3, 0)),
        ("anthropic.claude-v2:1", "anthropic", (2, 0)),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic", (4, 0)),
        ("global.anthropic.claude-opus-4-5-20251101-v1:0", "anthropic", (4, 5)),
        ("us.anthropic.claude-sonnet-4-6", "anthropic", (4, 6)),
        ("us.anthropic.claude-sonnet-5", "anthropic", (5, 0)),
        ("us-gov.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic", (4, 5)),
        ("amazon.nova-lite-v1:0", "amazon", (0, 0)),
        ("openai.gpt-5.6-luna", "openai", (0, 0)),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.meta.llama3-v1:0", "meta", (0, 0)),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc123", "", (0, 0)),
    ],
)
def test_a_models_id_tells_its_family(model: str, maker: str, version: tuple[int, int]) -> None:
    assert (family_of(model).maker, family_of(model).version) == (maker, version)


def test_the_common_fields(write: Any) -> None:
    body, out = write(
        max_tokens=64,
        temperature=0.5,
        top_p=0.9,
        stop=("END",),
        service_tier="flex",
        metadata={"team": "a"},
        include_usage=True,
    )
    assert body["inferenceConfig"] == {"maxTokens": 64, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}
    assert (body["serviceTier"], body["requestMetadata"]) == ({"type": "flex"}, {"team": "a"})
    assert out.dropped == ()
    assert write()[0] == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (OLD, {"top_k": 5}),
        (ARN, {"top_k": 5}),
        (NOVA, {"inferenceConfig": {"topK": 5}}),
        (COHERE, {"k": 5}),
        (MISTRAL, {"top_k": 5}),
        (LLAMA, None),
    ],
)
def test_top_k_is_said_in_the_familys_words(write: Any, model: str, fields: Any) -> None:
    body, out = write(top_k=5, model=model)
    assert body.get("additionalModelRequestFields") == fields
    assert out.dropped == (() if fields else ("top_k",))


@pytest.mark.parametrize(
    ("model", "reasoning", "additional", "output"),
    [
        (OLD, Reasoning(budget_tokens=2000), {"thinking": {"type": "enabled", "budget_tokens": 2000}}, None),
        (OLD, Reasoning(effort="medium"), {"thinking": {"type": "enabled", "budget_tokens": 4096}}, None),
        (OLD, Reasoning(effort="high"), {"thinking": {"type": "enabled", "budget_tokens": 7999}}, None),
        (OLD, Reasoning(effort="none"), {"thinking": {"type": "disabled"}}, None),
        (NEW, Reasoning(effort="high"), {"thinking": {"type": "adaptive"}}, {"effort": "high"}),
        (NEW, Reasoning(effort="minimal"), {"thinking": {"type": "adaptive"}}, {"effort": "low"}),
        (NEW, Reasoning(enabled=True), {"thinking": {"type": "adaptive"}}, None),
        (ARN, Reasoning(budget_tokens=2000), {"thinking": {"type": "enabled", "budget_tokens": 2000}}, None),
        (NOVA_2, Reasoning(effort="low"), {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}, None),
        (NOVA_2, Reasoning(enabled=False), {"reasoningConfig": {"type": "disabled"}}, None),
        (GPT, Reasoning(effort="low"), {"reasoning_effort": "low"}, None),
        (LLAMA, Reasoning(effort="none"), None, None),
    ],
)
def test_thinking_is_asked_in_the_familys_words(
    write: Any, model: str, reasoning: Reasoning, additional: Any, output: Any
) -> None:
    body, out = write(reasoning=reasoning, max_tokens=8000, model=model)
    assert (body.get("additionalModelRequestFields"), body.get("outputConfig")) == (additional, output)
    assert out.dropped == ()


def test_thinking_that_has_no_room_or_no_word_is_left_out_by_name(write: Any) -> None:
    assert write(reasoning=Reasoning(effort="high"), max_tokens=500, model=OLD)[1].dropped == ("reasoning",)
    assert write(reasoning=Reasoning(effort="high"), model=LLAMA)[1].dropped == ("reasoning.effort",)
    with pytest.raises(Unsupported, match=r"reasoning\.effort"):
        write(reasoning=Reasoning(effort="high"), model=LLAMA, params="strict")


@pytest.mark.parametrize("model", [NEW, LLAMA, GPT])
def test_a_schema_is_given_to_models_that_take_one(write: Any, model: str) -> None:
    form = ResponseFormat("json_schema", SCHEMA, "answer", "A number.")
    body, _ = write(response_format=form, model=model)
    assert body["outputConfig"]["textFormat"] == {
        "type": "json_schema",
        "structure": {"jsonSchema": {"schema": bytes(SCHEMA).decode(), "name": "answer", "description": "A number."}},
    }
    assert "toolConfig" not in body


@pytest.mark.parametrize("model", [OLD, NOVA])
def test_a_schema_becomes_a_tool_for_models_that_take_none(write: Any, model: str) -> None:
    body, _ = write(response_format=ResponseFormat("json_schema", SCHEMA), model=model)
    (only,) = body["toolConfig"]["tools"]
    assert only["toolSpec"]["inputSchema"]["json"] == {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert "outputConfig" not in body


def test_json_without_a_schema(write: Any) -> None:
    form = ResponseFormat("json_object")
    assert write(response_format=form, model=NEW)[0]["toolConfig"]["toolChoice"]["tool"]["name"]
    assert write(response_format=form, model=GPT)[0]["additionalModelRequestFields"] == {
        "response_format": {"type": "json_object"}
    }
    assert write(response_format=form, model=LLAMA)[1].dropped == ("response_format",)
    assert write(response_format=ResponseFormat("text"), model=LLAMA)[1].dropped == ()


ADVICE = {"seed": 7, "frequency_penalty": 0.5, "min_p": 0.1, "logprobs": True, "user": "u", "service_tier": "scale"}


def test_advice_without_a_word_is_left_out_refused_or_sent(write: Any) -> None:
    body, out = write(**ADVICE)
    assert set(out.dropped) == set(ADVICE)
    assert body.keys() == {"messages"}
    with pytest.raises(Unsupported, match="no word for"):
        write(**ADVICE, params="strict")
    body, out = write(**ADVICE, params="pass")
    assert out.dropped == ()
    assert body["additionalModelRequestFields"] == {name: ADVICE[name] for name in ADVICE if name != "service_tier"}
    body, out = write(seed=7, model=COHERE)
    assert (body["additionalModelRequestFields"], out.dropped) == ({"seed": 7}, ())


def test_metadata_in_foreign_letters_is_left_out(write: Any) -> None:
    assert write(metadata={"a": "ü"})[1].dropped == ("metadata",)


def test_converses_own_fields_go_by_their_names(write: Any) -> None:
    extra = {
        "guardrailConfig": Raw(b'{"guardrailIdentifier":"g","guardrailVersion":"1"}'),
        "performanceConfig": Raw(b'{"latency":"optimized"}'),
        "additionalModelRequestFields": Raw(b'{"anthropic_beta":["x"]}'),
        "unknown": Raw(b"1"),
    }
    body, out = write(extra=extra, native="openai-chat", top_k=5)
    assert body["guardrailConfig"] == {"guardrailIdentifier": "g", "guardrailVersion": "1"}
    assert body["performanceConfig"] == {"latency": "optimized"}
    assert body["additionalModelRequestFields"] == {"top_k": 5, "anthropic_beta": ["x"]}
    assert out.dropped == ("unknown",)
    assert write(extra=extra, native="bedrock-converse")[0]["unknown"] == 1
