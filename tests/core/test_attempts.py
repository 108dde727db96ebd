"""The attempt loop: who is asked, how often, and what the caller is told."""

import asyncio

import pytest
from fakes import ANSWER, USAGE, Bench, FakeModel, limits, provider, read, source, streamed

from lockgate_core.breaker import BreakerPolicy
from lockgate_core.budget import BudgetPolicy
from lockgate_core.retry import RetryPolicy
from lockgate_core.slots import SlotsPolicy
from lockgate_ports.errors import Busy, ModelNotFound, UpstreamError
from lockgate_ports.events import Failure, Start, TextDelta


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


@pytest.mark.parametrize(
    ("batches", "told"),
    [
        ([[Start(), TextDelta("he"), Failure(fault())]], "he"),
        ([[Start(), TextDelta("he")], [TextDelta("llo"), Failure(fault())]], "hello"),
    ],
    ids=["the first", "a later"],
)
async def test_content_that_comes_in_one_piece_with_a_failure_is_delivered_before_it(batches, told):
    bench = Bench(a=FakeModel(batches), b=FakeModel(streamed("x")))
    stream = await bench.ask(stream=True)
    words: list[str] = []

    async def listen() -> None:
        async for batch in stream:
            words.extend(event.text for event in batch if isinstance(event, TextDelta))

    with pytest.raises(UpstreamError):
        await listen()
    assert "".join(words) == told
    assert bench.models["b"].attempts == []


async def test_after_a_fault_of_the_key_the_next_key_is_asked_at_once():
    up = FakeModel(fault("auth"), ANSWER)
    bench = Bench(providers={"up": provider("up", up, sources=[source("k0"), source("k1"), source("k2")])})
    answer = await bench.ask()
    assert [attempt.secret.ref for attempt in up.attempts] == ["k0", "k1"]
    assert (answer.served.attempts, bench.clock.slept) == (2, [])
    (call,) = bench.metrics.calls
    assert [(attempt.error, attempt.key) for attempt in call.attempts] == [
        ("upstream_auth_failed", "k0"),
        (None, "k1"),
    ]


async def test_faults_of_keys_leave_the_tries_of_other_faults_alone():
    up = FakeModel(fault("auth"), fault("rate_limit", retry_after=60.0), fault(), fault(), ANSWER)
    bench = Bench(providers={"up": provider("up", up, sources=[source("k0"), source("k1"), source("k2")])})
    await bench.ask()
    assert [attempt.secret.ref for attempt in up.attempts] == ["k0", "k1", "k2", "k2", "k2"]


async def test_when_each_key_is_refused_the_providers_own_words_are_told_and_each_was_asked_once():
    up = FakeModel(fault("quota"))
    bench = Bench(providers={"up": provider("up", up, sources=[source("k0"), source("k1")])})
    with pytest.raises(UpstreamError, match="quota fault"):
        await bench.ask()
    with pytest.raises(UpstreamError, match="each of 2 keys was refused"):
        await bench.ask()
    assert len(up.attempts) == 2


async def test_a_limited_key_is_waited_for_when_that_is_short_and_told_of_at_once_when_it_is_long():
    up = FakeModel(fault("rate_limit", retry_after=3.0), ANSWER, fault("rate_limit", retry_after=60.0), ANSWER)
    bench = Bench(up=up)
    await bench.ask()
    assert bench.clock.slept == [3.0]
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    assert (caught.value.kind, caught.value.retry_after) == ("rate_limit", 60.0)
    assert len(up.attempts) == 3


async def test_a_dead_target_is_left_alone_after_a_while_and_comes_back_by_itself():
    primary = FakeModel(fault())
    bench = Bench(a=primary, b=FakeModel(ANSWER))
    for _ in range(40):
        assert str((await bench.ask()).served.target) == "b/m"
    assert len(primary.attempts) <= 15
    primary._acts = [ANSWER]
    bench.clock.pass_time(12)
    assert str((await bench.ask()).served.target) == "a/m"


