"""Sixteen faults of a primary with a fallback behind it, from client bytes to client bytes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gateway import Served, serving, settings
from upstream import CLOSE, DONE, HANG, RESET, SSE_HEAD, Upstream, answer, event, http, stream, upstream

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
STREAM = ASK | {"stream": True}
HELLO = stream("Hello ", "from the ", "fallback")


def refused(status: int, message: str = "no", extra: str = "", **fields: Any) -> list[Any]:
    return [http(json.dumps({"error": {"message": message, **fields}}).encode(), status, extra=extra)]


@asynccontextmanager
async def failover(
    stream_policy: str = "error", *, prefill: bool = False, **more: Any
) -> AsyncIterator[tuple[Served, Upstream, Upstream]]:
    """A gateway with a route `fast` over a primary (`up`) and a fallback (`spare`)."""
    async with upstream() as primary, upstream() as fallback:
        config = settings(primary.url, timeouts={"first_token": 0.3, "attempt": 0.3, "idle": 0.3}, **more)
        spare = {"base_url": fallback.url, "models": [{"id": "m2", "prefill": prefill}]}
        config["providers"]["spare"] = config["providers"]["up"] | spare
        config["routes"]["fast"] |= {"targets": ["up/m", "spare/m2"], "stream": {"policy": stream_policy}}
        fallback.say(lambda seen: HELLO if seen.json.get("stream") else [answer("from the fallback")])
        async with serving(config) as gw:
            yield gw, primary, fallback


def words(told: Any) -> str:
    chunks = [json.loads(data) for data in told.events if data != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", []))


SLOW = [SSE_HEAD, 1.0, *stream("too late")[1:]]
BEFORE_THE_FIRST_WORD = {
    "429 with retry-after": (refused(429, extra="retry-after: 30\r\n"), 1),
    "429 without retry-after": (refused(429), 1),
    "503": (refused(503), 3),
    "reset": ([RESET], 3),
    "no response": ([HANG], 1),
    "slow first token": (SLOW, 1),
}


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize("fault", BEFORE_THE_FIRST_WORD)
async def test_before_the_first_word_the_fallback_answers_and_the_client_sees_no_fault(fault: str, streaming: bool):
    script, tries = BEFORE_THE_FIRST_WORD[fault]
    async with failover() as (gw, primary, fallback):
        primary.say(script)
        told = await gw.ask(STREAM if streaming else ASK)
        assert (told.status, told.headers["x-lockgate-target"]) == (200, "spare/m2")
        if streaming:
            assert (words(told), told.events[-1]) == ("Hello from the fallback", "[DONE]")
        assert (len(primary.seen), len(fallback.seen)) == (tries, 1)


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
async def test_one_500_is_tried_again_where_it_came_from(streaming: bool):
    async with failover() as (gw, primary, fallback):
        primary.say(refused(500), stream("fine") if streaming else [answer("fine")])
        told = await gw.ask(STREAM if streaming else ASK)
        assert (told.status, told.headers["x-lockgate-target"]) == (200, "up/m")
        assert (len(primary.seen), len(fallback.seen)) == (2, 0)


BROKEN_OFF = {"cut": CLOSE, "reset": RESET, "stall": HANG}
BEGUN = [SSE_HEAD, event({"role": "assistant", "content": "Hello "}), event({"content": "from "})]


@pytest.mark.parametrize("end", BROKEN_OFF)
async def test_a_stream_that_breaks_off_is_told_as_an_error_and_nothing_is_mixed_in(end: str):
    async with failover() as (gw, primary, fallback):
        primary.say([*BEGUN, 0.05, BROKEN_OFF[end]])
        told = await gw.ask(STREAM)
        assert words(told) == "Hello from "
        assert "error" in json.loads(told.events[-1])
        assert fallback.seen == []


@pytest.mark.parametrize("end", BROKEN_OFF)
async def test_a_stream_that_breaks_off_is_gone_on_with_by_the_fallback(end: str):
    async with failover("continue", prefill=True) as (gw, primary, fallback):
        primary.say([*BEGUN, 0.05, BROKEN_OFF[end]])
        fallback.say(stream("the ", "fallback"))
        told = await gw.ask(STREAM)
        assert (words(told), told.events[-1]) == ("Hello from the fallback", "[DONE]")
        assert fallback.seen[0].json["messages"][-1] == {"role": "assistant", "content": "Hello from"}
        assert len({json.loads(data)["id"] for data in told.events[:-1]}) == 1


@pytest.mark.parametrize("end", BROKEN_OFF)
async def test_a_stream_that_breaks_off_begins_anew_unseen_where_the_whole_is_held_back(end: str):
    async with failover("restart") as (gw, primary, _):
        primary.say([*BEGUN, 0.05, BROKEN_OFF[end]])
        told = await gw.ask(STREAM)
        assert (words(told), told.events[-1]) == ("Hello from the fallback", "[DONE]")


async def test_a_malformed_chunk_is_skipped_where_the_stream_goes_on():
    async with failover() as (gw, primary, fallback):
        primary.say([*BEGUN, b'data: {"id": "x", "choi\n\n', event({"content": "up"}), event({}, "stop"), DONE, CLOSE])
        told = await gw.ask(STREAM)
        assert (words(told), told.events[-1]) == ("Hello from up", "[DONE]")
        assert fallback.seen == []


async def test_a_stream_with_a_finish_and_without_done_is_complete():
    async with failover() as (gw, primary, fallback):
        primary.say(stream("Hello", done=False))
        told = await gw.ask(STREAM)
        assert (words(told), told.events[-1], fallback.seen) == ("Hello", "[DONE]", [])


@pytest.mark.parametrize("named", [True, False], ids=["a larger model is named", "nobody is named"])
async def test_a_request_that_is_too_long_goes_to_the_model_that_is_named_for_it(named: bool):
    routes = {"fast": {"targets": ["up/m", "spare/m2"]}}
    if named:
        routes["fast"]["fallbacks"] = {"context_length": ["spare/large"]}
    async with failover(routes=routes) as (gw, primary, fallback):
        primary.say(refused(400, "too long", code="context_length_exceeded", type="invalid_request_error"))
        told = await gw.ask(ASK)
        assert told.status == (200 if named else 400)
        if named:
            assert (told.headers["x-lockgate-target"], fallback.seen[0].json["model"]) == ("spare/large", "large")
        else:
            assert (told.json["error"]["code"], fallback.seen) == ("context_length_exceeded", [])


async def test_content_that_was_refused_is_asked_of_nobody_else():
    async with failover() as (gw, primary, fallback):
        primary.say(refused(400, "filtered", code="content_filter"))
        told = await gw.ask(ASK)
        assert (told.status, told.json["error"]["code"], fallback.seen) == (400, "content_filter", [])


async def test_a_fallback_that_refuses_a_prefill_begins_anew_and_says_nothing_twice():
    async with failover("continue", prefill=True) as (gw, primary, fallback):
        primary.say([*BEGUN, 0.05, RESET])
        fallback.say(refused(400, "no prefill here", type="invalid_request_error"), HELLO)
        told = await gw.ask(STREAM)
        assert (words(told), told.events[-1]) == ("Hello from the fallback", "[DONE]")
        assert [len(seen.json["messages"]) for seen in fallback.seen] == [2, 1]


async def test_a_flapping_primary_fails_no_call_and_is_soon_left_alone():
    async with failover(breaker={"failures": 3, "open_for": 5}) as (gw, primary, _):
        primary.say(*[[answer()], *[refused(503)] * 2] * 20)
        for _ in range(30):
            told = await gw.ask(ASK)
            assert told.status == 200
        asked = len(primary.seen)
        primary.say(refused(503))
        for _ in range(10):
            assert (await gw.ask(ASK)).headers["x-lockgate-target"] == "spare/m2"
        assert len(primary.seen) - asked <= 5


async def test_each_attempt_is_accounted_for_with_what_it_used():
    calls: list[Any] = []

    class Counted:
        def record(self, call: Any) -> None:
            calls.append(call)

        def exposition(self) -> bytes:
            return b""

        async def aclose(self) -> None: ...

    async with upstream() as primary, upstream() as fallback:
        config = settings(primary.url)
        config["providers"]["spare"] = config["providers"]["up"] | {"base_url": fallback.url}
        config["routes"]["fast"]["targets"].append("spare/m2")
        async with serving(config, metrics=Counted()) as gw:
            primary.say(refused(503))
            fallback.say([answer("fine")])
            told = await gw.ask(ASK)
    assert told.headers["x-lockgate-attempts"] == "4"
    (call,) = calls
    assert [(each.provider_id, each.error, each.usage is not None) for each in call.attempts] == [
        *[("up", "upstream_overloaded", False)] * 3,
        ("spare", None, True),
    ]
    assert (call.provider_id, call.usage.input_tokens, call.usage.output_tokens) == ("spare", 3, 2)
