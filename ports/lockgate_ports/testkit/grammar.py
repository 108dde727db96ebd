"""The grammar of a stream, checked: one Start, then deltas, one Finish a choice and nothing of that choice after it."""

from collections.abc import Sequence

from lockgate_ports.events import Failure, Finish, ReadEvent, Relayed, Skipped, Start, ToolCallDelta, UsageReport


def check_grammar(events: Sequence[ReadEvent]) -> None:
    """Fails, naming the event and its place, when a canonical stream breaks the rules of `lockgate_ports.events`."""
    finished: set[int] = set()
    opened: set[tuple[int, int]] = set()
    for place, event in enumerate(events):
        where = f"event {place}, {event!r},"
        assert not isinstance(event, Relayed), f"{where} is relayed although the client speaks no dialect"
        if place == 0:
            assert isinstance(event, Start | Failure), f"{where} comes before any Start"
            continue
        assert not isinstance(event, Start), f"{where} is a second Start"
        assert not isinstance(events[place - 1], Failure), f"{where} comes after a Failure"
        match event:
            case Finish(choice=choice):
                assert choice not in finished, f"{where} is a second Finish of choice {choice}"
                finished.add(choice)
            case UsageReport() | Failure() | Skipped():
                pass
            case _:
                assert event.choice not in finished, f"{where} comes after the Finish of its choice"
                if isinstance(event, ToolCallDelta) and (event.choice, event.part) not in opened:
                    assert event.id, f"{where} opens a tool call without an id"
                    assert event.name, f"{where} opens a tool call without a name"
                opened.add((event.choice, event.part))
