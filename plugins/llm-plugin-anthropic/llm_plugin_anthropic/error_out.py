"""Errors in Anthropic's envelope, with the statuses that make its SDKs raise the right exception (Anthropic API
reference, Errors).
"""

import math
from typing import Any

import msgspec

from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import (
    BudgetExceeded,
    Busy,
    CallerError,
    EgressDenied,
    ErrorKind,
    Forbidden,
    LockgateError,
    ModelNotFound,
    NotFound,
    TooLarge,
    Unauthenticated,
    UpstreamError,
)

REQUEST_ID = "request-id"
_TYPES: dict[ErrorKind, str] = {
    "rate_limit": "rate_limit_error",
    "quota": "billing_error",
    "timeout": "timeout_error",
    "overloaded": "overloaded_error",
    "invalid_request": "invalid_request_error",
    "context_length": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "not_found": "not_found_error",
}
_STATUS: dict[ErrorKind, int] = {"overloaded": 529, "quota": 402}
"""Where this API has a status of its own for what the gateway tells by another."""
_OWN_STATUS = (400, 409, 413, 422)
_OURS_ALONE = ("auth", "permission")
"""The gateway's key is no business of the client's."""


def write_error(error: LockgateError, request_id: str) -> ErrorAnswer:
    """Status, body and headers; the upstream's own body where it speaks this dialect."""
    status = error.status
    if isinstance(error, UpstreamError) and _goes_on(error):
        request_id = error.upstream_request_id or request_id  # its body goes on as it came, with that id in it
    headers: list[tuple[str, str]] = [(REQUEST_ID, request_id)] if request_id else []
    if isinstance(error, UpstreamError):
        status = _STATUS.get(error.kind, status)
        if error.kind == "invalid_request" and error.upstream_status in _OWN_STATUS:
            status = error.upstream_status
        if error.kind == "quota":
            headers.append(("x-should-retry", "false"))
    if isinstance(error, UpstreamError | Busy) and error.retry_after is not None:
        headers.append(("retry-after", str(math.ceil(error.retry_after))))
    return ErrorAnswer(status, error_body(error, request_id), tuple(headers))


def error_body(error: LockgateError, request_id: str = "") -> bytes:
    """`{type: error, error: {type, message, details}, request_id}`; `details.error_code` is the gateway's own."""
    if isinstance(error, UpstreamError) and error.body is not None and _goes_on(error):
        return error.body
    told = {"type": _type(error), "message": error.message, "details": {"error_code": error.code}}
    said: dict[str, Any] = {"type": "error", "error": told}
    if request_id:
        said["request_id"] = request_id
    return msgspec.json.encode(said)


def _goes_on(error: UpstreamError) -> bool:
    return error.dialect == NAME and error.kind not in _OURS_ALONE and bool(error.body)


def _type(error: LockgateError) -> str:
    match error:
        case UpstreamError():
            return _TYPES.get(error.kind, "api_error")
        case Unauthenticated():
            return "authentication_error"
        case Forbidden() | EgressDenied():
            return "permission_error"
        case ModelNotFound() | NotFound():
            return "not_found_error"
        case TooLarge():
            return "request_too_large"
        case Busy():
            return "rate_limit_error"
        case BudgetExceeded():
            return "billing_error"
        case CallerError():
            return "invalid_request_error"
        case _:
            return "api_error"
