"""A client's request as typed structs (Gemini API reference, generateContent and countTokens)."""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from llm_plugin_google.wire import Content
from lockgate_ports.carried import NULL

Some = Annotated[list[Content], Meta(min_length=1)]


class FunctionDeclaration(Struct, rename="camel", gc=False):
    """`parameters` is an OpenAPI schema, `parametersJsonSchema` a JSON schema."""

    name: str
    description: str | None = None
    parameters: Raw = NULL
    parameters_json_schema: Raw = NULL


class WireTool(Struct, rename="camel", gc=False):
    """Functions; Google's own tools stand beside them under their names."""

    function_declarations: list[FunctionDeclaration] | None = None


class FunctionCalling(Struct, rename="camel", gc=False):
    """`functionCallingConfig`."""

    mode: str | None = None
    allowed_function_names: list[str] | None = None


class ToolConfig(Struct, rename="camel", gc=False):
    """`toolConfig`."""

    function_calling_config: FunctionCalling | None = None


class ThinkingConfig(Struct, rename="camel", gc=False):
    """`thinkingConfig`."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


class PrebuiltVoice(Struct, rename="camel", gc=False):
    """`prebuiltVoiceConfig`."""

    voice_name: str | None = None


class Voice(Struct, rename="camel", gc=False):
    """`voiceConfig`."""

    prebuilt_voice_config: PrebuiltVoice | None = None


class Speech(Struct, rename="camel", gc=False):
    """`speechConfig`."""

    voice_config: Voice | None = None
    multi_speaker_voice_config: Raw = NULL
    language_code: str | None = None


class GenerationConfig(Struct, rename="camel", gc=False):
    """`generationConfig`; what only Gemini knows is carried beside."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: int | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    response_mime_type: str | None = None
    response_schema: Raw = NULL
    response_json_schema: Raw = NULL
    response_modalities: list[str] | None = None
    thinking_config: ThinkingConfig | None = None
    speech_config: Speech | None = None


class WireRequest(Struct, rename="camel", gc=False):
    """GenerateContentRequest."""

    contents: Some
    system_instruction: Content | None = None
    tools: list[WireTool] | None = None
    tool_config: ToolConfig | None = None
    generation_config: GenerationConfig | None = None
    service_tier: str | None = None


class WireCount(Struct, rename="camel", gc=False):
    """CountTokensRequest: contents alone, or a whole request."""

    contents: Some | None = None
    generate_content_request: Raw = NULL


REQUEST = msgspec.json.Decoder(WireRequest)
COUNT = msgspec.json.Decoder(WireCount)
