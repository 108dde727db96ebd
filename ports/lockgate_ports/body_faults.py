"""What is wrong with a JSON body, in words a caller can act on."""

import codecs
import re

import msgspec

from lockgate_ports.errors import InvalidRequest

BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not what they should be."""

_EXPECTED = re.compile(r"Expected `(.+?)`(?: of length)?(?: (>=|<=) (\d+)|, got `(.+?)`)")
_MISSING = re.compile(r"Object missing required field `(.+?)`")
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_BYTE = re.compile(r"\(byte (\d+)\)")
_SURROGATE = re.compile(rb"(\\+)u[dD](?:[89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|[c-fC-F][0-9a-fA-F]{2})")
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_BLOCK = 64 * 1024


def utf8_fault(body: bytes) -> int | None:
    """Where `body` stops being UTF-8, or None. Large bodies are looked at in blocks, so no second copy is made."""
    if body.isascii():
        return None
    start = 0
    while start < len(body):
        stop = start + _BLOCK
        try:
            start += codecs.utf_8_decode(body[start:stop], "strict", stop >= len(body))[1]
        except UnicodeDecodeError as error:
            return start + error.start
    return None


def check_utf8(body: bytes) -> None:
    """What msgspec skips or carries as Raw it does not check. Raises InvalidRequest."""
    if (place := utf8_fault(body)) is not None:
        raise _no_utf8(place)


def fault(error: Exception, body: bytes) -> InvalidRequest:
    """msgspec's complaint about `body` as one of ours, with the field's path in `param`."""
    if not body.strip():
        return InvalidRequest("the request has no body; send a JSON object")
    if isinstance(error, RecursionError):
        return InvalidRequest("the body is nested too deeply to be read")
    if isinstance(error, msgspec.ValidationError):
        return _shape(str(error))
    if (place := utf8_fault(body)) is not None:
        return _no_utf8(place)
    if (place := lone_surrogate(body)) is not None:
        return InvalidRequest(
            f"the body holds a lone surrogate (a \\ud800-\\udfff escape without its partner) at byte {place}; "
            "that is half a character and no text"
        )
    said = str(error).removeprefix("JSON is malformed: ")
    if (at := _BYTE.search(said)) is not None:
        what = said[: at.start()].strip()
        return InvalidRequest(f"the body is not valid JSON: {what} at byte {at.group(1)}")
    return InvalidRequest(f"the body is not valid JSON: it ends too early, at byte {len(body)}")


def lone_surrogate(body: bytes) -> int | None:
    """Where a `\\uD800`-`\\uDFFF` escape stands that is not half of a pair, or None."""
    for match in _SURROGATE.finditer(body):
        escaped = len(match.group(1)) % 2 == 1
        paired = match.group(2) is not None
        if escaped != paired:
            return match.start() if escaped else match.start(2)
    return None


def _no_utf8(place: int) -> InvalidRequest:
    return InvalidRequest(f"the body is not valid UTF-8: byte {place} begins no character")


def _shape(said: str) -> InvalidRequest:
    at = _PATH.search(said)
    path = at.group(1) if at else ""
    if (missing := _MISSING.match(said)) is not None:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
        return InvalidRequest(f"{path} is missing", param=path)
    name = path or "the body"
    if (expected := _EXPECTED.match(said)) is None:
        plain = said[: at.start()] if at else said
        return InvalidRequest(f"{name}: {plain[:1].lower()}{plain[1:]}", param=path or None)
    kind, sign, limit, got = expected.groups()
    if limit is not None:
        what = f"hold at least {limit} item" if kind == "array" else f"be {limit} or {_more(sign)}"
        return InvalidRequest(f"{name} must {what}", param=path or None)
    # null stands for "not said" everywhere; to name it as a choice would not help anybody
    wanted = " or ".join(_WORDS.get(each, each) for each in kind.split(" | ") if each != "null")
    return InvalidRequest(f"{name} must be {wanted}, not {_WORDS.get(got, got)}", param=path or None)


def _more(sign: str) -> str:
    return "more" if sign == ">=" else "less"
