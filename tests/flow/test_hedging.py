"""Two targets asked at the same time, or one after the other within a stream: told apart in spans, records and headers,
and all that they used counts."""

import json
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from gateway import Served, serving, settings
from test_traces import spans_of
from upstream import CLOSE, DONE, HANG, SSE_HEAD, Upstream, answer, event, http, stream, upstream

from lockgate_ports.ledger_rows import decode
from lockgate_ports.records import AttemptRecord

ASK: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
ENOUGH = 20
"""Answers of a target after which it is known what is slow."""
USED = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
PRICED = {"price": {"rates": {"input": "1000000", "output": "1000000"}, "source": "s", "as_of": "2026-01-01"}}
RULES = [
    {"scope": "all", "tpm": 100_000, "rpm": 1000, "budget_per_day": 100_000, "parallel": 5},
    {"scope": "provider:up", "tpm": 100_000, "rpm": 1000},
    {"scope": "provider:spare", "tpm": 100_000, "rpm": 1000},
]


@asynccontextmanager
async def two(
    path: Path, rules: list[dict[str, Any]] = RULES, **route: Any
) -> AsyncGenerator[tuple[Served, Upstream, Upstream, Upstream]]:
    """A gateway with a route over `up` and `spare`, a ledger, a collector of spans, and limits on all."""
    async with upstream() as up, upstream() as spare, upstream() as collector:
        collector.say([http(b"", content_type="application/x-protobuf")])
        config = settings(up.url, limits={"rules": rules})
        config["traces"] = {"kind": "otlp", "endpoint": f"http://127.0.0.1:{collector.port}", "sample": 1.0}
        config["ledger"] = {"kind": "sqlite", "path": str(path), "durability": "before_answer"}
        told = {"models": [{"id": "m", **PRICED}], "send_traceparent": True}
        config["providers"]["up"] |= told
        config["providers"]["spare"] = config["providers"]["up"] | {"base_url": spare.url}
        config["routes"]["fast"] = {"targets": ["up/m", "spare/m"], **route}
        async with serving(config) as gw:
            yield gw, up, spare, collector


def kept_in(path: Path) -> list[tuple[AttemptRecord, ...]]:
    with sqlite3.connect(path) as store:
        entries = [decode(body) for (body,) in store.execute("SELECT body FROM rows ORDER BY number")]
    return [entry.call.attempts for entry in entries if entry.call is not None]


def counters(gw: Served) -> dict[tuple[str, str], int]:
    """What is counted by now, by scope and unit."""
    store = gw.gateway._succession.current.engine._limiter._store  # type: ignore[union-attr]
    return {(of[0], of[1]): counter.used for of, counter in store._counters.items()}


async def spent(gw: Served, ask: Callable[[], Any]) -> dict[tuple[str, str], int]:
    """What the call adds to each counter."""
    before = counters(gw)
    await ask()
    return {of: used - before.get(of, 0) for of, used in counters(gw).items()}


def said(words: str, streaming: bool) -> list[Any]:
    return stream(words, usage=USED) if streaming else [answer(words, usage=USED)]


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "stream"])
async def test_hedged_attempts_have_numbers_of_their_own_and_the_loser_counts(streaming: bool, tmp_path: Path):
    async with two(tmp_path / "ledger.db", hedge={"budget": 1.0}) as (gw, up, spare, collector):
        asked = ASK | {"stream": streaming}
        up.say(*[said("usual", streaming)] * ENOUGH, [HANG])
        for _ in range(ENOUGH):
            assert (await gw.ask(asked)).headers["x-lockgate-attempts"] == "1"
        collector.seen.clear()
        spare.say(said("quick", streaming))

        async def ask() -> None:
            told = await gw.ask(asked)
            assert b"quick" in told.body
            assert (told.headers["x-lockgate-target"], told.headers["x-lockgate-attempts"]) == ("spare/m", "2")

        took = await spent(gw, ask)
    lost, answered = kept_in(tmp_path / "ledger.db")[-1]
    assert [(each.number, each.provider_id, each.error) for each in (lost, answered)] == [
        (1, "up", "hedge_lost"),
        (2, "spare", None),
    ]
    sent = [seen.headers["traceparent"] for seen in (up.seen[-1], spare.seen[-1])]
    call, one, other = [each for each in spans_of(collector) if each.trace_id.hex() == sent[0][3:35]]
    assert len({call.span_id, one.span_id, other.span_id}) == 3
    assert [f"-{each.span_id.hex()}-" in told for each, told in zip((one, other), sent, strict=True)] == [True, True]
    # One call of the caller's; each provider was asked once; of the loser nobody knows more than the estimate.
    estimate = took["provider:up", "tokens"]
    assert estimate > 10
    assert took == {
        ("all", "requests"): 1,
        ("all", "in_flight"): 0,
        ("all", "tokens"): estimate + 5,
        ("all", "micro_usd"): (estimate + 5) * 1_000_000,
        ("provider:up", "requests"): 1,
        ("provider:up", "tokens"): estimate,
        ("provider:spare", "requests"): 1,
        ("provider:spare", "tokens"): 5,
    }


