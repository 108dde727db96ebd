"""Error answers of providers: what one says, whatever its shape, and the UpstreamError made of it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import is_dict, is_list
from lockgate_ports.errors import ErrorKind, UpstreamError, clip

BY_STATUS: Mapping[int, ErrorKind] = MappingProxyType(
    {
        401: "auth",
        402: "quota",
        403: "permission",
        404: "not_found",
        408: "timeout",
        429: "rate_limit",
        503: "overloaded",
        504: "timeout",
        529: "overloaded",
    }
)
"""What a status means where a provider gives it no other meaning (RFC 9110, 15.5 and 15.6)."""

SAYS: Mapping[ErrorKind, str] = MappingProxyType(
    {
        "auth": "does not accept the key; check its credential_ref",
        "permission": "does not let this key do that",
        "rate_limit": "asks for fewer requests",
        "quota": "has no quota or credit left for this key",
        "timeout": "took too long",
        "overloaded": "is overloaded",
        "transient": "failed",
        "invalid_request": "refuses the request",
        "context_length": "says that the prompt does not fit the model's context",
        "content_filter": "refuses the content",
        "not_found": "does not know the model or path; check the model's name and base_url",
        "fatal": "cannot serve the request",
    }
)
"""What a kind of error is in a sentence that begins with the provider's name, and what to do about it."""

_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_DEPTH = 8
"""How deep words are looked for: no provider's own answer is nested further."""


class Words(Struct, frozen=True, kw_only=True):
    """What an error answer says. `envelope` tells that its body is in the provider's own form, which clients of its
    dialect understand."""

    message: str = ""
    code: str = ""
    param: str | None = None
    request_id: str | None = None
    envelope: bool = False


def refused(
    kind: ErrorKind,
    status: int,
    words: Words,
    body: bytes = b"",
    dialect: str | None = None,
    *,
    retry_after: float | None = None,
    says: Mapping[ErrorKind, str] = SAYS,
) -> UpstreamError:
    """The error to raise; status 200 is for one that stood in place of an answer, or in a stream.

    `body` and `dialect` are for answers that a client of the same dialect may be given as they came.
    """
    said = clip(words.message) if words.message else None
    where = f" ({status})" if status != 200 else ""
    return UpstreamError(
        f"{says[kind]}{where}" + (f": {said}" if said else ""),
        kind=kind,
        upstream_status=status,
        upstream_code=clip(words.code, 60) or None,
        upstream_message=said,
        upstream_request_id=words.request_id,
        retry_after=retry_after,
        param=words.param,
        dialect=dialect if words.envelope else None,
        body=body if words.envelope else None,
    )


def unusable(what: str) -> UpstreamError:
    """A provider that answered with status 200, but gave no answer: it sent `what`."""
    return UpstreamError(f"gave no usable answer: it sent {what}", kind="transient", upstream_status=200)


def over_limit(limit: int) -> UpstreamError:
    """An answer of more than `limit` bytes, of which no more is read. Another provider may say it shorter; this one
    would charge for the same once more."""
    return UpstreamError(f"the answer is longer than {limit} bytes", kind="transient", again=False)


def unreadable(body: bytes) -> UpstreamError:
    """The same for a `body` that is no JSON."""
    if not body.strip():
        return unusable("nothing")
    return unusable(f"something that is not JSON ({clip(body[:200].decode('utf-8', 'replace'), 120)!r})")


def kind_of_status(status: int, by_status: Mapping[int, ErrorKind] = BY_STATUS) -> ErrorKind:
    """What the status alone tells."""
    return by_status.get(status) or ("transient" if status >= 500 else "invalid_request")


def value_in(body: bytes) -> Any:
    """The JSON value that `body` is, or the words of a body that is none: HTML, or text. Never raises."""
    try:
        return msgspec.json.decode(body)
    except BROKEN:
        return _plain(body.decode("utf-8", "replace"))


def text_in(value: Any, depth: int = _DEPTH) -> str:
    """Words out of a string, or of FastAPI's list of {loc, msg}; empty where there are none."""
    if isinstance(value, str):
        return value.strip()
    if depth == 0:
        return ""
    if is_list(value):
        return "; ".join([text for each in value if (text := text_in(each, depth - 1))])
    if is_dict(value):
        at = value.get("loc")
        where = ".".join(str(step) for step in at) if is_list(at) else ""
        names = ("msg", "message", "detail")
        what = next((text for name in names if (text := text_in(value.get(name), depth - 1))), "")
        return f"{where}: {what}" if where and what else what
    return ""


def _plain(text: str) -> str:
    """A web page is told by its title, other markup by what stands between its tags."""
    if "<" in text and (title := _TITLE.search(text)) is not None:
        text = title.group(2)
    elif text.lstrip().startswith("<") or "<html" in text.lower():
        text = _TAG.sub(" ", text)
    return " ".join(text.split())
