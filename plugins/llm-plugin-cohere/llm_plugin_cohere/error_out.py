"""Errors in Cohere's envelope, with the statuses by which its SDKs choose an exception (Cohere API, Errors)."""

import math

import msgspec

from llm_plugin_cohere.names import RERANK
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import Busy, LockgateError, UpstreamError

_OURS_ALONE = ("auth", "permission")
"""The gateway's key is no business of the client's."""
_OWN_STATUS = (400, 413, 422)


def write_error(error: LockgateError, request_id: str) -> ErrorAnswer:
    """`{"id", "message"}`; the upstream's own body where it speaks this dialect."""
    status = error.status
    if isinstance(error, UpstreamError) and error.kind == "invalid_request" and error.upstream_status in _OWN_STATUS:
        status = error.upstream_status
    wait = error.retry_after if isinstance(error, UpstreamError | Busy) else None
    headers = (("retry-after", str(math.ceil(wait))),) if wait is not None else ()
    return ErrorAnswer(status, _body(error, request_id), headers)


def _body(error: LockgateError, request_id: str) -> bytes:
    if isinstance(error, UpstreamError) and error.dialect == RERANK and error.kind not in _OURS_ALONE and error.body:
        return error.body
    return msgspec.json.encode({"id": request_id, "message": error.message})
