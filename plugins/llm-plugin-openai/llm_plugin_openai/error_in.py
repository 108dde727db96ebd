"""A provider's error answer, classified (OpenAI API reference, Error codes), with the wordings of other servers."""

import re
from collections.abc import Mapping

from llm_plugin_openai.error_words import ErrorWords, words_of
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.wait_words import wait_in
from lockgate_ports.errors import ErrorKind, UpstreamError
from lockgate_ports.refusals import BY_STATUS, Words, kind_of_status, refused
from lockgate_ports.retry_after import retry_after

_CONTEXT = re.compile(
    r"context_length_exceeded|exceed_context_size|too_many_prompt_tokens|string_above_max_length"
    r"|maximum context|max(imum)? context|context.{0,20}(length|window|size)|exceeds? the (available )?context"
    r"|prompt (is )?too long|input is too long|too many (input |prompt )?tokens|reduce the length"
    r"|input token count.{0,80}exceeds|input tokens exceed|all messages is too long|too large for model with \d+ max"
    r"|exceeds? (the )?(maximum|model|limit|available).{0,60}tokens?\b|inputs?`? tokens? .{0,40}must be <=",
    re.I,
)
_FILTER = re.compile(
    r"content_filter|content_policy|content management policy|responsible ?ai|safety system|moderation|flagged"
    r"|violates? .{0,30}(usage|policy|guideline)",
    re.I,
)
_QUOTA = re.compile(
    r"insufficient.{0,12}(quota|credit|balance|fund)|exceeded your current quota|billing|out of credits?|credit balance"
    r"|payment required|spending limit",
    re.I,
)
_KEY = re.compile(
    r"api_key_invalid|invalid_api_key|(incorrect|invalid) api.?key|api.?key (is )?(not valid|invalid|expired)", re.I
)
_BY_STATUS: dict[int, ErrorKind] = {**BY_STATUS, 409: "transient"}
_BY_WORD: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"rate.?limit|throttl|too_many_requests|quota", re.I), 429),
    (re.compile(r"overloaded|unavailable|capacity", re.I), 503),
    (re.compile(r"timeout|timed_out", re.I), 504),
    (re.compile(r"authentication|unauthori[sz]ed|api_key", re.I), 401),
    (re.compile(r"permission|forbidden", re.I), 403),
    (re.compile(r"not_found", re.I), 404),
    (re.compile(r"server_error|internal|api_error", re.I), 500),
    (re.compile(r"invalid_request|validation|bad_request|invalid_argument|tool_use_failed", re.I), 400),
)


def read_error(status: int, headers: Mapping[str, str], body: bytes, dialect: str = NAME) -> UpstreamError:
    """An error answer, whatever its shape; `dialect` is the one it was given in."""
    words = words_of(body)
    return _error(_kind(status, words), status, words, body, retry_after(headers), dialect)


def error_inside(body: bytes, dialect: str = NAME) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or as an event of a stream."""
    words = words_of(body)
    return _error(_kind(_implied_status(words), words), 200, words, body, None, dialect)


def _error(
    kind: ErrorKind, status: int, words: ErrorWords, body: bytes, wait: float | None, dialect: str
) -> UpstreamError:
    if wait is None and kind in ("rate_limit", "overloaded"):
        wait = wait_in(words.message[:1000])
    told = Words(message=words.message, code=words.code or words.type, param=words.param, envelope=words.envelope)
    return refused(kind, status, told, body, dialect, retry_after=wait)


def _kind(status: int, words: ErrorWords) -> ErrorKind:
    said = words.all
    if status in (400, 413, 422):
        if _CONTEXT.search(said):
            return "context_length"
        if _KEY.search(said):
            return "auth"
        if _FILTER.search(f"{words.type} {words.code}") or "content management policy" in said:
            return "content_filter"
    elif status in (403, 429) and _QUOTA.search(said):
        return "quota"
    elif status == 403 and _FILTER.search(said):
        return "content_filter"
    elif status == 504 and words.type == "server_error" and not words.code:
        return "transient"  # its own word: the server failed, whoever in front of it told so
    return kind_of_status(status, _BY_STATUS)


def _implied_status(words: ErrorWords) -> int:
    if words.status is not None:
        return words.status
    if _CONTEXT.search(words.all) or _FILTER.search(f"{words.type} {words.code}"):
        return 400
    # the code is nearer to the point than the type: Groq says invalid_request_error for a wrong key
    for named in (words.code, words.type):
        for pattern, status in _BY_WORD:
            if pattern.search(named):
                return status
    return 500
