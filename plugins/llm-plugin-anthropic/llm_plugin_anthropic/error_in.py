"""A provider's error answer, classified (Anthropic API reference, Errors)."""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from msgspec import Struct

from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.errors import ErrorKind, UpstreamError
from lockgate_ports.refusals import BY_STATUS, SAYS, Words, kind_of_status, refused, value_in
from lockgate_ports.retry_after import retry_after

ErrorReader = Callable[[int, Mapping[str, str], bytes], UpstreamError]
"""Status, header fields and body of an error answer, whatever its shape."""

_CONTEXT = re.compile(
    r"prompt is too long|exceed(s|ed)? (the )?(model'?s )?context (limit|window|length)|context window"
    r"|input is too long|too many (input )?tokens|maximum context|context_length_exceeded|tokens? > \d+ maximum",
    re.I,
)
_FILTER = re.compile(r"content filter|content_filter|blocked by .{0,30}polic|violat.{0,40}polic", re.I)
_QUOTA = re.compile(
    r"credit balance|billing|spend(ing)?[ _]limit|usage limits?\b|insufficient.{0,12}(credit|fund)", re.I
)
_KEY = re.compile(r"invalid (x-)?api.?key|api.?key (is )?(not valid|invalid|expired)", re.I)
_BY_TYPE: dict[str, ErrorKind] = {
    "invalid_request_error": "invalid_request",
    "request_too_large": "invalid_request",
    "authentication_error": "auth",
    "billing_error": "quota",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "rate_limit_error": "rate_limit",
    "timeout_error": "timeout",
    "conflict_error": "transient",
    "api_error": "transient",
    "overloaded_error": "overloaded",
}
_BY_STATUS: dict[int, ErrorKind] = {**BY_STATUS, 409: "transient"}
_SAYS: dict[ErrorKind, str] = {**SAYS, "quota": "has no credit left for this key"}


class _Told(Struct, frozen=True):
    """`type` is the error's, `code` is `details.error_code`."""

    words: Words
    type: str = ""
    code: str = ""


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An error answer, whatever its shape."""
    told = _told(body)
    return refused(_kind(status, told), status, told.words, body, NAME, retry_after=retry_after(headers), says=_SAYS)


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or as an event of a stream."""
    told = _told(body)
    return refused(_kind(None, told), 200, told.words, body, NAME, says=_SAYS)


def _kind(status: int | None, told: _Told) -> ErrorKind:
    said = f"{told.code} {told.words.message}"
    named = _BY_TYPE.get(told.type)
    if status in (400, 413, 422) or (status is None and named == "invalid_request"):
        if _CONTEXT.search(said):
            return "context_length"
        if _QUOTA.search(said):
            return "quota"
        if _FILTER.search(said):
            return "content_filter"
        return "auth" if _KEY.search(said) else named or "invalid_request"
    if status is None:
        return named or "transient"
    if status in (403, 429) and _QUOTA.search(said):
        return "quota"
    kind = kind_of_status(status, _BY_STATUS)
    return (named or kind) if kind == "invalid_request" else kind


def _told(body: bytes) -> _Told:
    """Never raises."""
    said = value_in(body)
    if isinstance(said, str):
        return _Told(Words(message=said))
    if not isinstance(said, dict):
        return _Told(Words())
    outer = cast(dict[str, Any], said)
    error = outer.get("error")
    inner = cast(dict[str, Any], error) if isinstance(error, dict) else outer
    message = error if isinstance(error, str) else ""
    for name in ("message", "Message", "detail"):
        message = message or _text(inner.get(name)) or _text(outer.get(name))
    details = inner.get("details")
    code = cast(dict[str, Any], details).get("error_code") if isinstance(details, dict) else inner.get("code")
    kind, code = _text(inner.get("type")), _text(code)
    words = Words(
        message=message,
        code=code or kind,
        request_id=_text(outer.get("request_id")) or None,
        envelope=isinstance(error, dict) and bool(kind),
    )
    return _Told(words, kind, code)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
