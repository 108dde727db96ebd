"""The frames of AWS event streams, split anywhere, checked and bounded."""

import struct
from zlib import crc32

import pytest

from llm_plugin_bedrock.event_stream import FrameParser
from llm_plugin_bedrock.events_in import ConverseReader
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE, by_frame, event, exception, frame
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, Finish, Start, TextDelta

STREAM = BEDROCK_CONVERSE.text.stream


def parsed(stream: bytes, step: int) -> list[tuple[str, bytes]]:
    parser = FrameParser()
    return [
        (each.headers[":event-type"], each.payload)
        for at in range(0, len(stream), step)
        for each in parser.feed(stream[at : at + step])
    ]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 11, 13, 64, 10_000])
def test_frames_are_the_same_however_they_are_split(step: int) -> None:
    names = [name for name, _ in parsed(STREAM, step)]
    assert names == [
        *("messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
    ]
    assert parsed(STREAM, step) == parsed(STREAM, len(STREAM))


def test_frames_are_what_botocore_reads() -> None:
    from botocore.eventstream import EventStreamBuffer

    theirs = EventStreamBuffer()
    theirs.add_data(STREAM)
    assert [(each.headers[":event-type"], each.payload) for each in theirs] == parsed(STREAM, 5)


@pytest.mark.parametrize("at", [0, 5, 9, 14, 40, -20, -2])
def test_one_wrong_bit_in_any_place_is_noticed(at: int) -> None:
    good, bad = event("messageStart", role="assistant"), bytearray(event("messageStop", stopReason="end_turn"))
    bad[at] ^= 1
    reader = ConverseReader()
    events = [*reader.feed(good + bytes(bad) + b"\0" * 64), *reader.feed(good), *reader.end()]
    assert isinstance(events[0], Start), "what came before the damage was lost"
    assert isinstance(events[-1], Failure)
    assert isinstance(events[-1].error, UpstreamError)
    assert events[-1].error.kind == "transient"
    assert not [each for each in events if isinstance(each, Finish)]


def test_a_frame_beyond_the_limit_is_refused_before_it_arrives() -> None:
    prelude = struct.pack("!II", 2**31, 0)
    with pytest.raises(UpstreamError, match="longer than"):
        list(FrameParser().feed(prelude + struct.pack("!I", crc32(prelude))))


def test_headers_longer_than_their_frame_are_refused() -> None:
    prelude = struct.pack("!II", 32, 100)
    with pytest.raises(UpstreamError, match="headers"):
        list(FrameParser().feed(prelude + struct.pack("!I", crc32(prelude))))


def test_headers_of_every_type_are_passed_over() -> None:
    def header(name: bytes, kind: int, value: bytes) -> bytes:
        return bytes([len(name)]) + name + bytes([kind]) + value

    headers = b"".join(
        (
            *(header(b"t", 0, b""), header(b"f", 1, b""), header(b"b", 2, b"x"), header(b"s", 3, b"xx")),
            *(header(b"i", 4, b"xxxx"), header(b"l", 5, b"x" * 8), header(b"y", 6, b"\0\2xx")),
            *(header(b"d", 8, b"x" * 8), header(b"u", 9, b"x" * 16), header(b":event-type", 7, b"\0\4ping")),
        )
    )
    prelude = struct.pack("!II", 16 + len(headers), len(headers))
    checked = prelude + struct.pack("!I", crc32(prelude)) + headers
    (found,) = FrameParser().feed(checked + struct.pack("!I", crc32(checked)))
    assert found.headers == {":event-type": "ping"}
    assert found.payload == b""


def test_an_event_of_a_later_day_is_passed_over() -> None:
    first, *rest = by_frame(STREAM)
    reader = ConverseReader()
    events = reader.feed(first + event("weatherReport", sky="blue") + b"".join(rest))
    assert "".join(each.text for each in events if isinstance(each, TextDelta)) == "Grüße aus 東京 🗼"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("throttlingException", "rate_limit"),
        ("modelStreamErrorException", "transient"),
        ("internalServerException", "transient"),
        ("serviceUnavailableException", "overloaded"),
        ("modelTimeoutException", "timeout"),
        ("validationException", "invalid_request"),
    ],
)
def test_an_exception_ends_the_stream_by_its_kind(code: str, kind: str) -> None:
    reader = ConverseReader()
    *_, last = reader.feed(event("messageStart", role="assistant") + exception(code, "no") + STREAM)
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamError)
    assert (last.error.kind, last.error.upstream_code) == (kind, code)


def test_a_prompt_that_is_too_long_is_known_in_a_stream_too() -> None:
    (last,) = ConverseReader().feed(exception("validationException", "Input is too long for requested model."))
    assert isinstance(last, Failure)
    assert isinstance(last.error, UpstreamError)
    assert last.error.kind == "context_length"


def test_an_error_without_a_type_is_a_failure() -> None:
    broken = frame(b"", message_type="error", error_code="InternalError", error_message="lost it")
    (last,) = ConverseReader().feed(broken)
    assert isinstance(last, Failure)
    assert "lost it" in str(last.error)
