"""Field names as clients may write them: lowerCamelCase, or the snake_case of the protocol buffers (ProtoJSON)."""

import re
from typing import Any

import msgspec

from lockgate_ports.carried import is_dict, is_list

_SNAKE = re.compile(rb'"[a-z]+(?:_[a-z0-9]+)+"\s*:')
_LETTER = re.compile(r"_([a-z0-9])")
_CALLERS_OWN = frozenset(
    (
        *("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels"),
        *("responseJsonSchema", "partMetadata"),
    )
)
"""What stands in these is not Gemini's to name."""


def camel_case(body: bytes) -> bytes:
    """`body` with Gemini's own field names in lowerCamelCase: itself where they are, as they mostly are.

    Raises msgspec.DecodeError for what is no JSON.
    """
    if body.find(b"_") < 0 or _SNAKE.search(body) is None:
        return body
    return msgspec.json.encode(_renamed(msgspec.json.decode(body)))


def _renamed(value: Any) -> Any:
    if is_list(value):
        return [_renamed(each) for each in value]
    if not is_dict(value):
        return value
    renamed: dict[str, Any] = {}
    for name, inner in value.items():
        camel = _LETTER.sub(lambda letter: letter.group(1).upper(), name)
        renamed[camel] = inner if camel in _CALLERS_OWN else _renamed(inner)
    return renamed
