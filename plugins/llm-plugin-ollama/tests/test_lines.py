"""Lines of a stream, and what comes of odd ones."""

import pytest

from llm_plugin_ollama.chat import OllamaChat
from llm_plugin_ollama.lines import LineParser
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, Finish, MediaDelta, Start, ToolCallDelta
from lockgate_ports.parts import Image, InlineSource


def test_lines_are_whole_however_they_arrive() -> None:
    parser = LineParser()
    found = [line for at in b'{"a":1}\n\r\n{"b":2}\n{"c"' for line in parser.feed(bytes([at]))]
    assert found == [b'{"a":1}\n', b'{"b":2}\n']
    assert parser.end() == [b'{"c"']
    assert parser.end() == []


def test_a_line_that_never_ends_is_refused() -> None:
    parser = LineParser(limit=10)
    with pytest.raises(UpstreamError, match="longer than 10 bytes"):
        parser.feed(b"x" * 11)


def test_calls_without_an_id_get_ids_that_differ() -> None:
    call = b'{"function":{"name":"a","arguments":{}}}'
    lines = b"".join(
        b'{"created_at":"%d","message":{"tool_calls":[%s,%s]},"done":%s}\n' % (second, call, call, done)
        for second, done in ((1, b"false"), (2, b"true"))
    )
    ids = [event.id for event in OllamaChat().event_reader(relay=False).feed(lines) if isinstance(event, ToolCallDelta)]
    assert len(set(ids)) == 4


def test_a_server_that_gives_no_reason_ended_by_itself() -> None:
    events = OllamaChat().event_reader(relay=False).feed(b'{"model":"m","message":{"content":"a"},"done":true}\n')
    assert isinstance(events[0], Start)
    assert Finish("stop", 0, None) in events


def test_a_line_of_another_shape_ends_the_stream_and_nothing_after_it_counts() -> None:
    reader = OllamaChat().event_reader(relay=False)
    events = reader.feed(b'{"message":7}\n{"message":{"content":"a"},"done":true}\n')
    assert [type(event) for event in events] == [Failure]


def test_pictures_are_read() -> None:
    line = b'{"message":{"content":"","images":["AA==","AQ=="]},"done":true}\n'
    events = OllamaChat().event_reader(relay=False).feed(line)
    shown = [event.media for event in events if isinstance(event, MediaDelta)]
    assert shown == [Image(InlineSource("AA==")), Image(InlineSource("AQ=="))]
