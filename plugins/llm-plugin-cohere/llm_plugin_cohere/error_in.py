"""Cohere's error answers, classified (Cohere API, Errors): `{"message": "..."}` with a status that says why."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, cast

import msgspec
from msgspec import Struct

from lockgate_ports.errors import ErrorKind, UpstreamError, clip

_CONTEXT = re.compile(
    r"too many tokens|context (length|window)|exceeds? (the )?(maximum|model|limit|context).{0,60}token"
    r"|token.{0,40}(exceed|too long|larger than)|reduce the length|maximum.{0,30}tokens",
    re.I,
)
_FILTER = re.compile(r"blocked (in|out)put|deny.?listed|unsafe|content policy|safety", re.I)
_KEY = re.compile(r"(invalid|incorrect|no) api (key|token)|api (key|token) (is )?(invalid|not valid|expired)", re.I)
_MONTH = re.compile(r"/ ?month|per month|monthly|billing|spending|credit", re.I)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limit",
    498: "content_filter",
    499: "transient",
    501: "fatal",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_SAYS: dict[ErrorKind, str] = {
    "auth": "does not accept the key; check its credential_ref",
    "permission": "does not let this key do that",
    "rate_limit": "asks for fewer requests",
    "quota": "has no quota or credit left for this key",
    "timeout": "took too long",
    "overloaded": "is overloaded",
    "transient": "failed",
    "invalid_request": "refuses the request",
    "context_length": "says that the prompt does not fit the model's context",
    "content_filter": "blocks the content",
    "not_found": "does not know the model or path; check the model's name and base_url",
    "fatal": "cannot serve the request",
}


class _Words(Struct, frozen=True):
    message: str = ""
    id: str | None = None
    envelope: bool = False
    """The body is Cohere's own, which its clients understand."""


def read_error(status: int, headers: Mapping[str, str], body: bytes, dialect: str) -> UpstreamError:
    """An error answer, whatever its shape."""
    words = _words_of(body)
    return _error(_kind(status, words.message), status, words, body, dialect, _retry_after(headers))


def error_inside(body: bytes, dialect: str) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or in a stream."""
    words = _words_of(body)
    said = words.message
    kind: ErrorKind = "transient"
    if _CONTEXT.search(said):
        kind = "context_length"
    elif _FILTER.search(said):
        kind = "content_filter"
    elif re.search(r"overloaded|capacity|unavailable", said, re.I):
        kind = "overloaded"
    elif re.search(r"rate limit|too many requests", said, re.I):
        kind = "rate_limit"
    return _error(kind, 200, words, body, dialect, None)


def _error(
    kind: ErrorKind, status: int, words: _Words, body: bytes, dialect: str, retry_after: float | None
) -> UpstreamError:
    said = clip(words.message) if words.message else None
    where = f" ({status})" if status != 200 else ""
    return UpstreamError(
        f"{_SAYS[kind]}{where}" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_message=said,
        upstream_request_id=words.id,
        retry_after=retry_after,
        dialect=dialect if words.envelope else None,
        body=body if words.envelope else None,
    )


def _kind(status: int, said: str) -> ErrorKind:
    if status in (400, 413, 422):
        if _CONTEXT.search(said):
            return "context_length"
        if _KEY.search(said):
            return "auth"
        return "content_filter" if _FILTER.search(said) else "invalid_request"
    if status == 429 and _MONTH.search(said):
        return "quota"
    return _BY_STATUS.get(status) or ("transient" if status >= 500 else "invalid_request")


def _words_of(body: bytes) -> _Words:
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Words(_plain(body.decode("utf-8", "replace")))
    if isinstance(told, str):
        return _Words(told)
    if not isinstance(told, dict):
        return _Words()
    members = cast(dict[str, Any], told)
    message = members.get("message")
    for name in ("error", "detail"):
        message = message if isinstance(message, str) and message else members.get(name)
    request_id = members.get("id")
    return _Words(
        message.strip() if isinstance(message, str) else "",
        request_id if isinstance(request_id, str) and request_id else None,
        isinstance(members.get("message"), str),
    )


def _plain(text: str) -> str:
    title = _TITLE.search(text)
    return " ".join((title.group(2) if title is not None else _TAG.sub(" ", text)).split())


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds (RFC 9110, 10.2.3); a date counts from the answer's own."""
    value, now = headers.get("retry-after"), headers.get("date")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        if now is None:
            return None
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(now)).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if seconds >= 0 and math.isfinite(seconds) else None
