"""`base_resp`, in which MiniMax tells an error, mostly with status 200 (MiniMax API reference, Error Codes)."""

import msgspec
from msgspec import Struct

from lockgate_ports.errors import ErrorKind, UpstreamError, clip

_MARK = b'"base_resp"'
_KINDS: dict[int, ErrorKind] = {
    1001: "timeout",
    1002: "rate_limit",
    1004: "auth",
    1008: "quota",
    1026: "content_filter",
    1027: "content_filter",
    1028: "quota",
    1030: "quota",
    1039: "rate_limit",
    1041: "rate_limit",
    1042: "invalid_request",
    2013: "invalid_request",
    2045: "rate_limit",
    2049: "auth",
    2056: "quota",
    2061: "permission",
}
_SAYS: dict[ErrorKind, str] = {
    "timeout": "took too long",
    "rate_limit": "asks for fewer requests",
    "auth": "does not accept the key; check its credential_ref and that base_url is of the key's own region",
    "quota": "has no quota or balance left for this key",
    "content_filter": "refuses the content",
    "invalid_request": "refuses the request",
    "context_length": "says that the prompt does not fit the model's context",
    "permission": "does not offer the model in this key's plan",
    "transient": "failed",
}


class _Resp(Struct, gc=False):
    status_code: int = 0
    status_msg: str = ""


class _Answer(Struct, gc=False):
    base_resp: _Resp | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


def refusal_in(body: bytes, status: int = 200) -> UpstreamError | None:
    """The error that `body`, an answer or the data of one event, tells in `base_resp`; None where it tells none."""
    if _MARK not in body:
        return None
    try:
        resp = _ANSWER.decode(body).base_resp
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if resp is None or resp.status_code == 0:
        return None
    kind = _KINDS.get(resp.status_code, "transient")
    if kind == "invalid_request" and "context window" in resp.status_msg:
        kind = "context_length"
    said = clip(resp.status_msg) or None
    return UpstreamError(
        f"{_SAYS[kind]} ({resp.status_code})" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_code=str(resp.status_code),
        upstream_message=said,
    )
