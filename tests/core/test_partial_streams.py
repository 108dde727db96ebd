"""What a stream cost that was cut or left: what the provider told, completed by what was seen."""

from decimal import Decimal

import pytest
from fakes import ANSWER, Bench, FakeModel, FakeStream, read, streamed

from lockgate_ports.cards import Price, Rates
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Finish, Relayed, Start, TextDelta, UsageReport
from lockgate_ports.usage import Usage

PRICE = Price(rates=Rates(input=Decimal(1), output=Decimal(1_000)), source="settings", as_of="2026-11-20")


def bench(*batches: object) -> Bench:
    made = Bench(one=FakeModel(lambda: batches))
    made.engine._prices = {("one", "m"): PRICE}
    return made


async def test_a_client_that_leaves_is_charged_for_what_was_seen_and_told_apart_from_what_was_reported() -> None:
    made = bench([Start("id", "m-1")], *([TextDelta("word")] for _ in range(9)), [Finish("stop")])
    stream = await made.ask(stream=True)
    async for _ in stream:
        break
    await stream.aclose()
    [call] = made.metrics.calls
    [attempt] = call.attempts
    assert (call.error, call.usage) == ("cancelled", None)
    assert attempt.usage is not None
    assert (attempt.usage.estimated, attempt.usage.input_tokens) == (True, 7)  # "hi", and what stands around it
    assert attempt.cost is not None
    assert (attempt.cost.basis, call.cost) == ("estimated", attempt.cost)
    assert attempt.cost.usd == Decimal("0.001007")  # and one of output: the first piece


async def test_what_the_provider_told_before_the_cut_counts_and_what_was_seen_beyond_it() -> None:
    told = Usage(input_tokens=500, output_tokens=1, cache_read_tokens=400)
    made = bench(
        [Start("id", "m-1")], [UsageReport(told)], [TextDelta("x" * 400)], UpstreamError("cut", kind="transient")
    )
    with pytest.raises(UpstreamError):
        await read(await made.ask(stream=True))
    [call] = made.metrics.calls
    usage = call.attempts[0].usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (500, 100, 400)
    assert usage.estimated
    assert call.usage == told


async def test_events_that_go_through_unread_count_one_token_at_least_and_their_length_beyond_the_envelope() -> None:
    envelope = b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n'
    pieces = [[Relayed(envelope % (b"word" * size), content=True)] for size in (1, 1, 1, 101)]
    made = bench(*pieces, UpstreamError("cut", kind="transient"))
    stream = await made.ask(stream=True)
    with pytest.raises(UpstreamError):
        async for _ in stream:
            pass
    usage = made.metrics.calls[0].attempts[0].usage
    assert usage is not None
    assert usage.output_tokens == 100


async def test_a_whole_stream_whose_provider_counts_nothing_is_estimated_and_still_not_reported() -> None:
    made = bench(*streamed("hello", "there", usage=False))
    await read(await made.ask(stream=True))
    [call] = made.metrics.calls
    assert call.usage is None
    assert call.attempts[0].usage == Usage(input_tokens=7, output_tokens=3, estimated=True)


async def test_a_refused_attempt_costs_nothing_and_one_that_fell_silent_nobody_knows_what() -> None:
    refused = UpstreamError("no", kind="rate_limit", upstream_status=429)
    silent = UpstreamError("nothing", kind="timeout")
    made = Bench(one=FakeModel(refused), two=FakeModel(silent), three=FakeModel(ANSWER))
    made.engine._prices = {(name, "m"): PRICE for name in ("one", "two", "three")}
    answer = await made.ask()
    [call] = made.metrics.calls
    costs = {attempt.provider_id: attempt.cost for attempt in call.attempts}
    assert costs["one"] is None
    assert costs["two"] is not None
    assert (costs["two"].usd, costs["two"].basis) == (None, "unknown")
    assert costs["three"] is not None
    assert costs["three"].usd == Decimal("0.002003")  # 3 tokens in, 2 out
    assert call.cost == answer.cost
    assert call.cost is not None
    assert call.cost.basis == "unknown"


async def test_a_stream_is_left_alone_that_was_reported_whole() -> None:
    made = bench(*streamed("hello"))
    stream = await made.ask(stream=True)
    assert isinstance(made.models["one"].streams[0], FakeStream)
    await read(stream)
    [call] = made.metrics.calls
    assert call.cost is not None
    assert (call.cost.usd, call.cost.basis) == (Decimal("0.002003"), "priced")
