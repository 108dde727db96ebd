"""Everything that can go wrong, as one tree.

    LockgateError
    ├── SettingsError               the settings, a plugin or a secret are at fault; nothing was sent
    ├── CallerError                 the caller's request is at fault; nothing was sent
    │   ├── InvalidRequest          400  malformed or contradictory; `param` names the field
    │   ├── Unsupported             400  the chosen provider cannot express what was asked
    │   │   └── NotOffered               it has no such operation at all
    │   ├── Unauthenticated         401  no key, or a wrong one
    │   ├── BudgetExceeded          402  no money is left for this caller; `standing` says of which budget
    │   ├── Forbidden               403  the key may not do this
    │   ├── ModelNotFound           404  no route or provider has this name
    │   ├── NotFound                404  nothing is served at this path
    │   ├── MethodNotAllowed        405  the path takes another method
    │   ├── TooSlow                 408  the body did not arrive in time
    │   ├── TooLarge                413
    │   ├── HeadTooLarge            431
    │   ├── UnsupportedMedia        415
    │   └── Busy                    429  the gateway's own limit or queue; `retry_after` says when to come back
    │       └── LimitReached        429  a limit of this caller's is used up; `standing` says which
    ├── EgressDenied                403  the policy forbids the destination; `rule` names what said so
    ├── LedgerFailed                503  the call could not be written down, and must be before it is answered
    ├── LimitsFailed            503  limits cannot be counted, and settings say that nothing goes on uncounted
    └── UpstreamError               the provider failed or refused; `kind` is one of `ErrorKind`

No message holds a secret or more than 200 bytes of a body.
"""

from typing import Literal

from lockgate_ports.http import Headers
from lockgate_ports.limits import Standing

ErrorKind = Literal[
    "auth",
    "permission",
    "rate_limit",
    "quota",
    "timeout",
    "overloaded",
    "transient",
    "invalid_request",
    "context_length",
    "content_filter",
    "not_found",
    "fatal",
]


class LockgateError(Exception):
    """What, which provider, what to do. `status` is the HTTP status a client is told, `code` a stable word."""

    status: int = 500
    code: str = "internal_error"
    tried: tuple[str, ...] = ()
    """Who was asked in vain, when that took more than one try: `openai/gpt-5 upstream_transient x3`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class SettingsError(LockgateError):
    """Settings, a plugin or a secret are at fault."""

    code = "settings_error"


class CallerError(LockgateError):
    """The caller's request is at fault. `param` is the path of the field (`messages[0].content`)."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        if code is not None:
            self.code = code


class InvalidRequest(CallerError):
    """Malformed or contradictory."""


class Unsupported(CallerError):
    """The chosen provider cannot express what was asked."""

    code = "unsupported"


class NotOffered(Unsupported):
    """The chosen provider has no such operation at all."""


class Unauthenticated(CallerError):
    """No key, or a wrong one."""

    status = 401
    code = "invalid_api_key"


class Forbidden(CallerError):
    """The key may not do this."""

    status = 403
    code = "forbidden"


class ModelNotFound(CallerError):
    """No route or provider has this name."""

    status = 404
    code = "model_not_found"


class NotFound(CallerError):
    """There is nothing at this path."""

    status = 404
    code = "not_found"


class MethodNotAllowed(CallerError):
    """The path exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class TooSlow(CallerError):
    """The request's body did not arrive in time."""

    status = 408
    code = "request_timeout"


class TooLarge(CallerError):
    """The request is larger than the server takes."""

    status = 413
    code = "request_too_large"


class HeadTooLarge(CallerError):
    """The request's head is larger than the server takes."""

    status = 431
    code = "request_head_too_large"


class UnsupportedMedia(CallerError):
    """The body is of a type or encoding that this path does not read."""

    status = 415
    code = "unsupported_media_type"


class Busy(CallerError):
    """The gateway's own limit or queue is full. `retry_after` is in seconds."""

    status = 429
    code = "busy"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LimitReached(Busy):
    """A limit on requests, tokens or calls at a time is used up."""

    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, standing: Standing) -> None:
        super().__init__(message, retry_after=standing.resets_in)
        self.standing = standing


class BudgetExceeded(CallerError):
    """What is left of a budget does not hold this call."""

    status = 402
    code = "budget_exceeded"

    def __init__(self, message: str, *, standing: Standing) -> None:
        super().__init__(message)
        self.standing = standing


class LedgerFailed(LockgateError):
    """The call was made, but could not be written down, and settings say that it must be before it is answered."""

    status = 503
    code = "ledger_failed"


class LimitsFailed(LockgateError):
    """The store of limits is away, and settings say that no call is made uncounted."""

    status = 503
    code = "limits_failed"


class EgressDenied(LockgateError):
    """The egress policy forbids the destination."""

    status = 403
    code = "egress_denied"

    def __init__(self, message: str, *, rule: str, provider_id: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.provider_id = provider_id


class UpstreamError(LockgateError):
    """A provider failed or refused.

    A client is told the `status` of the kind: an upstream's bad key is never the caller's 401.
    `upstream_status`, `upstream_code` and `upstream_message` are the provider's own words, `upstream_request_id` its
    id for the call, `retry_after` seconds until it wants to be asked again. `sent` is False when it is certain that the
    provider never saw the call, `again` where asking it once more would bring the same. `body` and `dialect` hold an
    error answer as it came, for clients of the same dialect, and `headers` those of its fields that go with it.
    """

    code = "upstream_error"

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind,
        provider_id: str = "",
        upstream_status: int | None = None,
        upstream_code: str | None = None,
        upstream_message: str | None = None,
        upstream_request_id: str | None = None,
        retry_after: float | None = None,
        param: str | None = None,
        sent: bool = True,
        again: bool = True,
        dialect: str | None = None,
        body: bytes | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.provider_id = provider_id
        self.upstream_status = upstream_status
        self.upstream_code = upstream_code
        self.upstream_message = upstream_message
        self.upstream_request_id = upstream_request_id
        self.retry_after = retry_after
        self.param = param
        self.sent = sent
        self.again = again
        self.dialect = dialect
        self.body = body
        self.headers: Headers = ()
        self.code = f"upstream_{kind}" if kind != "auth" else "upstream_auth_failed"
        self.status = _STATUS[kind]


_STATUS: dict[ErrorKind, int] = {
    "auth": 502,
    "permission": 502,
    "rate_limit": 429,
    "quota": 429,
    "timeout": 504,
    "overloaded": 503,
    "transient": 502,
    "invalid_request": 400,
    "context_length": 400,
    "content_filter": 400,
    "not_found": 404,
    "fatal": 502,
}


def clip(text: str, limit: int = 200) -> str:
    """`text` cut to `limit` bytes of UTF-8, with a mark where it was cut."""
    data = text.encode("utf-8", "replace")
    return text if len(data) <= limit else data[:limit].decode("utf-8", "ignore") + "..."
