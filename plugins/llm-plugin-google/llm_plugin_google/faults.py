"""What is wrong with a JSON body, in words a caller can act on."""

import codecs
import re

import msgspec

from lockgate_ports.errors import InvalidRequest

BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for bytes that are not what they should be."""

_EXPECTED = re.compile(r"Expected `(.+?)`(?: of length)?(?: (?:>=|<=) \d+|, got `(.+?)`)")
_MISSING = re.compile(r"Object missing required field `(.+?)`")
_PATH = re.compile(r" - at `\$\.?(.*)`$")
_WORDS = {
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
_BLOCK = 64 * 1024


def utf8_fault(body: bytes) -> int | None:
    """Where `body` stops being UTF-8, or None. Large bodies are looked at in blocks, so no second copy is made."""
    if body.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(body), _BLOCK):
        block = body[start : start + _BLOCK]
        try:
            decoder.decode(block, final=start + _BLOCK >= len(body))
        except UnicodeDecodeError as error:
            return start - (len(error.object) - len(block)) + error.start
    return None


def check_utf8(body: bytes) -> None:
    """What msgspec skips or carries as Raw it does not check. Raises InvalidRequest."""
    if (place := utf8_fault(body)) is not None:
        raise InvalidRequest(f"the body is not valid UTF-8: byte {place} begins no character")


def fault(error: Exception, body: bytes) -> InvalidRequest:
    """msgspec's complaint about `body` as one of ours, with the field's path in `param`."""
    if not body.strip():
        return InvalidRequest("the request has no body; send a JSON object")
    if isinstance(error, RecursionError):
        return InvalidRequest("the body is nested too deeply to be read")
    if isinstance(error, msgspec.ValidationError):
        return _shape(str(error))
    if (place := utf8_fault(body)) is not None:
        return InvalidRequest(f"the body is not valid UTF-8: byte {place} begins no character")
    return InvalidRequest(f"the body is not valid JSON: {str(error).removeprefix('JSON is malformed: ')}")


def _shape(said: str) -> InvalidRequest:
    at = _PATH.search(said)
    path = at.group(1) if at else ""
    if (missing := _MISSING.match(said)) is not None:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
        return InvalidRequest(f"{path} is missing", param=path)
    name = path or "the body"
    expected = _EXPECTED.match(said)
    if expected is None or expected.group(2) is None:
        plain = said[: at.start()] if at else said
        return InvalidRequest(f"{name}: {plain[:1].lower()}{plain[1:]}", param=path or None)
    # null stands for "not said" everywhere; to name it as a choice would not help anybody
    wanted = " or ".join(_WORDS.get(each, each) for each in expected.group(1).split(" | ") if each != "null")
    got = expected.group(2)
    return InvalidRequest(f"{name} must be {wanted}, not {_WORDS.get(got, got)}", param=path or None)
