"""Ways to split a stream into chunks: a network may choose any."""

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Literal

Splitting = Literal["whole", "events", "bytes", "code-points"]
SPLITTINGS: tuple[Splitting, ...] = ("whole", "events", "bytes", "code-points")
"""In one piece; an event at a time; a byte at a time; and inside each letter outside ASCII."""


def by_blank_line(stream: bytes) -> list[bytes]:
    """The events of a stream whose events end in a blank line (server-sent events)."""
    return _after_each(rb"\r\n\r\n|\n\n|\r\r", stream)


def by_line(stream: bytes) -> list[bytes]:
    """The events of a stream with one event a line (newline-delimited JSON)."""
    return _after_each(rb"\n", stream)


def split(stream: bytes, splitting: Splitting, events: Callable[[bytes], list[bytes]]) -> tuple[bytes, ...]:
    """`stream` in chunks, none of them empty."""
    match splitting:
        case "whole":
            return (stream,)
        case "events":
            return tuple(events(stream))
        case "bytes":
            return tuple(stream[at : at + 1] for at in range(len(stream)))
        case "code-points":
            return tuple(_after_each(rb"[\xc2-\xf4]", stream))


def first_letter_outside_ascii(stream: bytes) -> int | None:
    """Where the first letter of more than one byte begins."""
    found = re.search(rb"[\xc2-\xf4][\x80-\xbf]", stream)
    return found.start() if found else None


def _after_each(mark: bytes, stream: bytes) -> list[bytes]:
    cuts = [0, *(found.end() for found in re.finditer(mark, stream)), len(stream)]
    return [stream[start:stop] for start, stop in pairwise(cuts) if stop > start]
