"""What becomes of a stream that fails: held back, told, begun anew, or gone on with elsewhere."""

import asyncio

import pytest
from fakes import USAGE, Bench, FakeModel, read, streamed

from lockgate_core.provider import OwnTimeouts
from lockgate_core.terms import Terms
from lockgate_ports.cards import ModelCard
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, Finish, Start, TextDelta, ThinkingDelta, ToolCallDelta, UsageReport
from lockgate_ports.usage import Usage


def fault(kind: str = "transient", **more) -> UpstreamError:
    return UpstreamError(f"{kind} fault", kind=kind, **more)


class Prefilled(FakeModel):
    """Its card says that it goes on from a beginning."""

    models = (ModelCard(id="m", prefill=True),)


def bench(terms: Terms, **models: FakeModel) -> Bench:
    return Bench(terms={"r": terms}, **models)


def cut(*words: str) -> list:
    return [*streamed(*words, finish=False, usage=False), fault()]


GOES_ON = Terms(stream="continue")


@pytest.mark.parametrize("terms", [Terms(hold_pieces=3), Terms(hold_seconds=5), Terms(stream="restart")])
async def test_a_failure_within_what_is_held_back_goes_unseen(terms):
    up = bench(terms, a=FakeModel(cut("he", "llo")), b=FakeModel(streamed("x", "y", "z")))
    stream = await up.ask(stream=True)
    assert await read(stream) == "xyz"
    assert str(stream.served.target) == "b/m"
    (call,) = up.metrics.calls
    assert [attempt.error for attempt in call.attempts] == [*["upstream_transient"] * 3, None]


async def test_a_failure_in_one_piece_with_the_first_words_goes_unseen_where_more_is_held_back():
    at_once = [[Start(), TextDelta("he"), Failure(fault())]]
    up = bench(Terms(hold_pieces=3), a=FakeModel(at_once), b=FakeModel(streamed("x")))
    assert await read(await up.ask(stream=True)) == "x"


async def test_beyond_what_is_held_back_a_failure_is_told():
    up = bench(Terms(hold_pieces=2), a=FakeModel(cut("he", "llo")), b=FakeModel(streamed("x")))
    with pytest.raises(UpstreamError, match="a: transient fault"):
        await read(await up.ask(stream=True))


async def test_what_is_held_back_by_time_is_shown_when_the_time_is_over_and_nothing_of_it_is_lost():
    up = bench(Terms(hold_seconds=5), a=FakeModel())

    def late():
        up.clock.pass_time(6)
        return [TextDelta("llo")]

    up.models["a"]._acts = [[*streamed("he", finish=False, usage=False), late, *streamed("!")[1:]]]
    assert await read(await up.ask(stream=True)) == "hello!"


async def test_a_stall_while_holding_back_is_a_timeout_of_the_target_and_the_next_one_answers():
    up = bench(Terms(hold_pieces=9, timeouts=OwnTimeouts(idle=3)), a=FakeModel(), b=FakeModel(streamed("x")))

    def stall():
        up.clock.pass_time(4)
        return []

    up.models["a"]._acts = [[*streamed("he", finish=False), stall]]
    assert await read(await up.ask(stream=True)) == "x"
    assert up.models["a"].streams[0].closed


async def test_the_next_target_goes_on_from_the_words_that_were_said():
    up = bench(GOES_ON, a=FakeModel(cut("Hello ", "wor")), b=Prefilled(streamed("ld", "!")))
    assert await read(await up.ask(stream=True)) == "Hello world!"
    asked = up.models["b"].requests[0].view.messages
    assert [(message.role, message.parts[0].text) for message in asked] == [("user", "hi"), ("assistant", "Hello wor")]


async def test_usage_is_the_sum_and_each_attempt_keeps_its_own():
    first = [[Start()], [TextDelta("he"), UsageReport(Usage(input_tokens=7, output_tokens=1))], fault()]
    used = Usage(input_tokens=7, output_tokens=1, estimated=True)
    up = bench(GOES_ON, a=FakeModel(first), b=Prefilled(streamed("llo")))
    stream = await up.ask(stream=True)
    events = [event async for batch in stream for event in batch]
    total = Usage(input_tokens=10, output_tokens=3, estimated=True)
    assert events[-1] == UsageReport(total)
    (call,) = up.metrics.calls
    assert call.usage == total
    assert [(each.provider_id, each.error, each.usage) for each in call.attempts] == [
        ("a", "upstream_transient", used),
        ("b", None, USAGE),
    ]
    assert (call.provider_id, call.error) == ("b", None)


