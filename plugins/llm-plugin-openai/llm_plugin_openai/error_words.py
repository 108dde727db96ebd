"""What an error answer says, whatever its shape: OpenAI's envelope, a bare message, FastAPI's detail, HTML, text."""

import re
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct

_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.S | re.I)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1>", re.S | re.I)
_SPACE = re.compile(r"\s+")


class ErrorWords(Struct, frozen=True):
    """`message` is empty when nothing was said; `status` is one named inside the body; `envelope` tells that the body
    is a JSON object with `error`, which clients of this dialect understand."""

    message: str = ""
    type: str = ""
    code: str = ""
    param: str | None = None
    status: int | None = None
    envelope: bool = False

    @property
    def all(self) -> str:
        """Everything, for finding well-known wordings."""
        return f"{self.type} {self.code} {self.message}"


def words_of(body: bytes) -> ErrorWords:
    """Never raises."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorWords(_plain(body.decode("utf-8", "replace")))
    if _is_list(said) and said:
        said = said[0]
    if isinstance(said, str):
        return ErrorWords(said)
    if not _is_dict(said):
        return ErrorWords()
    return _of_object(said)


def _of_object(outer: dict[str, Any]) -> ErrorWords:
    error = outer.get("error")
    envelope = bool(error) and isinstance(error, str | dict)
    inner = error if _is_dict(error) else outer
    message = _text(error) if isinstance(error, str) else ""
    for name in ("message", "msg", "detail", "Message", "error_description"):
        message = message or _text(inner.get(name)) or _text(outer.get(name))
    metadata = inner.get("metadata")
    if _is_dict(metadata) and (raw := _text(metadata.get("raw"))):
        message = f"{message}: {raw}" if message else raw  # OpenRouter: what the provider behind it said
    code = inner.get("code", outer.get("code"))
    deeper = inner.get("innererror")  # Azure: the reason behind a bare status
    if _is_dict(deeper) and not (isinstance(code, str) and code and not code.isdigit()):
        code = deeper.get("code")
    kind = inner.get("type") or outer.get("type") or inner.get("status")  # Google's word for its code
    numbers = (_status(inner.get(name)) for name in ("code", "status_code", "status"))
    return ErrorWords(
        message,
        kind if isinstance(kind, str) else "",
        code if isinstance(code, str) and not code.isdigit() else "",
        param if isinstance(param := inner.get("param"), str) else None,
        next((number for number in numbers if number is not None), None),
        envelope,
    )


def _text(value: Any) -> str:
    """Words out of a string, or of FastAPI's list of {loc, msg}."""
    if isinstance(value, str):
        return value.strip()
    if _is_list(value):
        return "; ".join(filter(None, (_text(each) for each in value)))
    if _is_dict(value):
        at = value.get("loc")
        where = ".".join(str(step) for step in at) if _is_list(at) else ""
        what = _text(value.get("msg")) or _text(value.get("message")) or _text(value.get("detail"))
        return f"{where}: {what}" if where and what else what
    return ""


def _status(value: Any) -> int | None:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4 else value
    return number if isinstance(number, int) and 400 <= number < 600 else None


def _plain(text: str) -> str:
    if "<" in text and (title := _TITLE.search(text)) is not None:
        text = title.group(2)
    elif "<html" in text.lower():
        text = _TAG.sub(" ", text)
    return _SPACE.sub(" ", text).strip()


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)
