"""Contents, parts and answers as typed structs (Gemini API reference: Content, Part, GenerateContentResponse)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL


class Blob(Struct, rename="camel", gc=False):
    """`inlineData`; `data` is base64."""

    mime_type: str | None = None
    data: str = ""
    display_name: str | None = None


class FileData(Struct, rename="camel", gc=False):
    """`fileData`."""

    file_uri: str = ""
    mime_type: str | None = None
    display_name: str | None = None


class Call(Struct, rename="camel", gc=False):
    """`functionCall`; `args` is a JSON object."""

    name: str | None = None
    id: str | None = None
    args: Raw = NULL


class Resolution(Struct, rename="camel", gc=False):
    """`mediaResolution` of one part."""

    level: str | None = None


class Part(Struct, rename="camel", gc=False):
    """One part; what only this dialect knows is told apart by its name and carried whole."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: Call | None = None
    function_response: "Result | None" = None
    executable_code: Raw = NULL
    code_execution_result: Raw = NULL
    video_metadata: Raw = NULL
    media_resolution: Resolution | None = None


class Result(Struct, rename="camel", gc=False):
    """`functionResponse`; `response` is a JSON object."""

    name: str | None = None
    id: str | None = None
    response: Raw = NULL
    parts: list[Part] | None = None


class Content(Struct, rename="camel", gc=False):
    """One turn: `role` is `user` or `model`; older clients say `function` for results."""

    parts: list[Part] | None = None
    role: str | None = None


class TokenShare(Struct, rename="camel", gc=False):
    """Tokens of one modality."""

    modality: str | None = None
    token_count: int | None = None


class WireUsage(Struct, rename="camel", gc=False):
    """`usageMetadata`; a count of zero is left out."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: list[TokenShare] | None = None
    candidates_tokens_details: list[TokenShare] | None = None
    service_tier: Any = None


class TokenLogprob(Struct, rename="camel", gc=False):
    """A token and its log probability."""

    token: str = ""
    log_probability: float = 0.0


class TopLogprobs(Struct, rename="camel", gc=False):
    """The likeliest tokens at one place."""

    candidates: list[TokenLogprob] | None = None


class WireLogprobs(Struct, rename="camel", gc=False):
    """`logprobsResult`."""

    chosen_candidates: list[TokenLogprob] | None = None
    top_candidates: list[TopLogprobs] | None = None


class Candidate(Struct, rename="camel", gc=False):
    """One answer, or a piece of it in a stream."""

    content: Content | None = None
    index: int | None = None
    finish_reason: str | None = None
    logprobs_result: WireLogprobs | None = None
    grounding_metadata: Raw = NULL
    citation_metadata: Raw = NULL
    url_context_metadata: Raw = NULL


class Feedback(Struct, rename="camel", gc=False):
    """`promptFeedback`."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class Answer(Struct, rename="camel", gc=False):
    """`GenerateContentResponse`, whole or a chunk of a stream."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: WireUsage | None = None
    model_version: str | None = None
    response_id: str | None = None
    create_time: str | None = None
    error: Raw = NULL


class _RawContent(Struct):
    parts: list[Raw] | None = None


class _RawCandidate(Struct):
    content: _RawContent | None = None


class _RawAnswer(Struct):
    candidates: list[_RawCandidate] | None = None


ANSWER = msgspec.json.Decoder(Answer)
_RAW_ANSWER = msgspec.json.Decoder(_RawAnswer)


def raw_part(data: bytes, candidate: int, part: int) -> Raw:
    """One part of an answer that has been decoded already, in its own bytes."""
    content = (_RAW_ANSWER.decode(data).candidates or [])[candidate].content
    return Raw(bytes(((content.parts if content is not None else None) or [])[part]))
