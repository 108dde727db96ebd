"""The two forms in which Gemini streams: server-sent events (`alt=sse`), and one JSON array (Gemini API reference,
streamGenerateContent)."""

import re
from typing import Protocol

from lockgate_ports.errors import UpstreamError
from lockgate_ports.sse import SseParser

_MARKS = re.compile(rb'["{}]|\\.', re.S)
_STRING = re.compile(rb'["]|\\.', re.S)
_SPACE = b" \t\r\n"


class Framing(Protocol):
    """Bytes split anywhere become whole JSON documents, one a chunk of the answer."""

    def feed(self, data: bytes) -> list[bytes]:
        """The documents that `data` completes."""
        ...

    def end(self) -> list[bytes]:
        """What is left when the stream closes."""
        ...


class Frames:
    """Whichever form the first byte shows."""

    def __init__(self) -> None:
        self._framing: Framing | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """The documents that `data` completes. Raises UpstreamError for one that is too long."""
        if self._framing is None:
            first = data.lstrip(_SPACE)[:1]
            if not first:
                return []
            self._framing = ArrayFrames() if first in (b"[", b"{") else SseFrames()
        return self._framing.feed(data)

    def end(self) -> list[bytes]:
        """What is left when the stream closes."""
        return self._framing.end() if self._framing is not None else []


class SseFrames:
    """`data:` of each event."""

    def __init__(self) -> None:
        self._sse = SseParser()

    def feed(self, data: bytes) -> list[bytes]:
        """The data of each event that `data` completes."""
        return [event.data for event in self._sse.feed(data)]

    def end(self) -> list[bytes]:
        """An event that lacks only its blank line."""
        return [event.data for event in self._sse.end()]


class ArrayFrames:
    """The objects of an array, as soon as each is whole; what stands between them is passed over.

    An object longer than `limit` bytes raises UpstreamError, so that memory stays bounded whatever comes.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._held = bytearray()
        self._place = 0
        self._start = 0
        self._depth = 0
        self._quoted = False

    def feed(self, data: bytes) -> list[bytes]:
        """The objects that `data` completes."""
        self._held += data
        whole: list[bytes] = []
        while (mark := (_STRING if self._quoted else _MARKS).search(self._held, self._place)) is not None:
            self._place = mark.end()
            match mark.group():
                case b'"':
                    self._quoted = not self._quoted
                case b"{":
                    self._start = mark.start() if self._depth == 0 else self._start
                    self._depth += 1
                case b"}":
                    self._depth = max(self._depth - 1, 0)
                    if self._depth == 0:
                        whole.append(bytes(self._held[self._start : self._place]))
                case _:  # an escape says nothing about where a string ends
                    pass
        if self._depth == 0:
            self._held.clear()
            self._place = 0
        elif not self._held.endswith(b"\\"):  # an escape may be split
            self._place = len(self._held)
        if len(self._held) > self._limit:
            raise UpstreamError(f"a stream event is longer than {self._limit} bytes", kind="transient")
        return whole

    def end(self) -> list[bytes]:
        """An object that was cut is none."""
        return []
