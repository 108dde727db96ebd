"""Server-sent events, framed as in the WHATWG HTML standard, section 9.2.6, fed as bytes split anywhere."""

import re

from msgspec import Struct

from lockgate_ports.errors import UpstreamError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LF = b"\n\n"
_CRLF = b"\r\n"
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")


class SseEvent(Struct, gc=False):
    """One event: `data` is its data lines joined by newlines, `event` its type (empty when it has none), `block` its
    lines as they came, `gap` the blank line that closed it."""

    event: str
    data: bytes
    block: bytes
    gap: bytes

    @property
    def raw(self) -> bytes:
        """The bytes it came in, the closing blank line included."""
        return self.block + self.gap


class SseParser:
    """`feed` bytes, get events. Lines may end in LF, CRLF or CR; comments and unknown fields are passed over.

    An event longer than `limit` bytes raises UpstreamError, so that memory stays bounded whatever comes.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self.held = bytearray()
        """Of an event that is not whole."""
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
        if self.held:
            searched = max(0, len(self.held) - 3)
            self.held += data
            if not self._ends(searched):
                self._check_limit()
                return []
            data = self.give_back()
        if not self._carriage_returns:
            gap = _LF
        elif data.count(_CRLF) == data.count(b"\n") == data.count(b"\r"):
            gap = _CRLF + _CRLF
        else:
            return self._by_lines(data)
        *blocks, rest = data.split(gap)
        if rest:
            self.held += rest
            self._check_limit()
        events: list[SseEvent] = []
        for block in blocks:
            # The two forms that nearly everybody sends are told first.
            first = block.find(b"\n")
            if first < 0 and block.startswith(b"data: "):
                events.append(SseEvent("", block[6:], block, gap))
            elif (
                gap is _LF
                and block.startswith(b"event: ")
                and block.startswith(b"data: ", first + 1)
                and block.find(b"\n", first + 1) < 0
            ):
                events.append(SseEvent(block[7:first].decode("utf-8", "replace"), block[first + 7 :], block, gap))
            elif (event := _parse(block, gap)) is not None:
                events.append(event)
        return events

    def give_back(self) -> bytes:
        """What is held; the parser forgets it. It stands at the beginning of an event."""
        held = bytes(self.held)
        self.held.clear()
        return held

    def end(self) -> list[SseEvent]:
        """What is left when the stream closes: an event that lacks only its blank line."""
        event = _parse(self.give_back(), _LF)
        return [] if event is None else [event]

    def _ends(self, searched: int) -> bool:
        """A blank line has come, behind what was searched for one."""
        if self._carriage_returns:
            return _BLANK_LINE.search(self.held, searched) is not None
        return self.held.find(_LF, searched) >= 0

    def _check_limit(self) -> None:
        if len(self.held) > self._limit:
            raise UpstreamError(f"a stream event is longer than {self._limit} bytes", kind="transient")

    def _by_lines(self, data: bytes) -> list[SseEvent]:
        """The events of a stream in which lines end in several ways, or whose last line break may be half of one."""
        events: list[SseEvent] = []
        start = 0
        while (match := _BLANK_LINE.search(data, start)) is not None:
            cut, stop = match.span()
            if stop == len(data) and data[cut:] == b"\r\n\r":
                # The last line break is a CRLF of which half has come: its other half belongs to this event too.
                break
            if (event := _parse(data[start:cut], data[cut:stop])) is not None:
                events.append(event)
            start = stop
        self.held += data[start:]
        self._check_limit()
        return events


def _parse(block: bytes, gap: bytes) -> SseEvent | None:
    """None for a block without data."""
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
    return SseEvent(kind, b"\n".join(lines), block, gap) if lines else None


def sse(data: bytes, event: str = "") -> bytes:
    """One event as bytes; `data` must hold no line break."""
    return (b"event: %s\n" % event.encode() if event else b"") + b"data: " + data + b"\n\n"
