"""Google's error answers, classified (google.rpc.Status with ErrorInfo, RetryInfo and QuotaFailure; Gemini API,
Troubleshooting)."""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_google.carried import is_dict, is_list
from llm_plugin_google.faults import BROKEN
from llm_plugin_google.models import NAME
from lockgate_ports.errors import ErrorKind, UpstreamError, clip

_CONTEXT = re.compile(
    r"token count.{0,80}exceeds|exceeds? the maximum number of tokens|input (is )?too long|context (length|window)",
    re.I,
)
_KEY = re.compile(r"API_KEY_INVALID|api key (not valid|expired|not found)|pass a valid api key", re.I)
_LEAKED = re.compile(r"api key was reported as leaked|ACCESS_TOKEN_(EXPIRED|TYPE_UNSUPPORTED)", re.I)
_BILLING = re.compile(
    r"credits? (are|is|have been|has been)? ?(depleted|exhausted|used up)|prepay|spend(ing)? (cap|limit)"
    r"|billing (account )?(is )?(disabled|not enabled|to be enabled)|BILLING_DISABLED",
    re.I,
)
_PLACE = re.compile(r"location is not supported", re.I)
_TOKEN = re.compile(r"ya29\.[\w.-]+")
_WAIT = re.compile(r"retry in ([\d.]+) ?s", re.I)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>([^<]*)<", re.I)
_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    409: "transient",
    429: "rate_limit",
    499: "transient",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_BY_WORD: dict[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
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
    "not_found": "does not know the model or path; check the model's name and base_url",
}


class _Words(Struct, frozen=True):
    """`details` is their JSON, for finding well-known words."""

    message: str = ""
    status: str = ""
    code: int | None = None
    reason: str = ""
    wait: float | None = None
    envelope: bool = False


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An error answer, whatever its shape."""
    words = _words(body)
    wait = _seconds(headers.get("retry-after"))
    return _error(status, status, words, body, words.wait if wait is None else wait)


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or in a stream."""
    words = _words(body)
    implied = words.code if words.code is not None and words.code >= 400 else _BY_WORD.get(words.status, 500)
    return _error(implied, 200, words, body, words.wait)


def no_answer(what: str) -> UpstreamError:
    """Status 200, and nothing in it that could be taken for an answer."""
    return UpstreamError(f"gave no usable answer: it sent {what}", kind="transient", upstream_status=200)


def _error(status: int, shown: int, words: _Words, body: bytes, wait: float | None) -> UpstreamError:
    kind = _kind(status, words)
    said = clip(_TOKEN.sub("[redacted]", words.message)) if words.message else None
    return UpstreamError(
        f"{_SAYS[kind]}" + (f" ({shown})" if shown != 200 else "") + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=shown,
        upstream_code=clip(words.reason or words.status, 60) or None,
        upstream_message=said,
        retry_after=wait,
        dialect=NAME if words.envelope else None,
        body=_TOKEN.sub("[redacted]", body.decode("utf-8", "replace")).encode() if words.envelope else None,
    )


def _kind(status: int, words: _Words) -> ErrorKind:
    said = f"{words.reason} {words.message}"
    if status in (400, 413, 422):
        if _CONTEXT.search(said):
            return "context_length"
        if _KEY.search(said):
            return "auth"
        if _PLACE.search(said):
            return "permission"
    if status == 403 and (_LEAKED.search(said) or _KEY.search(said)):
        return "auth"
    if status in (400, 403, 429) and _BILLING.search(said):
        return "quota"
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind
    return "transient" if status >= 500 else "invalid_request"


def _words(body: bytes) -> _Words:
    try:
        said: Any = msgspec.json.decode(body)
    except BROKEN:
        return _Words(_plain(body.decode("utf-8", "replace")))
    if is_list(said) and said:  # without alt=sse even an error comes in an array
        said = said[0]
    outer = _object(said)
    error = outer.get("error")
    if isinstance(error, str):  # OAuth's form, from Google's token service
        return _Words(_text(outer.get("error_description")) or error, error)
    inner = _object(error)
    details = inner.get("details")
    rows = [_object(each) for each in details] if is_list(details) else []
    message = _text(inner.get("message"))
    waits = [_seconds(_text(row.get("retryDelay")).removesuffix("s")) for row in rows if "retryDelay" in row]
    told = _WAIT.search(message)
    code = inner.get("code")
    return _Words(
        message,
        _text(inner.get("status")),
        code if isinstance(code, int) else None,
        next((_text(row.get("reason")) for row in rows if row.get("reason")), ""),
        next((wait for wait in waits if wait is not None), _seconds(told.group(1)) if told else None),
        bool(inner),
    )


def _plain(text: str) -> str:
    """The title of a web page, or the words of a body that is no JSON."""
    if "<" not in text:
        return " ".join(text[:400].split())
    title = _TITLE.search(text)
    return " ".join(title.group(2).split()) if title is not None else ""


def _object(value: Any) -> dict[str, Any]:
    return value if is_dict(value) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: str | None) -> float | None:
    try:
        number = float(value) if value else -1.0
    except ValueError:
        return None
    return number if number >= 0 and math.isfinite(number) else None
