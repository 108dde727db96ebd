"""Server-sent events, framed as in the WHATWG HTML standard, section 9.2.6, fed as bytes split anywhere."""

import re

from msgspec import Struct

from lockgate_ports.errors import UpstreamError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")


class SseEvent(Struct, gc=False):
    """One event: `data` is its data lines joined by newlines, `event` its type (empty when it has none), `raw` the
    bytes it came in, the closing blank line included."""

    event: str
    data: bytes
    raw: bytes


class SseParser:
    """`feed` bytes, get events. Lines may end in LF, CRLF or CR; comments and unknown fields are passed over.

    An event longer than `limit` bytes raises UpstreamError, so that memory stays bounded whatever comes.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self.held = bytearray()
        """Of an event that is not whole."""
        self._searched = 0
        self._begun = False
        self._carriage_returns = False

    def feed(self, data: bytes) -> list[SseEvent]:
        """The events that `data` completes."""
        if not self._begun:
            data = bytes(self.held) + data
            self.held.clear()
            if len(data) < 3 and _BYTE_ORDER_MARK.startswith(data):
                self.held += data
                return []
            self._begun = True
            data = data.removeprefix(_BYTE_ORDER_MARK)
        if not self._carriage_returns and data.find(b"\r") >= 0:  # `in` makes and drops an exception where it is not
            self._carriage_returns = True
        if not self.held:
            events, used = self._scan(data, 0)
            if used < len(data):
                self.held += data[used:]
        else:
            self.held += data
            events, used = self._scan(self.held, self._searched)
            if used:
                del self.held[:used]
        if len(self.held) > self._limit:
            raise UpstreamError(f"a stream event is longer than {self._limit} bytes", kind="transient")
        self._searched = max(0, len(self.held) - 3)
        return events

    def give_back(self) -> bytes:
        """What is held; the parser forgets it. It stands at the beginning of an event."""
        held = bytes(self.held)
        self.held.clear()
        self._searched = 0
        return held

    def end(self) -> list[SseEvent]:
        """What is left when the stream closes: an event that lacks only its blank line."""
        left = bytes(self.held)
        self.held.clear()
        event = _parse(left, left + b"\n\n")
        return [] if event is None else [event]

    def _scan(self, data: bytes | bytearray, searched: int) -> tuple[list[SseEvent], int]:
        events: list[SseEvent] = []
        start = 0
        while start < len(data):
            place = start if start > searched else searched
            if self._carriage_returns:
                cut, stop = _blank_line(data, place)
            else:
                cut = data.find(b"\n\n", place)
                stop = cut + 2
            if cut < 0 or (stop == len(data) and data[cut:] == b"\r\n\r"):
                # The last line break is a CRLF of which half has come: its other half belongs to this event too.
                return events, start
            event = _parse(bytes(data[start:cut]), bytes(data[start:stop]))
            if event is not None:
                events.append(event)
            start = stop
        return events, start


def _blank_line(data: bytes | bytearray, place: int) -> tuple[int, int]:
    """Where the next one begins and ends, in a stream that has carriage returns; (-1, -1) where there is none."""
    end = data.find(b"\n", place) - 1
    # one line and its end: the expression would take longer than all that is done with the event
    if data.startswith(b"\r\n\r\n", end) and data.find(b"\r", place, end) < 0:
        return end, end + 4
    match = _BLANK_LINE.search(data, place)
    return match.span() if match else (-1, -1)


def _parse(block: bytes, raw: bytes) -> SseEvent | None:
    """None for a block without data. The two forms that nearly everybody sends are told first."""
    first = block.find(b"\n")
    if block.find(b"\r") < 0:
        if first < 0 and block.startswith(b"data: "):
            return SseEvent("", block[6:], raw)
        if block.startswith(b"event: ") and block.startswith(b"data: ", first + 1) and block.find(b"\n", first + 1) < 0:
            return SseEvent(block[7:first].decode("utf-8", "replace"), block[first + 7 :], raw)
    kind = ""
    lines: list[bytes] = []
    for line in block.splitlines():
        name, colon, value = line.partition(b":")
        if not name and colon:
            continue
        value = value.removeprefix(b" ")
        if name == b"data":
            lines.append(value)
        elif name == b"event":
            kind = value.decode("utf-8", "replace")
    return SseEvent(kind, b"\n".join(lines), raw) if lines else None


def sse(data: bytes, event: str = "") -> bytes:
    """One event as bytes; `data` must hold no line break."""
    return (b"event: %s\n" % event.encode() if event else b"") + b"data: " + data + b"\n\n"
