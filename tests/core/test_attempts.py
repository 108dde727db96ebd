"""The attempt loop: who is asked, how often, and what the caller is told."""

import asyncio

import pytest
from fakes import ANSWER, USAGE, Bench, FakeModel, limits, read, streamed

from lockgate_core.retry import RetryPolicy
from lockgate_ports.errors import ModelNotFound, UpstreamError


def fault(kind: str = "transient", **more) -> UpstreamError:
    return UpstreamError(f"{kind} fault", kind=kind, **more)


async def test_a_hiccup_is_hidden_and_counted():
    bench = Bench(a=FakeModel(fault(), ANSWER))
    answer = await bench.ask()
    assert answer.reply.view is ANSWER
    assert (str(answer.served.target), answer.served.attempts) == ("a/m", 2)
    assert bench.clock.slept == [0.25]


async def test_the_next_target_answers_when_the_first_is_used_up():
    bench = Bench(a=FakeModel(fault()), b=FakeModel(ANSWER))
    answer = await bench.ask()
    assert len(bench.models["a"].attempts) == 3
    assert (str(answer.served.target), answer.served.attempts) == ("b/m", 4)


async def test_when_nothing_helps_the_first_targets_error_is_told():
    bench = Bench(a=FakeModel(fault("rate_limit", retry_after=60.0)), b=FakeModel(fault("auth")))
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    assert (caught.value.kind, caught.value.retry_after) == ("rate_limit", 60.0)


async def test_a_bad_request_goes_nowhere_else():
    bench = Bench(a=FakeModel(fault("invalid_request")), b=FakeModel(ANSWER))
    with pytest.raises(UpstreamError):
        await bench.ask()
    assert bench.models["b"].attempts == []


async def test_an_attempt_ends_at_its_timeout_and_is_not_repeated_on_a_silent_target():
    clock_of = {}

    def hang():
        clock_of["bench"].clock.pass_time(500)

    bench = Bench(timeouts=limits(attempt=10), a=FakeModel(hang), b=FakeModel(ANSWER))
    clock_of["bench"] = bench
    answer = await bench.ask()
    assert len(bench.models["a"].attempts) == 1
    assert str(answer.served.target) == "b/m"


async def test_no_try_outlives_the_callers_deadline():
    bench = Bench(RetryPolicy(base_delay=10, max_delay=10), a=FakeModel(fault()))
    with pytest.raises(UpstreamError):
        await bench.ask(deadline=4.0)
    assert len(bench.models["a"].attempts) == 1
    assert bench.clock.slept == []


async def test_an_unknown_model_asks_nobody_and_is_recorded_without_its_name():
    bench = Bench(a=FakeModel(ANSWER))
    with pytest.raises(ModelNotFound):
        await bench.ask("nope")
    assert [(call.request_model, call.error) for call in bench.metrics.calls] == [("(unknown)", "model_not_found")]


async def test_a_call_is_recorded_once_with_its_attempts_and_usage():
    bench = Bench(a=FakeModel(fault("overloaded"), ANSWER))
    await bench.ask()
    (call,) = bench.metrics.calls
    assert [attempt.error for attempt in call.attempts] == ["upstream_overloaded", None]
    assert (call.provider_id, call.response_model, call.usage, call.error) == ("a", "m-1", USAGE, None)


async def test_a_stream_that_fails_before_its_first_content_is_retried_unseen():
    bench = Bench(a=FakeModel([], [[*streamed()[0]], fault("overloaded")], streamed("he", "llo")))
    stream = await bench.ask(stream=True)
    assert await read(stream) == "hello"
    assert stream.served.attempts == 3
    assert all(each.closed for each in bench.models["a"].streams)


async def test_a_stream_that_fails_after_its_first_content_is_an_error_and_no_splice():
    bench = Bench(a=FakeModel([*streamed("he", finish=False), fault()]), b=FakeModel(streamed("x")))
    stream = await bench.ask(stream=True)
    with pytest.raises(UpstreamError):
        await read(stream)
    assert bench.models["b"].attempts == []
    assert bench.metrics.calls[0].error == "upstream_transient"


async def test_a_stream_cut_before_its_finish_never_passes_as_complete():
    bench = Bench(a=FakeModel(streamed("he", finish=False)))
    with pytest.raises(UpstreamError) as caught:
        await read(await bench.ask(stream=True))
    assert caught.value.code == "upstream_stream_truncated"
    assert "a: " in caught.value.message


async def test_a_stream_that_sends_only_comments_stalls_at_the_idle_timeout():
    bench = Bench(timeouts=limits(idle=5), a=FakeModel())

    def comment():
        bench.clock.pass_time(2)
        return []

    bench.models["a"]._acts = [[*streamed("he", finish=False), comment, comment, comment, *streamed("x")]]
    with pytest.raises(UpstreamError) as caught:
        await read(await bench.ask(stream=True))
    assert caught.value.kind == "timeout"


async def test_usage_and_first_token_of_a_stream_are_recorded_when_it_ends():
    bench = Bench(a=FakeModel(streamed("he", "llo")))
    stream = await bench.ask(stream=True)
    assert bench.metrics.calls == []
    await read(stream)
    (call,) = bench.metrics.calls
    assert (call.usage, call.error, call.first_token) == (USAGE, None, 0.0)


async def test_a_stream_that_is_left_is_closed_and_recorded_as_cancelled():
    bench = Bench(a=FakeModel(streamed("he", "llo")))
    stream = await bench.ask(stream=True)
    async for _ in stream:
        break
    await stream.aclose()
    assert bench.models["a"].streams[0].closed
    (call,) = bench.metrics.calls
    assert (call.error, call.provider_id) == ("cancelled", "a")


async def test_a_cancelled_call_is_recorded_as_cancelled():
    async def forever():
        await asyncio.sleep(60)

    bench = Bench(a=FakeModel(ANSWER))
    bench.models["a"].chat = lambda request, attempt: forever()
    task = asyncio.create_task(bench.ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (call,) = bench.metrics.calls
    assert (call.error, call.provider_id) == ("cancelled", "a")


async def test_steps_run_outermost_first_and_may_refuse():
    seen = []

    class Noting:
        def __init__(self, name: str) -> None:
            self.name = name

        def wrap(self, inner):
            async def handler(request, context):
                seen.append((self.name, [str(target) for target in context.targets]))
                return await inner(request, context)

            return handler

    bench = Bench(steps=(Noting("first"), Noting("second")), a=FakeModel(ANSWER))
    await bench.ask()
    assert seen == [("first", ["a/m"]), ("second", ["a/m"])]


async def test_a_fault_of_ours_is_no_cancellation():
    bench = Bench(a=FakeModel(lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        await bench.ask()
    (call,) = bench.metrics.calls
    assert (call.error, [attempt.error for attempt in call.attempts]) == ("internal_error", ["internal_error"])