async def test_white_space_that_no_prefill_takes_does_not_come_twice():
    up = bench(GOES_ON, a=FakeModel(cut("Hello ")), b=Prefilled(streamed(" ", "world")))
    assert await read(await up.ask(stream=True)) == "Hello world"


async def test_without_prefill_the_answer_begins_anew_and_what_was_said_is_not_said_again():
    up = bench(GOES_ON, a=FakeModel(cut("Hello ", "wor")), b=FakeModel(streamed("Hel", "lo worl", "d!")))
    stream = await up.ask(stream=True)
    events = [event async for batch in stream for event in batch]
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Hello world!"
    assert len([event for event in events if isinstance(event, Start)]) == 1
    assert len(up.models["b"].requests[0].view.messages) == 1


async def test_a_target_that_refuses_the_prefill_begins_anew():
    refusing = Prefilled(fault("invalid_request", upstream_status=400), streamed("Hello"))
    up = bench(GOES_ON, a=FakeModel(cut("He")), b=refusing)
    assert await read(await up.ask(stream=True)) == "Hello"


@pytest.mark.parametrize("other", [streamed("Good day"), streamed("He"), [[Start()], [ThinkingDelta("hm")]]])
async def test_another_answer_is_never_spliced_in_and_the_first_error_is_told(other):
    up = bench(GOES_ON, a=FakeModel(cut("Hello")), b=FakeModel(other))
    stream = await up.ask(stream=True)
    words = []

    async def listen():
        async for batch in stream:
            words.extend(event.text for event in batch if isinstance(event, TextDelta))

    with pytest.raises(UpstreamError, match="a: transient fault"):
        await listen()
    assert "".join(words) == "Hello"
    assert all(each.closed for each in up.models["b"].streams)


@pytest.mark.parametrize(
    "said",
    [
        [ThinkingDelta("hm")],
        [ToolCallDelta(0, id="c", name="f")],
        [TextDelta("a", choice=1)],
        [TextDelta("a"), TextDelta("b", part=1)],
    ],
)
async def test_nobody_goes_on_across_thinking_a_tool_call_a_second_choice_or_part(said):
    up = bench(GOES_ON, a=FakeModel([[Start()], said, fault()]), b=Prefilled(streamed("x")))
    with pytest.raises(UpstreamError, match="a: transient fault"):
        await read(await up.ask(stream=True))
    assert up.models["b"].attempts == []


async def test_after_the_second_the_third_goes_on():
    up = bench(GOES_ON, a=FakeModel(cut("a")), b=Prefilled(cut("b")), c=Prefilled(streamed("c")))
    assert await read(await up.ask(stream=True)) == "abc"
    assert up.models["c"].requests[0].view.messages[-1].parts[0].text == "ab"


async def test_when_nobody_can_go_on_the_first_error_is_told_and_the_call_is_recorded_once():
    up = bench(GOES_ON, a=FakeModel(cut("a")), b=Prefilled(fault("auth")))
    with pytest.raises(UpstreamError, match="a: transient fault"):
        await read(await up.ask(stream=True))
    (call,) = up.metrics.calls
    assert [attempt.error for attempt in call.attempts] == ["upstream_transient", "upstream_auth_failed"]
    assert call.error == "upstream_transient"


async def test_a_client_that_leaves_a_stream_that_may_go_on_cancels_it():
    up = bench(GOES_ON, a=FakeModel(streamed("a", "b")), b=FakeModel(streamed("x")))
    stream = await up.ask(stream=True)
    async for _ in stream:
        break
    await stream.aclose()
    (call,) = up.metrics.calls
    assert (call.error, [each.error for each in call.attempts]) == ("cancelled", ["cancelled"])
    assert up.models["a"].streams[0].closed


async def test_what_was_finished_before_the_connection_broke_is_complete():
    up = Bench(a=FakeModel([[Start()], [TextDelta("a"), Finish("stop")], fault()]))
    assert await read(await up.ask(stream=True)) == "a"
    assert up.metrics.calls[0].error is None


async def test_a_client_that_leaves_while_a_stream_is_held_back_closes_it():
    up = bench(Terms(stream="restart"), a=FakeModel())
    stuck = asyncio.Event()

    class Stuck(FakeModel):
        async def stream(self, request, attempt):
            source = await super().stream(request, attempt)

            async def events():
                yield [Start(), TextDelta("a")]
                await stuck.wait()

            source.__class__ = type("S", (type(source),), {"__aiter__": lambda self: events()})
            return source

    up.models["a"].__class__ = Stuck
    up.models["a"]._acts = [[]]
    asking = asyncio.create_task(up.ask(stream=True))
    for _ in range(5):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert up.models["a"].streams[0].closed
