"""Streams that are handed on as they arrive: the same promises as of those that are asked for batch after batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from fakes import Bench, FakeModel, FakeStream, limits, streamed

from lockgate.adapters.loop_clock import LoopClock
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Finish, Start, TextDelta
from lockgate_ports.handing import hand


class Arriving(FakeStream):
    """Its batches arrive by themselves: whoever takes them is called from elsewhere."""

    def __init__(self, batches: Sequence[Any]) -> None:
        super().__init__(batches)
        self._told = super().__aiter__()

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Sequence[Event]:
        return await anext(self._told)

    async def hand(self, take: Callable[[Sequence[Event]], Awaitable[object] | None]) -> None:
        async def arrive() -> None:
            async for batch in self._told:
                if (full := take(batch)) is not None:
                    await full

        await asyncio.create_task(arrive())


class Arrivals(FakeModel):
    async def stream(self, request: Any, attempt: Any) -> FakeStream:
        stream = Arriving(self._act(attempt))
        self.streams.append(stream)
        return stream


async def taken(stream: Any) -> tuple[list[str], UpstreamError | None]:
    """The words, and how it ended."""
    words: list[str] = []

    def take(batch: Sequence[Event]) -> None:
        words.extend(event.text for event in batch if isinstance(event, TextDelta))

    try:
        await hand(aiter(stream), take)
    except UpstreamError as error:
        return words, error
    return words, None


both = pytest.mark.parametrize("model", [FakeModel, Arrivals])


@both
async def test_all_of_a_stream_is_handed_on_and_the_call_is_recorded_once(model: type[FakeModel]) -> None:
    up = Bench(a=model(streamed("Hel", "lo", " you")))
    assert await taken(await up.ask(stream=True)) == (["Hel", "lo", " you"], None)
    (call,) = up.metrics.calls
    assert (call.error, call.usage.output_tokens, call.finish_reasons) == (None, 2, ("stop",))
    assert up.models["a"].streams[0].closed


@both
async def test_of_a_stream_of_any_length_no_more_is_kept_than_of_a_thousand_pieces(model: type[FakeModel]) -> None:
    up = Bench(a=model(streamed(*["a"] * 2_500)))
    stream = await up.ask(stream=True)
    journal, most = stream._journal, 0

    def take(batch: Sequence[Event]) -> None:
        nonlocal most
        most = max(most, len(journal.gaps or ()))

    await hand(aiter(stream), take)
    assert most < 1_000
    assert sum(up.metrics.calls[0].pace.counts) >= 2_499, "and each is counted"


@both
async def test_nothing_is_handed_on_before_the_last_batch_was_taken(model: type[FakeModel]) -> None:
    up = Bench(a=model(streamed("a", "b", "c")))
    busy = 0

    async def slowly() -> None:
        nonlocal busy
        busy += 1
        assert busy == 1
        await asyncio.sleep(0)
        busy -= 1

    await hand(aiter(await up.ask(stream=True)), lambda _: slowly())
    assert up.metrics.calls[0].error is None


@both
@pytest.mark.parametrize("slow", [False, True])
async def test_what_came_before_a_fault_in_one_piece_with_it_is_handed_on(model: type[FakeModel], slow: bool) -> None:
    up = Bench(a=model([[Start(), TextDelta("a")], [TextDelta("b"), Finish("stop"), TextDelta("c")]]))
    words: list[str] = []

    async def waited() -> None:
        await asyncio.sleep(0)

    def take(batch: Sequence[Event]) -> Awaitable[None] | None:
        words.extend(event.text for event in batch if isinstance(event, TextDelta))
        return waited() if slow else None

    with pytest.raises(UpstreamError, match=r"a: .* after its finish"):
        await hand(aiter(await up.ask(stream=True)), take)
    assert words == ["a", "b"]
    assert [call.error for call in up.metrics.calls] == ["upstream_transient"]


@both
async def test_a_connection_that_breaks_is_an_error_unless_the_answer_was_finished(model: type[FakeModel]) -> None:
    broken = UpstreamError("broke", kind="transient")
    up = Bench(a=model([[Start()], [TextDelta("a")], broken]))
    words, error = await taken(await up.ask(stream=True))
    assert words == ["a"]
    assert error is broken
    up = Bench(a=model([[Start()], [TextDelta("a"), Finish("stop")], UpstreamError("broke", kind="transient")]))
    assert await taken(await up.ask(stream=True)) == (["a"], None)
    up = Bench(a=model([[Start()], [TextDelta("a")]]))
    words, error = await taken(await up.ask(stream=True))
    assert words == ["a"]
    assert error is not None
    assert error.code == "upstream_stream_truncated"


@both
async def test_what_a_taker_raises_comes_out_and_ends_the_call(model: type[FakeModel]) -> None:
    up = Bench(a=model(streamed("a", "b")))

    def take(batch: Sequence[Event]) -> None:
        raise ConnectionResetError("the client has left")

    with pytest.raises(ConnectionResetError):
        await hand(aiter(await up.ask(stream=True)), take)
    assert [call.error for call in up.metrics.calls] == ["cancelled"]
    assert up.models["a"].streams[0].closed


class Silent(FakeStream):
    """Says nothing more after its batches, ever."""

    async def __aiter__(self) -> Any:
        for batch in self._batches:
            yield batch
        await asyncio.Event().wait()


class Silence(FakeModel):
    async def stream(self, request: Any, attempt: Any) -> FakeStream:
        stream = Silent(self._act(attempt))
        self.streams.append(stream)
        return stream


async def test_a_stream_that_falls_silent_while_it_is_handed_on_ends_in_time() -> None:
    up = Bench(clock=LoopClock(), timeouts=limits(idle=0.05), a=Silence([[Start(), TextDelta("a")], [TextDelta("b")]]))
    words, error = await asyncio.wait_for(taken(await up.ask(stream=True)), 5)
    assert words == ["a", "b"]
    assert error is not None
    assert (error.kind, str(error)) == ("timeout", "a: the stream sent nothing for 0.05 s")


async def test_the_time_that_a_reader_takes_is_not_the_silence_of_the_stream() -> None:
    up = Bench(clock=LoopClock(), timeouts=limits(idle=0.1), a=FakeModel(streamed("a", "b", "c")))
    stream = await up.ask(stream=True)
    await hand(aiter(stream), lambda _: asyncio.sleep(0.15))
    assert up.metrics.calls[0].error is None


async def test_silence_behind_a_slow_reader_is_noticed() -> None:
    up = Bench(clock=LoopClock(), timeouts=limits(idle=0.1), a=Silence([[Start(), TextDelta("a")], [TextDelta("b")]]))
    stream = await up.ask(stream=True)
    with pytest.raises(UpstreamError, match="sent nothing"):
        await asyncio.wait_for(hand(aiter(stream), lambda _: asyncio.sleep(0.15)), 5)
