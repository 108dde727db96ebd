"""A stream folds into the answer that it stands for."""

from base64 import b64decode, b64encode

import pytest
from msgspec import Raw

from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import (
    AudioDelta,
    Event,
    Failure,
    Finish,
    NativeDelta,
    RefusalDelta,
    Relayed,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.parts import Audio, InlineSource, Native, Part, Refusal, Text, Thinking, ToolCall
from lockgate_ports.usage import Usage


def fold(*events: Event) -> ChatResponse:
    accumulator = Accumulator()
    for event in events:
        accumulator.add(event)
    return accumulator.response


def parts(*events: Event) -> tuple[Part, ...]:
    (choice,) = fold(*events).choices
    return choice.parts


def test_words_join_and_the_rest_is_kept() -> None:
    usage = Usage(input_tokens=3, output_tokens=2)
    assert fold(
        Start("a1", "acme-1", 7, "flex", "fp"),
        TextDelta("Grü"),
        TextDelta("ße"),
        UsageReport(Usage(input_tokens=3)),
        Finish("stop", native_reason="done"),
        UsageReport(usage),
    ) == ChatResponse(
        choices=(Choice(parts=(Text("Grüße"),), finish_reason="stop", native_finish_reason="done"),),
        id="a1",
        model="acme-1",
        created=7,
        usage=usage,
        service_tier="flex",
        system_fingerprint="fp",
    )


def test_what_was_not_said_is_none() -> None:
    answer = fold(Start(), TextDelta("Ja"))
    assert (answer.usage, answer.choices[0].finish_reason, answer.choices[0].logprobs) == (None, None, None)


def test_parallel_tool_calls_do_not_mix_however_they_interleave() -> None:
    assert parts(
        TextDelta("Moment", 0),
        ToolCallDelta(2, id="c2", name="clock"),
        ToolCallDelta(1, id="c1", name="weather", arguments='{"city":'),
        ToolCallDelta(2, arguments="{}"),
        ToolCallDelta(1, arguments='"Ulm"}', signature="s"),
    ) == (Text("Moment"), ToolCall("c1", "weather", '{"city":"Ulm"}', signature="s"), ToolCall("c2", "clock", "{}"))


def test_choices_do_not_mix_and_stand_in_order() -> None:
    answer = fold(
        TextDelta("b", choice=1), TextDelta("a"), TextDelta("B", choice=1), Finish("length", 1), Finish("stop")
    )
    assert [(choice.index, choice.text, choice.finish_reason) for choice in answer.choices] == [
        (0, "a", "stop"),
        (1, "bB", "length"),
    ]


def test_a_choice_that_said_nothing_but_finished_is_there() -> None:
    assert fold(Start(), Finish("content_filter")).choices == (Choice(finish_reason="content_filter"),)


def test_thinking_keeps_its_signature_and_its_place() -> None:
    assert parts(
        ThinkingDelta("Hm", 0, id="t1", native="acme"), ThinkingDelta("m", 0), ThinkingDelta("", 0, signature="sig"),
        ThinkingDelta("", 1, redacted="xx"), TextDelta("4", 2),
    ) == (Thinking("Hmm", "sig", None, "t1", "acme"), Thinking("", None, "xx"), Text("4"))  # fmt: skip


def test_annotations_join_and_know_their_dialect_though_they_come_last() -> None:
    (text,) = parts(
        TextDelta("a"),
        TextDelta("", annotations=Raw(b'[{"url": 1}]'), native="acme"),
        TextDelta("b", annotations=Raw(b"[]")),
        TextDelta("", annotations=Raw(b"[2]"), native="acme"),
    )
    assert isinstance(text, Text)
    assert (text.text, bytes(text.annotations or b""), text.native) == ("ab", b'[{"url": 1},2]', "acme")


def test_logprobs_of_words_and_refusals_join() -> None:
    answer = fold(
        TextDelta("a", logprobs=Raw(b'{"content":[{"token":"a"}],"refusal":null}')),
        TextDelta("b", logprobs=Raw(b'{"content":[{"token":"b"}]}')),
        RefusalDelta("No", 1, logprobs=Raw(b'{"refusal":[{"token":"No"}]}')),
    )
    assert bytes(answer.choices[0].logprobs or b"") == (
        b'{"content":[{"token":"a"},{"token":"b"}],"refusal":[{"token":"No"}]}'
    )


def test_refusals_and_native_parts_are_kept() -> None:
    assert parts(RefusalDelta("I will "), RefusalDelta("not"), NativeDelta("acme", "search", Raw(b"{}"), 1)) == (
        Refusal("I will not"),
        Native("acme", "search", Raw(b"{}")),
    )


@pytest.mark.parametrize("sizes", [(3, 3), (2, 2, 1), (1, 1, 4)])
def test_sound_that_was_encoded_piece_by_piece_is_one_sound(sizes: tuple[int, ...]) -> None:
    sound = bytes(range(sum(sizes)))
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(sound[len(b"".join(pieces)) :][:size])
    deltas = [AudioDelta(data=b64encode(piece).decode()) for piece in pieces]
    (audio,) = parts(
        AudioDelta(id="s1"), *deltas, AudioDelta(transcript="Hal"), AudioDelta(transcript="lo", expires_at=9)
    )
    assert isinstance(audio, Audio)
    assert isinstance(audio.source, InlineSource)
    assert b64decode(audio.source.data, validate=True) == sound
    assert (audio.id, audio.transcript, audio.expires_at) == ("s1", "Hallo", 9)


def test_a_failure_is_raised() -> None:
    error = UpstreamError("no room", kind="overloaded")
    with pytest.raises(UpstreamError) as caught:
        fold(Start(), TextDelta("a"), Failure(error))
    assert caught.value is error


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="relayed"):
        fold(Relayed(b"data: 1\n\n"))


def test_two_kinds_of_delta_in_one_part_are_refused_not_dropped() -> None:
    with pytest.raises(TypeError, match="part 0 of choice 0 began as TextDelta and goes on as ToolCallDelta"):
        fold(TextDelta("a"), ToolCallDelta(0, id="c1", name="weather"))