@pytest.mark.parametrize("fault", [CLOSE, HANG], ids=["cut", "stall"])
async def test_a_stream_that_goes_on_elsewhere_counts_at_both_and_for_its_caller(fault: object, tmp_path: Path):
    async with two(tmp_path / "ledger.db", stream={"policy": "continue"}, timeouts={"idle": 0.3, "first_token": 5}) as (
        gw,
        up,
        spare,
        _,
    ):
        begun = [SSE_HEAD, event({"role": "assistant", "content": "Hello "}), event({"content": "from "}), 0.05]
        up.say([*begun, fault])
        spare.say(stream("Hello ", "from ", "both", usage=USED))

        async def ask() -> None:
            told = await gw.ask(ASK | {"stream": True})
            pieces = [json.loads(data)["choices"] for data in told.events if data != "[DONE]"]
            words = "".join(choice["delta"].get("content") or "" for choices in pieces for choice in choices)
            assert (words, told.headers["x-lockgate-attempts"]) == ("Hello from both", "1")

        took = await spent(gw, ask)
    broken, answered = kept_in(tmp_path / "ledger.db")[-1]
    assert [(each.number, each.provider_id) for each in (broken, answered)] == [(1, "up"), (2, "spare")]
    assert (broken.error is None, answered.error) == (False, None)
    assert broken.usage is not None
    seen = (broken.usage.input_tokens or 0) + (broken.usage.output_tokens or 0)
    assert broken.usage.estimated
    assert seen > 0
    assert took == {
        ("all", "requests"): 1,
        ("all", "in_flight"): 0,
        ("all", "tokens"): seen + 5,
        ("all", "micro_usd"): (seen + 5) * 1_000_000,
        ("provider:up", "requests"): 1,
        ("provider:up", "tokens"): seen,
        ("provider:spare", "requests"): 1,
        ("provider:spare", "tokens"): 5,
    }


async def test_each_try_at_a_provider_is_one_of_its_requests_and_one_that_was_not_asked_counts_nothing(tmp_path: Path):
    async with two(tmp_path / "ledger.db") as (gw, up, spare, _):
        up.say([http(b'{"error": {"message": "no"}}', 500)])
        spare.say(said("fine", streaming=False))
        took = await spent(gw, lambda: gw.ask(ASK))
        assert took["all", "requests"] == 1
        assert (took["provider:up", "requests"], took["provider:spare", "requests"]) == (3, 1)
        assert (took["provider:up", "tokens"], took["all", "tokens"]) == (0, 5)


@pytest.mark.parametrize("full", ["up", "spare"])
async def test_a_limit_that_is_reached_keeps_a_target_out_of_the_race(full: str, tmp_path: Path):
    async with two(tmp_path / "ledger.db", hedge={"budget": 1.0}) as (gw, up, spare, _):
        up.say(*[said("usual", streaming=False)] * ENOUGH, [0.3, *said("late", streaming=False)])
        spare.say(said("quick", streaming=False))
        for _ in range(ENOUGH):
            await gw.ask(ASK)
        store = gw.gateway._succession.current.engine._limiter._store  # type: ignore[union-attr]
        await gw.ask(ASK | {"model": "spare/m"})
        next(each for of, each in store._counters.items() if of[:2] == (f"provider:{full}", "requests")).used = 1000
        told = await gw.ask(ASK)
        assert told.status == 200
        assert told.headers["x-lockgate-target"] == ("spare/m" if full == "up" else "up/m")
        assert told.headers["x-lockgate-attempts"] == "1"


@pytest.mark.parametrize("left", ["failed", "lost the race"])
async def test_a_target_that_was_asked_in_vain_holds_no_place_while_the_call_streams_elsewhere(
    left: str, tmp_path: Path
):
    rules = [{"scope": "provider:up", "parallel": 1, "rpm": 1000}]
    more = {"hedge": {"budget": 1.0}} if left == "lost the race" else {}
    async with two(tmp_path / "ledger.db", rules, **more) as (gw, up, spare, _):
        asked = ASK | {"stream": True}
        if more:
            up.say(*[said("usual", streaming=True)] * ENOUGH, [HANG], said("free", streaming=True))
            for _ in range(ENOUGH):
                await gw.ask(asked)
        else:
            up.say([http(b"{}", 404)], said("free", streaming=True))
        begun = [SSE_HEAD, event({"role": "assistant", "content": "long "})]
        spare.say([*begun, 1.0, event({"content": "way"}), event({}, "stop"), DONE, CLOSE])
        async with gw.client.post(f"{gw.url}/v1/chat/completions", json=asked) as running:
            assert running.headers["x-lockgate-target"] == "spare/m"
            assert b"long" in await running.content.readuntil(b"\n\n")
            assert counters(gw)["provider:up", "in_flight"] == 0
            assert (await gw.ask(ASK | {"stream": True, "model": "up/m"})).status == 200
            assert b"way" in await running.read()
        assert counters(gw)["provider:up", "in_flight"] == 0
        assert counters(gw)["provider:up", "requests"] == len(up.seen)
