"""Google's error answers, classified (google.rpc.Status with ErrorInfo, RetryInfo and QuotaFailure; Gemini API,
Troubleshooting)."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from llm_plugin_google.models import NAME
from lockgate_ports.carried import is_dict, is_list
from lockgate_ports.errors import ErrorKind, UpstreamError
from lockgate_ports.refusals import BY_STATUS, SAYS, Words, kind_of_status, refused, value_in
from lockgate_ports.retry_after import retry_after, seconds_in

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
_BY_STATUS: dict[int, ErrorKind] = {**BY_STATUS, 409: "transient", 499: "transient"}
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
GOOGLES_WORDS = frozenset(_BY_WORD)
"""The words that Google's envelope says what went wrong in."""
_SAYS: dict[ErrorKind, str] = {**SAYS, "quota": "has no credit left for this key"}


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
    wait = retry_after(headers)
    return _error(status, status, words, body, words.wait if wait is None else wait)


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200: in place of an answer, or in a stream."""
    words = _words(body)
    implied = words.code if words.code is not None and words.code >= 400 else _BY_WORD.get(words.status, 500)
    return _error(implied, 200, words, body, words.wait)


def _error(status: int, shown: int, words: _Words, body: bytes, wait: float | None) -> UpstreamError:
    told = Words(
        message=_TOKEN.sub("[redacted]", words.message), code=words.reason or words.status, envelope=words.envelope
    )
    clean = _TOKEN.sub("[redacted]", body.decode("utf-8", "replace")).encode() if words.envelope else body
    return refused(_kind(status, words), shown, told, clean, NAME, retry_after=wait, says=_SAYS)


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
    return kind_of_status(status, _BY_STATUS)


def _words(body: bytes) -> _Words:
    said = value_in(body)
    if isinstance(said, str):
        return _Words(said)
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
    waits = [seconds_in(_text(row.get("retryDelay")).removesuffix("s")) for row in rows if "retryDelay" in row]
    told = _WAIT.search(message)
    code = inner.get("code")
    return _Words(
        message,
        _text(inner.get("status")),
        code if isinstance(code, int) else None,
        next((_text(row.get("reason")) for row in rows if row.get("reason")), ""),
        next((wait for wait in waits if wait is not None), seconds_in(told.group(1)) if told else None),
        bool(inner),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if is_dict(value) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
