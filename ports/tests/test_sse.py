"""Server-sent events, split anywhere."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate_ports.errors import UpstreamError
from lockgate_ports.sse import SseEvent, SseParser, sse


def read(*chunks: bytes) -> list[tuple[str, bytes]]:
    return [(event.event, event.data) for event in events(*chunks)]


def events(*chunks: bytes) -> list[SseEvent]:
    parser = SseParser()
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.end()


STREAMS = {
    "plain": (b"data: one\n\ndata: two\n\n", [("", b"one"), ("", b"two")]),
    "no space after the colon": (b"data:one\n\n", [("", b"one")]),
    "two spaces keep one": (b"data:  one\n\n", [("", b" one")]),
    "space at the end of a line stays": (b"event: e\ndata:  one \n\n", [("e", b" one ")]),
    "crlf": (b"data: one\r\n\r\ndata: two\r\n\r\n", [("", b"one"), ("", b"two")]),
    "cr": (b"data: one\r\rdata: two\r\r", [("", b"one"), ("", b"two")]),
    "line ends mixed": (b"event: a\r\ndata: one\n\rdata: two\r\n\n", [("a", b"one"), ("", b"two")]),
    "a cr ends an event before a crlf does": (b"data: one\r\rdata: two\r\n\r\n", [("", b"one"), ("", b"two")]),
    "event names": (b"event: ping\ndata: {}\n\n", [("ping", b"{}")]),
    "several data lines": (b"data: one\ndata: two\n\n", [("", b"one\ntwo")]),
    "comments": (b": hello\n\ndata: one\n: more\n\n:\n\n", [("", b"one")]),
    "unknown fields": (b"id: 7\nretry: 10\nfoo: bar\ndata: one\n\n", [("", b"one")]),
    "a field without a colon": (b"data\n\n", [("", b"")]),
    "empty data": (b"data:\n\n", [("", b"")]),
    "blank lines between": (b"\n\n\ndata: one\n\n\n\n\ndata: two\n\n", [("", b"one"), ("", b"two")]),
    "a byte order mark": (b"\xef\xbb\xbfdata: one\n\n", [("", b"one")]),
    "letters outside ascii": ("data: Grüße 🗼\n\n".encode(), [("", "Grüße 🗼".encode())]),
    "no blank line at the end": (b"data: one\n\ndata: two", [("", b"one"), ("", b"two")]),
    "nothing": (b"", []),
    "a value with colons": (b'data: {"a": ":"}\n\n', [("", b'{"a": ":"}')]),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_as_the_standard_says(name: str) -> None:
    stream, expected = STREAMS[name]
    assert read(stream) == expected


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_the_same_byte_by_byte(name: str) -> None:
    stream, expected = STREAMS[name]
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == expected


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_the_same_cut_in_two_anywhere(name: str) -> None:
    stream, expected = STREAMS[name]
    for at in range(len(stream) + 1):
        assert read(stream[:at], stream[at:]) == expected, at


@given(
    st.lists(st.sampled_from([b"data: x\n", b"\n", b"\r\n", b"\r", b"event: e\n", b": c\n", "ü".encode(), b"data:"]))
)
def test_however_it_is_split_a_stream_says_the_same(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    whole = read(stream)
    assert read(*(stream[at : at + 1] for at in range(len(stream)))) == whole
    assert read(*pieces) == whole


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_raw_is_what_came(newline: bytes, size: int) -> None:
    stream = b"".join(b"event: e%sdata: %d%s%s" % (newline, n, newline, newline) for n in range(3))
    got = events(*(stream[at : at + size] for at in range(0, len(stream), size)))
    raw = b"".join(event.raw for event in got)
    assert stream.startswith(raw)
    assert stream[len(raw) :] in (b"", b"\n")  # the LF of a final CRLF that came alone, after its event was complete


def test_a_line_of_five_megabytes_is_read_in_reasonable_time() -> None:
    line = b"x" * 5_000_000
    stream = b"data: " + line + b"\n\n"
    began = time.perf_counter()
    got = read(*(stream[at : at + 1024] for at in range(0, len(stream), 1024)))
    assert got == [("", line)]
    assert time.perf_counter() - began < 2


def test_an_endless_event_is_refused() -> None:
    parser = SseParser(limit=1000)
    for _ in range(10):
        assert parser.feed(b"x" * 100) == []
    with pytest.raises(UpstreamError, match="longer than 1000 bytes"):
        parser.feed(b"x")


def test_many_events_in_one_chunk_are_not_one_long_event() -> None:
    parser = SseParser(limit=1000)
    assert len(parser.feed(b"data: x\n\n" * 1000)) == 1000


def test_what_sse_writes_the_parser_reads() -> None:
    assert read(sse(b'{"a":1}'), sse(b"{}", "ping")) == [("", b'{"a":1}'), ("ping", b"{}")]


@pytest.mark.parametrize("size", range(1, 12))
def test_the_raw_bytes_of_all_events_are_the_stream_wherever_it_is_split(size: int) -> None:
    stream = b"data: a\r\n\r\ndata: b\r\n\r\n"
    parser = SseParser()
    events = [event for at in range(0, len(stream), size) for event in parser.feed(stream[at : at + size])]
    assert b"".join(event.raw for event in events + parser.end()) == stream
