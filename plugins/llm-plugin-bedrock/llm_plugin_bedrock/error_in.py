"""A provider's error answer, classified (Amazon Bedrock API reference, Converse, Errors, and Common Errors)."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

from lockgate_ports.errors import ErrorKind, UpstreamError, clip

_BY_CODE: dict[str, ErrorKind] = {
    "accessdenied": "permission",
    "accessdeniedexception": "permission",
    "expiredtoken": "auth",
    "expiredtokenexception": "auth",
    "incompletesignature": "auth",
    "incompletesignatureexception": "auth",
    "invalidclienttokenid": "auth",
    "invalididentitytoken": "auth",
    "invalidsignatureexception": "auth",
    "missingauthenticationtoken": "auth",
    "missingauthenticationtokenexception": "auth",
    "notauthorized": "permission",
    "optinrequired": "permission",
    "signaturedoesnotmatch": "auth",
    "unrecognizedclientexception": "auth",
    "internalfailure": "transient",
    "internalserverexception": "transient",
    "modelerrorexception": "transient",
    "modelnotreadyexception": "overloaded",
    "modelstreamerrorexception": "transient",
    "modeltimeoutexception": "timeout",
    "requesttimeout": "timeout",
    "resourcenotfoundexception": "not_found",
    "servicequotaexceededexception": "quota",
    "serviceunavailable": "overloaded",
    "serviceunavailableexception": "overloaded",
    "throttlingexception": "rate_limit",
    "toomanyrequestsexception": "rate_limit",
    "unknownoperationexception": "not_found",
}
_BY_STATUS: dict[int, ErrorKind] = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    424: "transient",
    429: "rate_limit",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_CONTEXT = re.compile(
    r"input is too long|prompt is too long|too many (input )?tokens in|maximum context"
    r"|context.{0,20}(length|window|limit)"
    r"|exceeds? the (maximum|model's|context).{0,40}(tokens|length)|input tokens? (count )?exceeds?"
    r"|max(imum)? (input )?tokens?.{0,20}exceeded|too large for model|expected max ?length",
    re.I,
)
_KEY = re.compile(r"authentication failed|api.?key|security token|bearer token|signature|credential", re.I)
_NO_MODEL = re.compile(r"model identifier is invalid|model id.{0,40}(not found|isn't supported|is not supported)", re.I)
_FILTER = re.compile(r"content.?(filter|policy)|guardrail (has )?(blocked|intervened)", re.I)
_DAILY = re.compile(r"per day|daily", re.I)
_ECHO = re.compile(r"\s*The Canonical String for this request.*", re.S)
"""A refused signature is explained by the request's own headers, a session token among them."""
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_TAG = re.compile(r"<[^>]*>|\s+")
_SAYS: dict[ErrorKind, str] = {
    "auth": "does not accept the credentials; check credential_ref, auth, region and this machine's clock",
    "permission": "does not let these credentials use this model; check their policy and the region's model access",
    "rate_limit": "asks for fewer requests",
    "quota": "has no quota left for this account",
    "timeout": "took too long",
    "overloaded": "is overloaded",
    "transient": "failed",
    "invalid_request": "refuses the request",
    "context_length": "says that the prompt does not fit the model's context",
    "content_filter": "refuses the content",
    "not_found": "does not know the model or path; check the model's id, the region and base_url",
    "fatal": "cannot serve the request",
}


class _Words(Struct, frozen=True):
    message: str = ""
    code: str = ""


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An error answer, whatever its shape. The code stands in `x-amzn-errortype` or in the body's `__type`."""
    words = _words_of(body)
    code = _bare(headers.get("x-amzn-errortype", "")) or words.code
    return _error(_kind(status, code, words.message), status, code, words.message, _retry_after(headers))


def error_in_stream(code: str, message: str | None, payload: bytes) -> UpstreamError:
    """An exception that came as an event of a stream (`throttlingException`)."""
    words = _words_of(payload)
    code, said = _bare(code) or words.code, message or words.message
    return _error(_kind(500, code, said), 200, code, said, None)


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200 in place of an answer."""
    words = _words_of(body)
    return _error(_kind(500, words.code, words.message), 200, words.code, words.message, None)


def _error(kind: ErrorKind, status: int, code: str, message: str, retry_after: float | None) -> UpstreamError:
    said = clip(message) if message else None
    where = f" ({status})" if status != 200 else ""
    return UpstreamError(
        f"{_SAYS[kind]}{where}" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_code=clip(code, 60) or None,
        upstream_message=said,
        retry_after=retry_after,
    )


def _kind(status: int, code: str, message: str) -> ErrorKind:
    known = _BY_CODE.get(code.lower())
    if known == "permission" and _KEY.search(message):
        return "auth"  # what a Bedrock API key is told
    if known == "rate_limit" and _DAILY.search(message):
        return "quota"
    if known is not None:
        return known
    if status in (400, 413, 422) or code.lower() == "validationexception":
        if _CONTEXT.search(message):
            return "context_length"
        if _NO_MODEL.search(message):
            return "not_found"
        return "content_filter" if _FILTER.search(message) else "invalid_request"
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind
    return "transient" if status >= 500 else "invalid_request"


def _words_of(body: bytes) -> _Words:
    """Never raises."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Words(_plain(body.decode("utf-8", "replace")))
    if isinstance(said, str):
        return _Words(said)
    if not _is_dict(said):
        return _Words()
    inner = said.get("error")
    if _is_dict(inner):
        said = {**said, **inner}
    message = next((value for name in ("message", "Message", "msg") if isinstance(value := said.get(name), str)), "")
    codes = [value for name in ("__type", "code", "Code") if isinstance(value := said.get(name), str)]
    return _Words(_ECHO.sub("", message).strip(), _bare(codes[0]) if codes else "")


def _bare(code: str) -> str:
    """`com.amazon.coral.service#AccessDeniedException:http://...` -> `AccessDeniedException`."""
    return code.partition(":")[0].rpartition("#")[2].strip()


def _plain(text: str) -> str:
    title = _TITLE.search(text)
    return _TAG.sub(" ", title.group(2) if title is not None else text).strip()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from `retry-after` (RFC 9110, 10.2.3); a date counts from the answer's own."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        wait = float(value)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        except (ValueError, TypeError):
            return None
    return wait if wait >= 0 and math.isfinite(wait) else None


def _is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
