"""Change top-level fields of a JSON object in its own bytes, leaving every other byte as it is."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter

import msgspec
from msgspec import Raw

from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Body, Spliced

Edit = tuple[int, int, bytes]
"""Where something begins and ends in a body, and what stands there instead; an addition ends where it begins."""

_LARGE = 64 * 1024
"""Bytes of a body from which on copying it costs more than sending it in pieces."""

_SHORT = 512
"""Letters of two values up to which their change is remembered."""

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_SPACE = b" \t\n\r"
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")
"""A letter of a field name written as an escape: the name can then not be found by its own bytes."""


@lru_cache(maxsize=64)
def _simple(name: str) -> re.Pattern[bytes]:
    return re.compile(rb'"%s"[ \t\n\r]*:[ \t\n\r]*' % re.escape(name.encode()))


@lru_cache(maxsize=1024)
def _change(name: str, old: str, new: str) -> tuple[bytes, bytes, bytes]:
    """The name as it is written, what follows it where `old` is written plainly, and the new value."""
    return b'"%s"' % name.encode(), b':"%s"' % old.encode(), msgspec.json.encode(new)


def replace_string(body: bytes, name: str, old: str, new: str) -> Body:
    """`body` with the top-level string field `name`, known to be `old`, set to `new`; raises as `set_string` does."""
    return edited(body, set_string(body, name, old, new))


def put(body: bytes, name: str, value: bytes) -> bytes:
    """`body` with the top-level field `name` set to the JSON `value`, appended when it is not there."""
    return rewritten(body, {name: value})


def edited(body: bytes, edits: Sequence[Edit]) -> Body:
    """`body` with all `edits` made, of which none lies in another; `body` itself where there are none."""
    if not edits:
        return body
    whole = body if len(body) < _LARGE else memoryview(body)
    pieces: list[bytes | memoryview] = []
    last = 0
    for start, stop, value in edits if len(edits) == 1 else sorted(edits, key=itemgetter(0)):
        pieces.append(whole[last:start])
        pieces.append(value)
        last = stop
    pieces.append(whole[last:])
    return b"".join(pieces) if whole is body else Spliced(tuple(pieces))


def set_string(body: bytes, name: str, old: str, new: str) -> list[Edit]:
    """What sets the top-level string field `name`, known to be `old`, to `new`; nothing where it is that.

    Raises InvalidRequest when the object has the field twice: two readers could then take it for two things.
    """
    change = _change if len(old) + len(new) <= _SHORT else _change.__wrapped__
    named, written, value = change(name, old, new)
    if body.find(b"\\") < 0 or _ESCAPED_ASCII.search(body) is None:
        # Searched for by its bytes, it costs a tenth of what an expression would.
        at = body.find(named)
        end = at + len(named)
        if at >= 0 and body.find(named, end) < 0:
            if old == new:
                return []
            if body.startswith(written, end):
                return [(end + 1, end + len(written), value)]
        found = _simple(name).finditer(body)
        first = next(found, None)
        if first is not None and next(found, None) is None:
            plain = b'"%s"' % old.encode()
            if body.startswith(plain, first.end()):
                return [] if old == new else [(first.end(), first.end() + len(plain), value)]
    start, stop = spans(body)[name]
    return [(start, stop, value)] if body[start:stop] != value else []


def set_field(body: bytes, name: str, value: bytes) -> Edit:
    """What sets the top-level field `name` to the JSON `value`. Raises InvalidRequest when a field stands twice."""
    members = spans(body)
    return (*members[name], value) if name in members else add_field(body, name, value, first=not members)


def add_field(body: bytes, name: str, value: bytes, *, first: bool = False) -> Edit:
    """What appends a field that is known not to be there; `first`: nor is another."""
    end = body.rindex(b"}")
    return end, end, (b'"%s":%s' if first else b',"%s":%s') % (name.encode(), value)


def rewritten(body: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """`body` with top-level fields set to a JSON value, or taken out where that is None; those that are not there are
    appended. Raises InvalidRequest when a field stands twice."""
    members = _members(body)  # first of all: what is no JSON object must not be looked into
    pieces: list[bytes | memoryview] = [body[: body.index(b"{") + 1]]
    last, end = len(pieces[0]), body.rindex(b"}")
    whole = memoryview(body)
    told, left = False, dict(changes)
    for name, (key, start, stop) in members.items():
        value = left.pop(name, whole[start:stop])
        if value is not None:
            between = body[last:key]
            pieces += (between if told else between.replace(b",", b"", 1), body[key:start], value)
            told = True
        last = stop
    pieces.append(body[last:end])
    for name, value in left.items():
        if value is not None:
            pieces.append((b',"%s":' if told else b'"%s":') % name.encode() + value)
            told = True
    return b"".join((*pieces, body[end:]))


def spans(body: bytes) -> dict[str, tuple[int, int]]:
    """Where the value of each top-level field of the JSON object `body` begins and ends.

    Raises InvalidRequest when a field stands twice.
    """
    return {name: (start, stop) for name, (_, start, stop) in _members(body).items()}


def _members(body: bytes) -> dict[str, tuple[int, int, int]]:
    """Where the name and the value of each top-level field begin, and where the value ends."""
    fields = _FIELDS.decode(body)
    at: dict[str, tuple[int, int, int]] = {}
    place = _skip(body, body.index(b"{") + 1)
    while body[place] != 0x7D:
        if body[place] == 0x2C:
            place = _skip(body, place + 1)
        key = _KEY.match(body, place)
        if key is None:
            raise InvalidRequest("the body is not a JSON object")
        name = msgspec.json.decode(key.group(), type=str)
        start = _skip(body, _skip(body, key.end()) + 1)
        value = memoryview(fields[name])
        place = _skip(body, start + len(value)) if body.startswith(value, start) else -1
        if name in at or place < 0 or body[place] not in b",}":
            raise InvalidRequest(f"the field {name!r} stands twice; send it once", param=name)
        at[name] = (key.start(), start, start + len(value))
    return at


def _skip(body: bytes, place: int) -> int:
    while body[place] in _SPACE:
        place += 1
    return place