async def test_the_only_target_fails_fast_while_its_breaker_is_open():
    up = FakeModel(fault())
    bench = Bench(RetryPolicy(max_attempts=1), up=up)
    for _ in range(8):
        with pytest.raises(UpstreamError):
            await bench.ask()
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    error = caught.value
    assert (error.status, error.kind, error.sent, error.retry_after) == (503, "overloaded", False, 2.0)
    assert "up/m: failed too often just now" in error.message
    assert len(up.attempts) == 8
    assert bench.metrics.calls[-1].attempts == ()


async def test_a_breaker_that_opens_between_two_tries_leaves_the_error_of_the_first_to_be_told():
    breaker = BreakerPolicy(failures=1)
    bench = Bench(providers={"up": provider("up", FakeModel(fault()), breaker=breaker)})
    with pytest.raises(UpstreamError, match="transient fault"):
        await bench.ask()


@pytest.mark.parametrize("kind", ["auth", "rate_limit", "invalid_request", "not_found", "content_filter"])
async def test_what_is_not_the_targets_fault_opens_no_breaker(kind):
    up = FakeModel(fault(kind))
    bench = Bench(RetryPolicy(max_attempts=1), up=up)
    for _ in range(20):
        bench.clock.pass_time(400)
        with pytest.raises(UpstreamError):
            await bench.ask()
    assert len(up.attempts) == 20


async def test_a_callers_short_deadline_does_not_count_against_the_target():
    def slow():
        bench.clock.pass_time(2)
        return ANSWER

    bench = Bench(timeouts=limits(attempt=10), up=FakeModel(slow))
    for _ in range(20):
        with pytest.raises(UpstreamError) as caught:
            await bench.ask(deadline=1.0)
        assert caught.value.kind == "timeout"
    await bench.ask()


async def test_what_is_left_of_a_deadline_is_divided_over_the_targets():
    def hang():
        bench.clock.pass_time(500)

    bench = Bench(a=FakeModel(hang), b=FakeModel(ANSWER))
    began = bench.clock.now()
    assert str((await bench.ask(deadline=10.0)).served.target) == "b/m"
    assert bench.clock.now() - began == 5.0


async def test_a_callers_deadline_bounds_his_stream_too():
    bench = Bench(a=FakeModel())

    def word():
        bench.clock.pass_time(2)
        return [TextDelta("x")]

    bench.models["a"]._acts = [[*streamed("he", finish=False), word, word, word, *streamed("x")[2:]]]
    with pytest.raises(UpstreamError, match="took longer than the call may"):
        await read(await bench.ask(stream=True, deadline=5.0))


async def test_retries_end_with_the_budget_and_first_tries_go_on():
    up = FakeModel(fault())
    never = BreakerPolicy(failures=10_000, ratio=1.0, min_calls=10_000)
    bench = Bench(
        RetryPolicy(base_delay=0.0),
        providers={"up": provider("up", up, breaker=never, budget=BudgetPolicy(per_second=0))},
    )
    for _ in range(1000):
        with pytest.raises(UpstreamError):
            await bench.ask()
    assert 1100 <= len(up.attempts) <= 1200


async def test_beyond_the_limit_of_parallel_calls_one_waits_and_the_next_is_busy():
    gate = asyncio.Event()
    up = FakeModel(ANSWER)
    bench = Bench(providers={"up": provider("up", up, slots=SlotsPolicy(1, 1))})
    answer_at_once = up.chat

    async def slow(request, attempt):
        await gate.wait()
        return await answer_at_once(request, attempt)

    up.chat = slow
    first, second = asyncio.create_task(bench.ask()), asyncio.create_task(bench.ask())
    await asyncio.sleep(0)
    with pytest.raises(Busy) as caught:
        await bench.ask()
    assert (caught.value.status, caught.value.retry_after) == (429, 1.0)
    assert "up: max_parallel (1) is reached, and max_queued (1) calls wait already" in caught.value.message
    gate.set()
    await asyncio.gather(first, second)
    assert len(up.attempts) == 2


