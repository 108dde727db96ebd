"""The canonical view becomes a request (Gemini API reference, generateContent)."""

from operator import attrgetter
from typing import Any

import msgspec

from llm_plugin_google.models import NAME, target_of
from llm_plugin_google.thinking import thinking_config
from llm_plugin_google.write_contents import content_items, system_item
from llm_plugin_google.write_tools import choice_item, schema_fields, tool_items
from lockgate_ports.carried import ENCODE, MEMBERS, is_object
from lockgate_ports.chat import AudioOutput, ChatRequest, ResponseFormat
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft, asks
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Headers, HttpRequest

_CONFIG = (
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("n", "candidateCount"),
    ("max_tokens", "maxOutputTokens"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
    ("logprobs", "responseLogprobs"),
    ("top_logprobs", "logprobs"),
)
_NO_WORD_FOR = (
    *("min_p", "repetition_penalty", "logit_bias", "verbosity", "store", "metadata", "user", "prompt_cache_key"),
    *("prompt_cache_ttl",),
)
_CONFIG_OF = attrgetter(*(name for name, _ in _CONFIG))
_CONFIG_WORDS = tuple(word for _, word in _CONFIG)
_REST_OF = attrgetter(*_NO_WORD_FOR)
_UNSAID = (None,) * len(_NO_WORD_FOR)
_TIERS = {"default": "standard", "standard": "standard", "flex": "flex", "priority": "priority"}
_PCM = ("pcm16", "pcm")
_JSON = (("content-type", "application/json"), ("accept", "application/json"))
_STREAM = (("content-type", "application/json"), ("accept", "text/event-stream"))


def write_request(view: ChatRequest, upstream: Upstream) -> Written:
    """Raises Unsupported, naming the field, for content that Gemini cannot be told."""
    draft = Draft(upstream)
    body = encoded(request_fields(view, draft))
    return Written(chat_request(body, upstream), draft.dropped)


def chat_request(body: bytes, upstream: Upstream, travelled: Headers = ()) -> HttpRequest:
    """POST models/{model}:generateContent, or :streamGenerateContent as server-sent events."""
    if upstream.stream:
        target = f"{target_of(upstream, 'streamGenerateContent')}?alt=sse"
        return post(body, upstream, target, _STREAM, travelled)
    return post(body, upstream, target_of(upstream, "generateContent"), _JSON, travelled)


def post(
    body: bytes, upstream: Upstream, target: str, headers: Headers = _JSON, travelled: Headers = ()
) -> HttpRequest:
    """The provider's own headers win over those that travelled with the request; these over ours."""
    if travelled or upstream.headers:
        headers = tuple({**dict(headers), **dict(travelled), **dict(upstream.headers)}.items())
    return HttpRequest("POST", upstream.origin, target, headers, body, upstream.purpose)


def encoded(fields: dict[str, Any]) -> bytes:
    """Raises InvalidRequest for half a character."""
    try:
        return ENCODE(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def request_fields(view: ChatRequest, draft: Draft) -> dict[str, Any]:
    """The members of a GenerateContentRequest. Raises Unsupported, naming the field."""
    fields: dict[str, Any] = {"contents": content_items(view.messages, draft)}
    if (system := system_item(view.messages, draft)) is not None:
        fields["systemInstruction"] = system
    if view.tools:
        fields["tools"] = tool_items(view.tools, draft)
    if view.tool_choice is not None and view.tools:
        fields["toolConfig"] = {"functionCallingConfig": choice_item(view.tool_choice, draft)}
    if config := _config(view, draft):
        fields["generationConfig"] = config
    if view.service_tier is not None and view.service_tier != "auto":
        if view.service_tier in _TIERS:
            fields["serviceTier"] = _TIERS[view.service_tier]
        else:
            draft.admits("service_tier")
    if view.prediction is not None:
        draft.admits("prediction")
    if view.parallel_tool_calls is False and view.tools:
        draft.admits("parallel_tool_calls")
    if (rest := _REST_OF(view)) != _UNSAID:
        told = zip(_NO_WORD_FOR, rest, strict=True)
        fields |= {name: value for name, value in told if asks(name, value) and draft.admits(name)}
    if view.extra:
        _add_extras(fields, view, draft)
    return fields


def _config(view: ChatRequest, draft: Draft) -> dict[str, Any]:
    config: dict[str, Any] = {
        word: value
        for word, value in zip(_CONFIG_WORDS, _CONFIG_OF(view), strict=True)
        if value is not None and value is not False
    }
    if view.stop:
        config["stopSequences"] = list(view.stop)
    if view.response_format is not None:
        config |= _format(view.response_format, draft)
    if view.reasoning is not None:
        thinking = thinking_config(view.reasoning, draft, own=view.native == NAME)
        if thinking is not None:
            config["thinkingConfig"] = thinking
    if view.modalities and set(view.modalities) != {"text"}:
        config["responseModalities"] = [modality.upper() for modality in view.modalities]
    if view.audio is not None:
        config["speechConfig"] = _speech(view.audio, draft)
    return config


def _format(form: ResponseFormat, draft: Draft) -> dict[str, Any]:
    if form.type == "text":
        return {}
    if form.description is not None:
        draft.leave_out("response_format.json_schema.description")
    config: dict[str, Any] = {"responseMimeType": "application/json"}
    if form.schema is not None:
        at = "response_format.json_schema.schema"
        names = {"json": "responseJsonSchema", "openapi": "responseSchema"}
        config |= schema_fields(form.schema, draft.upstream.model, at, draft, **names)
    return config


def _speech(audio: AudioOutput, draft: Draft) -> dict[str, Any]:
    """The voice by its name, or a whole `speechConfig`; sound comes as PCM alone."""
    if audio.format not in _PCM:
        draft.admits("audio.format")
    if is_object(audio.voice):
        return dict(MEMBERS.decode(audio.voice))
    name = msgspec.json.decode(audio.voice, type=str)
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": name}}}


def _add_extras(fields: dict[str, Any], view: ChatRequest, draft: Draft) -> None:
    """What the caller wrote in this dialect goes as it came; another dialect's own words are tuning we lack."""
    for name, value in view.extra.items():
        if view.native == NAME:
            both = isinstance(fields.get(name), dict)
            fields[name] = fields[name] | MEMBERS.decode(value) if both else value
        elif draft.admits(name):
            fields[name] = value
