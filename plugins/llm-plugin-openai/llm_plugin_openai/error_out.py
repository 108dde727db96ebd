"""Errors in OpenAI's envelope, with the statuses that make its SDKs raise the right exception (OpenAI API reference,
Error codes).
"""

import math
from typing import Any

import msgspec

from llm_plugin_openai.quirks import ENVELOPED
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import (
    BudgetExceeded,
    Busy,
    CallerError,
    EgressDenied,
    ErrorKind,
    Forbidden,
    LockgateError,
    Unauthenticated,
    UpstreamError,
)

_TYPES: dict[ErrorKind, str] = {
    "rate_limit": "rate_limit_error",
    "quota": "insufficient_quota",
    "invalid_request": "invalid_request_error",
    "context_length": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "not_found": "invalid_request_error",
}
_CODES: dict[ErrorKind, str] = {
    "rate_limit": "rate_limit_exceeded",
    "quota": "insufficient_quota",
    "context_length": "context_length_exceeded",
    "content_filter": "content_filter",
    "not_found": "model_not_found",
}
_OWN_STATUS = (400, 409, 413, 422)
_OURS_ALONE = ("auth", "permission")
"""The gateway's key is no business of the client's."""


def write_error(error: LockgateError) -> ErrorAnswer:
    """Status, body and headers; the upstream's own body where it speaks this dialect."""
    status = error.status
    headers: list[tuple[str, str]] = []
    if isinstance(error, UpstreamError):
        if error.kind == "invalid_request" and error.upstream_status in _OWN_STATUS:
            status = error.upstream_status
        if error.kind == "quota":
            headers.append(("x-should-retry", "false"))
    if isinstance(error, UpstreamError | Busy) and error.retry_after is not None:
        headers.append(("retry-after", str(math.ceil(error.retry_after))))
    return ErrorAnswer(status, error_body(error), tuple(headers))


def error_body(error: LockgateError) -> bytes:
    """`{"error": {message, type, param, code}}`."""
    if isinstance(error, UpstreamError) and error.dialect in ENVELOPED and error.kind not in _OURS_ALONE and error.body:
        return error.body
    said: dict[str, Any] = {"message": error.message, "type": _type(error), "param": None, "code": error.code}
    if isinstance(error, UpstreamError):
        said["param"] = error.param if error.kind not in _OURS_ALONE else None
        said["code"] = _CODES.get(error.kind, error.code)
    elif isinstance(error, CallerError):
        said["param"] = error.param
    return msgspec.json.encode({"error": said})


def _type(error: LockgateError) -> str:
    match error:
        case UpstreamError():
            return _TYPES.get(error.kind, "server_error")
        case Unauthenticated():
            return "authentication_error"
        case Forbidden() | EgressDenied():
            return "permission_error"
        case Busy():
            return "rate_limit_error"
        case BudgetExceeded():
            return "insufficient_quota"
        case CallerError():
            return "invalid_request_error"
        case _:
            return "server_error"
