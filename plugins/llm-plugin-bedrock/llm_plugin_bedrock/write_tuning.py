"""Tuning, from the canonical view to the wire (API reference, Converse: `inferenceConfig`, `outputConfig`,
`additionalModelRequestFields` and the rest), by family of model where the families differ.
"""

import re
from typing import Any

import msgspec

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.write_reasoning import reasoning_fields
from lockgate_ports.chat import ChatRequest, ResponseFormat

_TIERS = ("default", "flex", "priority", "reserved")
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
_ADVICE = (
    *("min_p", "seed", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias", "logprobs"),
    *("top_logprobs", "verbosity", "prompt_cache_key", "prompt_cache_ttl", "user"),
)
_COHERE = ("seed", "frequency_penalty", "presence_penalty")
_GPT_OSS = ("seed", "frequency_penalty", "presence_penalty", "logit_bias", "user")


def tuning(view: ChatRequest, draft: ConverseDraft) -> dict[str, Any]:
    """Top-level fields. Raises Unsupported where the settings are strict and something has no word."""
    output, additional = reasoning_fields(view, draft)
    additional |= _sampling(view, draft)
    if view.response_format is not None:
        _format(view.response_format, output, additional, draft)
    inference = {
        "maxTokens": view.max_tokens,
        "temperature": view.temperature,
        "topP": view.top_p,
        "stopSequences": list(view.stop) or None,
    }
    fields: dict[str, Any] = {
        "inferenceConfig": {name: value for name, value in inference.items() if value is not None},
        "outputConfig": output,
        "additionalModelRequestFields": additional,
        "serviceTier": _tier(view, draft),
        "requestMetadata": _metadata(view, draft),
    }
    if view.parallel_tool_calls is False and view.tools:
        draft.lacks("parallel_tool_calls")
    if view.store:
        draft.lacks("store")
    if view.prediction is not None:
        draft.lacks("prediction")
    return {name: value for name, value in fields.items() if value}


def _sampling(view: ChatRequest, draft: ConverseDraft) -> dict[str, Any]:
    family = draft.family
    fields: dict[str, Any] = {}
    if view.top_k is not None:
        fields |= _top_k(view.top_k, draft)
    knows = _COHERE if family.maker == "cohere" else _GPT_OSS if family.maker == "openai" else ()
    for name in _ADVICE:
        value = getattr(view, name)
        if value is not None and value is not False and (name in knows or draft.admits(name)):
            fields[name] = value
    return fields


def _top_k(value: int, draft: ConverseDraft) -> dict[str, Any]:
    family = draft.family
    if family.nova:
        return {"inferenceConfig": {"topK": value}}
    if family.maker == "cohere":
        return {"k": value}
    return {"top_k": value} if family.maker in ("anthropic", "mistral") or draft.admits("top_k") else {}


def _format(form: ResponseFormat, output: dict[str, Any], additional: dict[str, Any], draft: ConverseDraft) -> None:
    """What is not said by a tool (`write_tools`)."""
    family = draft.family
    if form.type == "json_schema" and not family.by_tool:
        schema = {
            "schema": bytes(form.schema).decode() if form.schema is not None else '{"type":"object"}',
            "name": form.name,
            "description": form.description,
        }
        named = {name: value for name, value in schema.items() if value is not None}
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": named}}
        return
    by_word = form.type == "json_object" and not (family.claude or family.nova)
    if by_word and (family.maker == "openai" or draft.admits("response_format")):
        additional["response_format"] = {"type": "json_object"}


def _tier(view: ChatRequest, draft: ConverseDraft) -> dict[str, str] | None:
    tier = view.service_tier
    if tier is None or tier == "auto":
        return None
    if tier in _TIERS or (draft.admits("service_tier")):
        return {"type": tier}
    return None


def _metadata(view: ChatRequest, draft: ConverseDraft) -> dict[str, str] | None:
    given = view.metadata
    if not given:
        return None
    able = len(given) <= 16 and all(
        name and _METADATA.fullmatch(name) and _METADATA.fullmatch(value) for name, value in given.items()
    )
    return given if able or draft.admits("metadata") else None


def merged(fields: dict[str, Any], name: str, value: msgspec.Raw) -> Any:
    """`value` under `name`; members of objects beside those that are there already."""
    if not isinstance(fields.get(name), dict):
        return value
    return fields[name] | msgspec.json.decode(value, type=dict[str, msgspec.Raw])
