"""The canonical view of a request that has passed the check (Gemini API reference, generateContent)."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_google.models import NAME
from llm_plugin_google.read_contents import ContentsReader, words_of
from llm_plugin_google.request_wire import (
    FunctionDeclaration,
    GenerationConfig,
    Speech,
    ToolConfig,
    WireRequest,
    WireTool,
)
from llm_plugin_google.schema_in import json_schema
from llm_plugin_google.thinking import reasoning_of
from lockgate_ports.carried import ENCODE, ITEMS, MEMBERS, NULL, said
from lockgate_ports.chat import (
    AudioOutput,
    ChatRequest,
    FunctionTool,
    NativeTool,
    ResponseFormat,
    Tool,
    ToolChoice,
)
from lockgate_ports.errors import Unsupported

_KNOWN = frozenset(WireRequest.__struct_encode_fields__)
_KNOWN_CONFIG = frozenset(GenerationConfig.__struct_encode_fields__)
_MODES = ("AUTO", "ANY", "NONE", "VALIDATED")
_WORDS = {
    "max_tokens": "max_output_tokens",
    "n": "candidate_count",
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "response_logprobs",
    "top_logprobs": "logprobs",
}
_SHARED = tuple(_WORDS)
_SHARED_OF = attrgetter(*_WORDS.values())


class _RawContent(msgspec.Struct):
    parts: list[Raw] = []


_RAW_CONTENTS = msgspec.json.Decoder(list[_RawContent])


def view_of(wire: WireRequest, body: bytes, model: str, *, stream: bool, held: bool = False) -> ChatRequest:
    """The canonical request; `body` are the bytes of `wire`. `held`: Google's own API is asked by the view as well, and
    so finds what it keeps. Raises InvalidRequest, naming the field, and Unsupported for what nobody else keeps."""
    members = MEMBERS.decode(body)

    if not held and said(members.get("cachedContent", NULL)):
        raise Unsupported(
            "cachedContent names a prompt that Google keeps, so it reaches only a provider that is asked by Gemini's "
            "API; send the whole prompt in contents",
            param="cachedContent",
        )

    def raw_part(content: int, part: int) -> Raw:
        return Raw(bytes(_RAW_CONTENTS.decode(members["contents"])[content].parts[part]))

    messages = ContentsReader(raw_part).read(wire.contents)
    if wire.system_instruction is not None:
        messages = (words_of(wire.system_instruction, "systemInstruction"), *messages)
    extra: dict[str, Raw] = {}
    if not _KNOWN.issuperset(members):
        extra = {name: value for name, value in members.items() if name not in _KNOWN and said(value)}
    told: dict[str, Any] = {"model": model, "messages": messages, "stream": stream, "native": NAME}
    if wire.generation_config is not None:
        _tune(told, wire.generation_config, members)
    if wire.generation_config is not None or wire.tool_config is not None:
        extra |= _leftovers(members)
    if wire.tools:
        told["tools"] = _tools(wire.tools, members)
    if wire.tool_config is not None:
        told["tool_choice"] = _choice(wire.tool_config)
    if wire.service_tier is not None:
        told["service_tier"] = wire.service_tier.lower()
    return ChatRequest(**told, extra=extra)


def _tune(told: dict[str, Any], config: GenerationConfig, members: Mapping[str, Raw]) -> None:
    told |= {name: value for name, value in zip(_SHARED, _SHARED_OF(config), strict=True) if value is not None}
    if config.stop_sequences:
        told["stop"] = tuple(config.stop_sequences)
    if config.top_k is not None:
        told["top_k"] = int(config.top_k)
    if (thinking := config.thinking_config) is not None:
        told["reasoning"] = reasoning_of(thinking.thinking_budget, thinking.thinking_level, thinking.include_thoughts)
    if config.response_mime_type == "application/json":
        told["response_format"] = _format(config)
    if config.response_modalities:
        told["modalities"] = tuple([modality.lower() for modality in config.response_modalities])
    if config.speech_config is not None:
        told["audio"] = _audio(config.speech_config, members)


def _leftovers(members: Mapping[str, Raw]) -> dict[str, Raw]:
    """Members of objects that are otherwise understood, for a provider of this dialect."""
    left: dict[str, Raw] = {}
    for name, known in (("generationConfig", _KNOWN_CONFIG), ("toolConfig", ("functionCallingConfig",))):
        value = members.get(name)
        if value is not None and said(value):
            rest = {key: inner for key, inner in MEMBERS.decode(value).items() if key not in known and said(inner)}
            if rest:
                left[name] = Raw(ENCODE(rest))
    return left


def _tools(wire: list[WireTool], members: Mapping[str, Raw]) -> tuple[Tool, ...]:
    tools: list[Tool] = []
    for tool, raw in zip(wire, ITEMS.decode(members["tools"]), strict=True):
        tools += [_function(each) for each in tool.function_declarations or ()]
        others = {name: value for name, value in MEMBERS.decode(raw).items() if name != "functionDeclarations"}
        tools += [NativeTool(NAME, name, Raw(ENCODE({name: value}))) for name, value in others.items() if said(value)]
    return tuple(tools)


def _function(wire: FunctionDeclaration) -> FunctionTool:
    parameters: Raw | None = None
    if said(wire.parameters_json_schema):
        parameters = wire.parameters_json_schema
    elif said(wire.parameters):
        parameters = json_schema(wire.parameters)
    return FunctionTool(wire.name, wire.description, parameters)


def _choice(config: ToolConfig) -> ToolChoice | None:
    calling = config.function_calling_config
    if calling is None or calling.mode is None or calling.mode not in _MODES:
        return None
    allowed = tuple(calling.allowed_function_names or ())
    match calling.mode:
        case "ANY" if len(allowed) == 1:
            return ToolChoice("named", allowed[0])
        case "ANY":
            return ToolChoice("required", allowed=allowed)
        case "NONE":
            return ToolChoice("none")
        case _:
            return ToolChoice("auto", allowed=allowed)


def _format(config: GenerationConfig) -> ResponseFormat:
    if said(config.response_json_schema):
        return ResponseFormat("json_schema", config.response_json_schema)
    if said(config.response_schema):
        return ResponseFormat("json_schema", json_schema(config.response_schema))
    return ResponseFormat("json_object")


def _audio(speech: Speech, members: Mapping[str, Raw]) -> AudioOutput:
    """One voice by its name; anything more is said by the whole `speechConfig`."""
    voice = speech.voice_config.prebuilt_voice_config if speech.voice_config is not None else None
    if voice is not None and voice.voice_name and speech.language_code is None:
        return AudioOutput("pcm16", Raw(ENCODE(voice.voice_name)))
    return AudioOutput("pcm16", MEMBERS.decode(members["generationConfig"])["speechConfig"])
