"""Ollama's error answers, classified (Ollama API, Errors): `{"error": "..."}` with a status that says why."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from lockgate_ports.errors import ErrorKind, UpstreamError, clip

_CONTEXT = re.compile(
    r"context (length|window|size)|exceeds? .{0,60}(context|tokens?)|prompt (is )?too long|input length exceeds", re.I
)
_KEY = re.compile(r"(invalid|incorrect|no) api (key|token)|api (key|token) (is )?(invalid|not valid|expired)", re.I)
_QUOTA = re.compile(r"usage limit|quota|out of credits?|upgrade", re.I)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limit",
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
    "content_filter": "refuses the content",
    "not_found": "does not know the model or path; pull the model, or check its name and base_url",
    "fatal": "cannot serve the request",
}


class _Words(Struct, frozen=True):
    message: str = ""
    envelope: bool = False
    """The body is the provider's own, which its clients understand."""


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
        return "invalid_request"
    if status in (403, 429) and _QUOTA.search(said):
        return "quota"
    return _BY_STATUS.get(status) or ("transient" if status >= 500 else "invalid_request")


def _words_of(body: bytes) -> _Words:
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Words(_plain(body.decode("utf-8", "replace")))
    if isinstance(told, str):
        return _Words(told)
    if not _is_dict(told):
        return _Words()
    message = next((text for name in ("error", "message", "detail") if (text := _text(told.get(name)))), "")
    return _Words(message, bool(_text(told.get("error"))))


def _text(value: Any) -> str:
    """Words out of a string, or of FastAPI's list of {loc, msg}."""
    if isinstance(value, str):
        return value.strip()
    if _is_list(value):
        return "; ".join(filter(None, (_text(each) for each in value)))
    if _is_dict(value):
        at = value.get("loc")
        where = ".".join(str(step) for step in at) if _is_list(at) else ""
        what = _text(value.get("msg")) or _text(value.get("message"))
        return f"{where}: {what}" if where and what else what
    return ""


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


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
