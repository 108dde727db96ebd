"""SseRelay: what is handed on, what is left out, and where it ends."""

from collections.abc import Sequence

from lockgate_ports.events import Event, Relayed
from lockgate_ports.sse import SseEvent
from lockgate_ports.sse_relay import SseRelay


class Seen:
    """A Glance that is over at `end`, and hands on no `hush`."""

    def __init__(self) -> None:
        self.over = False
        self.read_so_far: list[bytes] = []

    def read(self, event: SseEvent) -> Event | None:
        self.read_so_far.append(bytes(event.data))
        self.over = event.data == b"end"
        return None if event.data == b"hush" else Relayed(event.raw)


def raws(events: Sequence[Event]) -> list[bytes]:
    return [event.raw for event in events if isinstance(event, Relayed)]


def test_events_go_on_as_they_came_once_they_are_whole() -> None:
    relay = SseRelay(Seen())
    assert raws(relay.feed(b"event: a\r\ndata: o")) == []
    assert raws(relay.feed(b"ne\r\n\r\ndata: two\n\nda")) == [b"event: a\r\ndata: one\r\n\r\n", b"data: two\n\n"]


def test_what_the_glance_keeps_is_not_handed_on() -> None:
    relay = SseRelay(Seen())
    assert raws(relay.feed(b"data: hush\n\ndata: two\n\n")) == [b"data: two\n\n"]


def test_after_the_end_nothing_is_read_and_nothing_handed_on() -> None:
    for chunks in (
        (b"data: end\n\ndata: late\n\ndata: later",),
        (b"data: end\n\n", b"data: late\n\n", b"data: later"),
    ):
        seen = Seen()
        relay = SseRelay(seen)
        told = [raw for chunk in chunks for raw in raws(relay.feed(chunk))]
        told += raws(relay.end())
        assert told == [b"data: end\n\n"]
        assert seen.read_so_far == [b"end"]


def test_the_last_event_may_lack_its_blank_line() -> None:
    relay = SseRelay(Seen())
    assert raws(relay.feed(b"data: one\n\ndata: two\n")) == [b"data: one\n\n"]
    (last,) = raws(relay.end())
    assert last.rstrip() == b"data: two"
    assert raws(relay.end()) == []
