"""Errors as answers to a client, in the envelope of its dialect."""

import logging
import traceback

from lockgate.redaction import redact
from lockgate.surfaces.lines import id_line, line, lines, printable, with_theirs
from lockgate.surfaces.patience import SHOULD_RETRY, is_useless_again
from lockgate.surfaces.rate_headers import rate_headers
from lockgate.surfaces.replies import ErrorWriter, Whole
from lockgate_ports.errors import LimitReached, LockgateError, UpstreamError

_log = logging.getLogger("lockgate.server")


def fault(error: Exception, request_id: str) -> LockgateError:
    """A fault in Lockgate or a plugin: told to the log without values, since those may hold what must not show."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    kind, fields = type(error).__qualname__, {"request_id": request_id}
    _log.error("internal error in %s: %s\n%s", request_id, kind, redact(frames), extra={"fields": fields})
    return LockgateError("an internal error; the server's log says where")


def error_answer(write: ErrorWriter, error: LockgateError, request_id: str) -> Whole:
    """The error as `write` has it, and what a client may do about it. Raises ValueError for a line break in a header
    field."""
    redact.clean(error)
    answer = write(error, request_id)
    told = f"{lines(answer.headers)}{id_line(request_id)}{line('x-lockgate-error', error.code)}"
    if isinstance(error, LimitReached):
        told += lines(rate_headers((error.standing,)))
    if isinstance(error, UpstreamError) and error.upstream_request_id:
        told += f"x-lockgate-upstream-request-id: {printable(error.upstream_request_id)}\r\n"
    if error.tried:
        told += f"x-lockgate-tried: {printable('; '.join(error.tried))}\r\n"
    if is_useless_again(error) and all(name != SHOULD_RETRY for name, _ in answer.headers):
        told += line(SHOULD_RETRY, "false")
    if isinstance(error, UpstreamError) and error.headers and answer.body is error.body:
        told = with_theirs(told, error.headers)
    return Whole(answer.status, answer.body, answer.content_type, told)