async def test_a_place_is_free_again_after_a_failure_a_cancelled_call_and_the_end_of_a_stream():
    up = FakeModel(fault("invalid_request"), streamed("a"), streamed("b"), streamed("c", finish=False), ANSWER)
    bench = Bench(providers={"up": provider("up", up, slots=SlotsPolicy(1))})
    with pytest.raises(UpstreamError):
        await bench.ask()
    stream = await bench.ask(stream=True)
    with pytest.raises(Busy):
        await bench.ask()
    await read(stream)
    await (await bench.ask(stream=True)).aclose()
    with pytest.raises(UpstreamError):
        await read(await bench.ask(stream=True))
    hanging = asyncio.Event()
    answer_at_once, up.chat = up.chat, lambda request, attempt: hanging.wait()
    task = asyncio.create_task(bench.ask())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    up.chat = answer_at_once
    await bench.ask()


async def test_a_busy_target_is_passed_over():
    full = provider("a", FakeModel(streamed("x")), slots=SlotsPolicy(1))
    bench = Bench(providers={"a": full, "b": provider("b", FakeModel(ANSWER))})
    stream = await bench.ask("a/m", stream=True)
    assert str((await bench.ask()).served.target) == "b/m"
    await stream.aclose()


async def test_of_busy_targets_the_one_that_is_free_first_says_when_and_an_error_of_one_that_was_asked_counts_more():
    told = {"a": 9.0, "b": 2.0}
    busy = {name: provider(name, FakeModel(ANSWER), slots=SlotsPolicy(1)) for name in told}
    bench = Bench(providers=busy)
    for name, held in told.items():
        (slots,) = busy[name].slots.at("m")
        for _ in range(2):
            await slots.take(1, 0, bench.clock)
            slots.give_back(held)
        await slots.take(1, 0, bench.clock)
    with pytest.raises(Busy) as caught:
        await bench.ask()
    assert (caught.value.message[:2], caught.value.retry_after) == ("b:", 2.0)
    asked = Bench(providers={"a": busy["a"], "c": provider("c", FakeModel(fault("fatal")))})
    with pytest.raises(UpstreamError, match="fatal fault"):
        await asked.ask()


async def test_the_error_of_the_first_target_is_told_with_all_that_was_tried():
    bench = Bench(a=FakeModel(fault(), fault(), fault("overloaded")), b=FakeModel(fault("auth")))
    with pytest.raises(UpstreamError, match=r"overloaded fault \(tried: ") as caught:
        await bench.ask()
    assert caught.value.tried == ("a/m upstream_transient x2", "a/m upstream_overloaded", "b/m upstream_auth_failed")


async def test_one_try_is_told_without_a_list():
    bench = Bench(a=FakeModel(fault("invalid_request")))
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    assert (caught.value.message, caught.value.tried) == ("a: invalid_request fault", ())


async def outcome(bench: Bench) -> str:
    try:
        await bench.ask()
    except UpstreamError as error:
        return "failed" if error.sent else "unsent"
    return "answered"


def flaky() -> FakeModel:
    """Answers every third call."""
    return FakeModel(*[fault(), fault(), ANSWER] * 100)


async def test_not_every_target_is_left_alone_at_once_while_one_still_answers_now_and_then():
    once = RetryPolicy(max_attempts=1)
    bench = Bench(once, a=flaky(), b=flaky())
    outcomes = [await outcome(bench) for _ in range(60)]
    assert outcomes.count("answered") >= 15
    assert "unsent" not in outcomes, "a call was refused although a target answers now and then"


async def test_targets_that_answer_nothing_are_all_left_alone():
    bench = Bench(RetryPolicy(max_attempts=1), a=FakeModel(fault()), b=FakeModel(fault()))
    for _ in range(200):
        with pytest.raises(UpstreamError):
            await bench.ask()
    assert sum(len(model.attempts) for model in bench.models.values()) <= 2 * 8


async def test_the_only_target_is_left_alone_although_it_answers_now_and_then():
    bench = Bench(RetryPolicy(max_attempts=1), a=flaky())
    assert [await outcome(bench) for _ in range(60)].count("unsent") > 30
