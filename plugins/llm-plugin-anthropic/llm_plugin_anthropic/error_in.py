"""A provider's error answer, classified (Anthropic API reference, Errors)."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.errors import ErrorKind, UpstreamError, clip

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
_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "transient",
    429: "rate_limit",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_SAYS: dict[ErrorKind, str] = {
    "auth": "does not accept the key; check its credential_ref",
    "permission": "does not let this key do that",
    "rate_limit": "asks for fewer requests",
    "quota": "has no credit left for this key",
    "timeout": "took too long",
    "overloaded": "is overloaded",
    "transient": "failed",
    "invalid_request": "refuses the request",
    "context_length": "says that the prompt does not fit the model's context",
    "content_filter": "refuses the content",
    "not_found": "does not know the model or path; check the model's name and base_url",
    "fatal": "cannot serve the request",
}
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_TAG = re.compile(r"<[^>]*>")


class _Words(Struct, frozen=True):
    """`code` is `details.error_code`; `envelope` tells that clients of this dialect understand the body."""

    message: str = ""
    type: str = ""
    code: str = ""
    request_id: str | None = None
    envelope: bool = False


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An error answer, whatever its shape."""
    words = _words(body)
    return _error(_kind(status, words), status, words, body, _retry_after(headers))


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or as an event of a stream."""
    words = _words(body)
    return _error(_kind(None, words), 200, words, body, None)


def _error(kind: ErrorKind, status: int, words: _Words, body: bytes, retry_after: float | None) -> UpstreamError:
    said = clip(words.message) if words.message else None
    where = f" ({status})" if status != 200 else ""
    return UpstreamError(
        f"{_SAYS[kind]}{where}" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_code=clip(words.code or words.type, 60) or None,
        upstream_message=said,
        upstream_request_id=words.request_id,
        retry_after=retry_after,
        dialect=NAME if words.envelope else None,
        body=body if words.envelope else None,
    )


def _kind(status: int | None, words: _Words) -> ErrorKind:
    said = f"{words.code} {words.message}"
    named = _BY_TYPE.get(words.type)
    if status in (400, 413, 422) or (status is None and named == "invalid_request"):
        if _CONTEXT.search(said):
            return "context_length"
        if _QUOTA.search(said):
            return "quota"
        if _FILTER.search(said):
            return "content_filter"
        return "auth" if _KEY.search(said) else named or "invalid_request"
    if status in (403, 429) and _QUOTA.search(said):
        return "quota"
    kind = _BY_STATUS.get(status) if status is not None else None
    if kind is not None:
        return kind
    if status is None:
        return named or "transient"
    return "transient" if status >= 500 else named or "invalid_request"


def _words(body: bytes) -> _Words:
    """Never raises."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Words(_plain(body.decode("utf-8", "replace")))
    if isinstance(said, str):
        return _Words(said)
    if not isinstance(said, dict):
        return _Words()
    outer = cast(dict[str, Any], said)
    error = outer.get("error")
    inner = cast(dict[str, Any], error) if isinstance(error, dict) else outer
    message = error if isinstance(error, str) else ""
    for name in ("message", "Message", "detail"):
        message = message or _text(inner.get(name)) or _text(outer.get(name))
    details = inner.get("details")
    code = cast(dict[str, Any], details).get("error_code") if isinstance(details, dict) else inner.get("code")
    kind = _text(inner.get("type"))
    return _Words(
        message, kind, _text(code), _text(outer.get("request_id")) or None, isinstance(error, dict) and bool(kind)
    )


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(text: str) -> str:
    if "<" in text and (title := _TITLE.search(text)) is not None:
        text = title.group(2)
    elif "<html" in text.lower():
        text = _TAG.sub(" ", text)
    return " ".join(text.split())


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after-ms` or `retry-after` (RFC 9110, 10.2.3); a date counts from the answer's own."""
    if (seconds := _number(headers.get("retry-after-ms"))) is not None:
        return seconds / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return seconds
    now = headers.get("date")
    if value is None or now is None:
        return None
    try:
        wait = (parsedate_to_datetime(value) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return None
    return wait if wait >= 0 else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else -1.0
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None
