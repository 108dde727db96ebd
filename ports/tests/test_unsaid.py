"""What a client's dialect has no form for leaves a note or its name, whole and streamed alike."""

import pytest
from msgspec import Raw

from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.events import AudioDelta, Finish, NativeDelta, TextDelta
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    UrlSource,
    Video,
)
from lockgate_ports.unfold import unfold
from lockgate_ports.unsaid import Unsaid

_CITED = Raw(b'[{"u":1}]')


def _mute() -> Unsaid:
    return Unsaid("acme", lambda _: False)


@pytest.mark.parametrize(
    ("part", "told", "names"),
    [
        (Image(InlineSource("AA==", "image/png")), "[image (image/png) left out: acme has no form for it]", ["image"]),
        (Image(StoredSource("f-1")), "[image left out: acme has no form for it]", ["image"]),
        (Image(UrlSource("https://a.test/b.png")), "[image: https://a.test/b.png]", ["image"]),
        (Video(UrlSource("https://a.test/b.mp4")), "[video: https://a.test/b.mp4]", ["video"]),
        (File(InlineSource("AA==", "text/csv")), "[file (text/csv) left out: acme has no form for it]", ["file"]),
        (Audio(InlineSource("AA==")), "[audio left out: acme has no form for it]", ["audio"]),
        (Audio(InlineSource("AA=="), transcript="Hi"), "Hi", ["audio"]),
        (Native("other", "search call\n\nx", Raw(b"{}")), None, ["search_call__x"]),
        (Text("A", _CITED, "other"), "A", ["annotations"]),
        (Text("A", _CITED, "acme"), "A", []),
    ],
)
def test_words_and_names_are_the_same_whole_and_streamed(part: Part, told: str | None, names: list[str]) -> None:
    whole, stream = _mute(), _mute()
    choice = Choice(parts=(part,), finish_reason="stop")
    parts = whole.parts(choice)
    fold = Accumulator()
    for event in unfold(ChatResponse(choices=(choice,))):
        if isinstance(event, TextDelta | AudioDelta | NativeDelta) or hasattr(event, "media"):
            if (delta := stream.delta(event)) is not None:  # type: ignore[arg-type]
                fold.add(delta)
        elif isinstance(event, Finish):
            for note in stream.rest(0):
                fold.add(note)
    assert [part.text for part in parts if isinstance(part, Text)] == ([] if told is None else [told])
    streamed = fold.response.choices
    assert (streamed[0].parts if streamed else ()) == parts
    assert whole.names == stream.names == tuple(f"answer.{name}" for name in names)


def test_what_is_its_own_or_can_be_shown_is_left_as_it_is() -> None:
    everything = Unsaid("acme", lambda _: True)
    parts = (
        Image(InlineSource("AA==")),
        Audio(InlineSource("AA==")),
        Thinking("Hm", "sig", native="acme"),
        ToolCall("c", "f", "{}", signature="s", native="acme"),
        Native("acme", "x", Raw(b"{}")),
        Refusal("No"),
    )
    assert everything.parts(Choice(parts=parts)) == parts
    assert everything.names == ()
    assert everything.comment() == b""


def test_what_another_dialect_signed_is_carried_and_so_not_named() -> None:
    unsaid = _mute()
    thought, call = Thinking("Hm", "sig", native="other"), ToolCall("c", "f", "{}", signature="s", native="other")
    assert unsaid.parts(Choice(parts=(thought, call))) == (thought, call)
    assert unsaid.names == ()


def test_a_comment_tells_each_name_once() -> None:
    unsaid = _mute()
    unsaid.leave_out("a")
    unsaid.leave_out("b")
    assert unsaid.comment() == b": x-lockgate-dropped: answer.a, answer.b\n\n"
    unsaid.leave_out("a")
    assert unsaid.comment() == b""
    unsaid.leave_out("c")
    assert unsaid.comment() == b": x-lockgate-dropped: answer.c\n\n"
