"""Errors as google.rpc.Status, with the statuses that make Google's SDKs raise the right exception (Gemini API,
Troubleshooting)."""

import math
from typing import Any

from llm_plugin_google.models import NAME
from lockgate_ports.carried import ENCODE
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import Busy, CallerError, LockgateError, UpstreamError

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    408: "DEADLINE_EXCEEDED",
    413: "INVALID_ARGUMENT",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPES = "type.googleapis.com/google.rpc."
_OURS_ALONE = ("auth", "permission")
"""The gateway's key is no business of the client's."""


def write_error(error: LockgateError) -> ErrorAnswer:
    """Status, body and headers; the upstream's own body where it speaks this dialect."""
    wait = error.retry_after if isinstance(error, UpstreamError | Busy) else None
    headers = (("retry-after", str(math.ceil(wait))),) if wait is not None else ()
    return ErrorAnswer(error.status, error_body(error), headers)


def error_body(error: LockgateError) -> bytes:
    """`{"error": {code, message, status, details}}`."""
    ours = isinstance(error, UpstreamError) and error.kind in _OURS_ALONE
    if isinstance(error, UpstreamError) and error.dialect == NAME and not ours and error.body:
        return error.body
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPES}ErrorInfo", "reason": error.code.upper(), "domain": "lockgate"}
    ]
    if isinstance(error, UpstreamError | Busy) and error.retry_after is not None:
        details.append({"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{error.retry_after:g}s"})
    param = error.param if isinstance(error, UpstreamError | CallerError) and not ours else None
    if param is not None:
        violation = {"field": param, "description": error.message}
        details.append({"@type": f"{_TYPES}BadRequest", "fieldViolations": [violation]})
    status = _STATUS.get(error.status, "INTERNAL")
    said = {"code": error.status, "message": error.message, "status": status, "details": details}
    return ENCODE({"error": said})
