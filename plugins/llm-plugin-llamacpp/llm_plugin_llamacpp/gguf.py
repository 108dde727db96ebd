"""The few facts in the header of a GGUF file that a call must not be sent without.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from pathlib import Path
from typing import Any

from msgspec import Struct

_MAGIC = b"GGUF"
_STRING = 8
_ARRAY = 9
_SCALARS = {
    number: struct.Struct(f"<{letter}")
    for number, letter in {
        0: "B",
        1: "b",
        2: "H",
        3: "h",
        4: "I",
        5: "i",
        6: "f",
        7: "?",
        10: "Q",
        11: "q",
        12: "d",
    }.items()
}
_U32 = _SCALARS[4]
_U64 = _SCALARS[10]


class NotGguf(ValueError):
    """The file is no GGUF file, or its header is damaged; the message says which."""


class Facts(Struct, frozen=True):
    """`context_tokens` is what the model was trained for, None when the file does not say."""

    context_tokens: int | None
    takes_tools: bool
    """Its chat template has a place for tools."""


def read_facts(path: Path) -> Facts:
    """Reads the header alone. Raises NotGguf, OSError."""
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise NotGguf("it does not begin like a GGUF file")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                fields = _fields(data)
            except (struct.error, IndexError, KeyError):
                raise NotGguf("its header is damaged or cut short") from None
    trained = fields.get(f"{fields.get('general.architecture')}.context_length")
    templates = [value for name, value in fields.items() if name.startswith("tokenizer.chat_template")]
    return Facts(
        trained if isinstance(trained, int) else None,
        any("tools" in template for template in templates if isinstance(template, str)),
    )


def _fields(data: mmap.mmap) -> dict[str, Any]:
    (version,) = _U32.unpack_from(data, 4)
    if version not in (2, 3):
        raise NotGguf(f"it is GGUF version {version}; 2 and 3 can be read")
    (count,) = _U64.unpack_from(data, 16)
    at = 24
    fields: dict[str, Any] = {}
    for _ in range(count):
        name, at = _text(data, at)
        (kind,) = _U32.unpack_from(data, at)
        if kind == _ARRAY:
            at = _past_array(data, at + 4)
        elif kind == _STRING:
            fields[name], at = _text(data, at + 4)
        else:
            scalar = _SCALARS[kind]
            (fields[name],) = scalar.unpack_from(data, at + 4)
            at += 4 + scalar.size
    return fields


def _text(data: mmap.mmap, at: int) -> tuple[str, int]:
    (length,) = _U64.unpack_from(data, at)
    stop = at + 8 + length
    if stop > len(data):
        raise IndexError
    return data[at + 8 : stop].decode("utf-8", "replace"), stop


def _past_array(data: mmap.mmap, at: int) -> int:
    kind: int = _U32.unpack_from(data, at)[0]
    count: int = _U64.unpack_from(data, at + 4)[0]
    at += 12
    if kind == _STRING:
        # A vocabulary: a hundred thousand words of which none is wanted.
        unpack, end = _U64.unpack_from, len(data)
        for _ in range(count):
            at += 8 + unpack(data, at)[0]
            if at > end:
                raise IndexError
        return at
    if kind == _ARRAY:
        for _ in range(count):
            at = _past_array(data, at)
        return at
    return at + _SCALARS[kind].size * count
