"""What an error answer says, whatever its shape: OpenAI's envelope, a bare message, FastAPI's detail, HTML, text."""

from typing import Any

from msgspec import Struct

from lockgate_ports.carried import is_dict, is_list
from lockgate_ports.refusals import text_in, value_in


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
    said = value_in(body)
    if is_list(said) and said:
        said = said[0]
    if isinstance(said, str):
        return ErrorWords(said)
    if not is_dict(said):
        return ErrorWords()
    return _of_object(said)


def _of_object(outer: dict[str, Any]) -> ErrorWords:
    error = outer.get("error")
    envelope = bool(error) and isinstance(error, str | dict)
    inner = error if is_dict(error) else outer
    message = text_in(error) if isinstance(error, str) else ""
    for name in ("message", "msg", "detail", "Message", "error_description"):
        message = message or text_in(inner.get(name)) or text_in(outer.get(name))
    metadata = inner.get("metadata")
    if is_dict(metadata) and (raw := text_in(metadata.get("raw"))):
        message = f"{message}: {raw}" if message else raw  # OpenRouter: what the provider behind it said
    code = inner.get("code", outer.get("code"))
    deeper = inner.get("innererror")  # Azure: the reason behind a bare status
    if is_dict(deeper) and not (isinstance(code, str) and code and not code.isdigit()):
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


def _status(value: Any) -> int | None:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4 else value
    return number if isinstance(number, int) and 400 <= number < 600 else None
