"""AWS event stream frames (Amazon Transcribe developer guide, Event stream encoding; botocore/eventstream.py).

    frame   = prelude  crc32(prelude)  headers  payload  crc32(all before)
    prelude = total length (4 bytes)  length of the headers (4 bytes)
    header  = length of name (1)  name  type (1)  value

All numbers are big-endian.
"""

import struct
from collections.abc import Iterator
from zlib import crc32

from msgspec import Struct

from lockgate_ports.errors import UpstreamError

CONTENT_TYPE = "application/vnd.amazon.eventstream"
LIMIT = 24 * 1024 * 1024
"""Bytes of one frame that is still read; AWS itself stops at 16 MiB of payload."""

_PRELUDE = struct.Struct("!III")
_CRC = struct.Struct("!I")
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; 6 (bytes) and 7 (string) carry their length in two bytes before it."""
_BYTES, _STRING = 6, 7


class Frame(Struct, frozen=True, gc=False):
    """One message: its string headers by name, its payload, and all the bytes it came in."""

    headers: dict[str, str]
    payload: bytes
    raw: bytes


class FrameParser:
    """`feed` bytes split anywhere, get frames. A frame longer than `limit` bytes or damaged raises UpstreamError, after
    those before it have been given."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._held = bytearray()
        self._wanted = _PRELUDE.size

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes."""
        held = self._held
        held += data
        start = 0
        try:
            while len(held) - start >= self._wanted:
                total = self._checked(held, start)
                self._wanted = total
                if len(held) - start < total:
                    break
                raw = bytes(held[start : start + total])
                start += total
                self._wanted = _PRELUDE.size
                yield _frame(raw)
        finally:
            del held[:start]

    def _checked(self, held: bytearray, start: int) -> int:
        """The length of the frame that begins here."""
        total, headers, crc = _PRELUDE.unpack_from(held, start)
        if crc32(memoryview(held)[start : start + 8]) != crc:
            raise _damaged("the checksum of a frame's prelude is wrong")
        if total > self._limit:
            raise UpstreamError(f"sent a frame longer than {self._limit} bytes in its event stream", kind="transient")
        if headers > total - _PRELUDE.size - _CRC.size:
            raise _damaged("a frame's headers are longer than the frame")
        return int(total)


def _frame(raw: bytes) -> Frame:
    (crc,) = _CRC.unpack_from(raw, len(raw) - 4)
    if crc32(memoryview(raw)[:-4]) != crc:
        raise _damaged("the checksum of a frame is wrong")
    _, length, _ = _PRELUDE.unpack_from(raw)
    stop = _PRELUDE.size + length
    return Frame(_headers(raw, _PRELUDE.size, stop), raw[stop:-4], raw)


def _headers(raw: bytes, at: int, stop: int) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        while at < stop:
            start = at + 1
            at = start + raw[at]
            name, kind = raw[start:at].decode(), raw[at]
            at += 1
            if kind in (_BYTES, _STRING):
                size = int.from_bytes(raw[at : at + 2], "big")
                at += 2
                if kind == _STRING:
                    found[name] = raw[at : at + size].decode()
            else:
                size = _SIZES[kind]
            at += size
    except (IndexError, KeyError, UnicodeDecodeError):
        raise _damaged("a frame's headers cannot be read") from None
    if at != stop:
        raise _damaged("a frame's headers do not end where they should")
    return found


def _damaged(what: str) -> UpstreamError:
    return UpstreamError(f"sent a damaged event stream: {what}", kind="transient")
