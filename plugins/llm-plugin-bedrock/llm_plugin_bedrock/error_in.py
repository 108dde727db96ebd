"""A provider's error answer, classified (Amazon Bedrock API reference, Converse, Errors, and Common Errors)."""

import re
from collections.abc import Mapping

from lockgate_ports.carried import is_dict
from lockgate_ports.errors import ErrorKind, UpstreamError
from lockgate_ports.refusals import BY_STATUS, SAYS, Words, kind_of_status, refused, value_in
from lockgate_ports.retry_after import retry_after

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
_BY_STATUS: dict[int, ErrorKind] = {**BY_STATUS, 424: "transient"}
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
_SAYS: dict[ErrorKind, str] = {
    **SAYS,
    "auth": "does not accept the credentials; check credential_ref, auth, region and this machine's clock",
    "permission": "does not let these credentials use this model; check their policy and the region's model access",
    "quota": "has no quota left for this account",
    "not_found": "does not know the model or path; check the model's id, the region and base_url",
}


def read_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An error answer, whatever its shape. The code stands in `x-amzn-errortype` or in the body's `__type`."""
    words = _words_of(body)
    code = _bare(headers.get("x-amzn-errortype", "")) or words.code
    return _error(_kind(status, code, words.message), status, code, words.message, retry_after(headers))


def error_in_stream(code: str, message: str | None, payload: bytes) -> UpstreamError:
    """An exception that came as an event of a stream (`throttlingException`)."""
    words = _words_of(payload)
    code, said = _bare(code) or words.code, message or words.message
    return _error(_kind(500, code, said), 200, code, said, None)


def error_inside(body: bytes) -> UpstreamError:
    """An error that came with status 200 in place of an answer."""
    words = _words_of(body)
    return _error(_kind(500, words.code, words.message), 200, words.code, words.message, None)


def _error(kind: ErrorKind, status: int, code: str, message: str, wait: float | None) -> UpstreamError:
    return refused(kind, status, Words(message=message, code=code), retry_after=wait, says=_SAYS)


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
    return kind_of_status(status, _BY_STATUS)


def _words_of(body: bytes) -> Words:
    """Never raises."""
    said = value_in(body)
    if isinstance(said, str):
        return Words(message=said)
    if not is_dict(said):
        return Words()
    inner = said.get("error")
    if is_dict(inner):
        said = {**said, **inner}
    message = next((value for name in ("message", "Message", "msg") if isinstance(value := said.get(name), str)), "")
    codes = [value for name in ("__type", "code", "Code") if isinstance(value := said.get(name), str)]
    return Words(message=_ECHO.sub("", message).strip(), code=_bare(codes[0]) if codes else "")


def _bare(code: str) -> str:
    """`com.amazon.coral.service#AccessDeniedException:http://...` -> `AccessDeniedException`."""
    return code.partition(":")[0].rpartition("#")[2].strip()
